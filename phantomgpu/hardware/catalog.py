"""Profile texts by path to GPUs and runtimes by id, checked when they are first asked for."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from phantomgpu.errors import ProfileError, UnknownNameError, nearest
from phantomgpu.hardware.check import Document, place, read_document, require
from phantomgpu.hardware.gpu import Architecture, Basis, Calibration, GpuProfile
from phantomgpu.hardware.physics import sparse_looking
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.hardware.schema import SCHEMAS
from phantomgpu.hardware.toml import (
    architecture_of,
    calibration_of,
    overlaid,
    runtime_of,
    sources_of,
    spec_of,
)

_DEFAULT: Final = "default"
"""The architecture file whose calibration lies under every other."""

_WORDS: Final = {"gpus": "GPU", "architectures": "architecture", "runtimes": "runtime"}


def load_catalog(files: Mapping[str, str], *, looked_in: Sequence[str] = ()) -> "Catalog":
    """A catalogue of profile texts.

    Args:
        files: TOML text by path; the last two parts of a path are kind and id:
            ``"gpus/t4.toml"``, ``"/home/me/profiles/gpus/t4.toml"``. A later
            file of the same kind and id replaces an earlier one, or stands on
            it with ``extends`` naming its own id.
        looked_in: Where profiles were looked for, for messages.

    Returns:
        A catalogue that reads each profile when it is first asked for.

    Raises:
        ProfileError: A path is no place for a profile.
    """
    layers: dict[tuple[str, str], list[_File]] = {}
    for path, text in files.items():
        folder, _, file_name = path.replace("\\", "/").rpartition("/")
        kind = folder.rpartition("/")[2]
        if kind not in SCHEMAS or not file_name.endswith(".toml"):
            raise ProfileError(
                f"{path} is no place for a profile",
                where=path,
                fix="put it into gpus/, architectures/ or runtimes/, named <id>.toml",
            )
        layers.setdefault((kind, file_name.removesuffix(".toml")), []).append(_File(path, text))
    return Catalog(layers, tuple(looked_in))


class _File(NamedTuple):
    origin: str
    text: str


class _Read(NamedTuple):
    """A document with everything it extends, and the calibration layers on the way."""

    document: Document
    layers: tuple[tuple[Basis, Document], ...]


class Catalog:
    """GPUs and runtimes by id. Made by `load_catalog`."""

    def __init__(
        self, layers: Mapping[tuple[str, str], Sequence[_File]], looked_in: tuple[str, ...]
    ) -> None:
        self._layers = {key: tuple(files) for key, files in layers.items()}
        self._gpus: dict[str, GpuProfile] = {}
        self._runtimes: dict[str, Runtime] = {}
        self._architectures: dict[str, Architecture] = {}
        self.looked_in = looked_in

    @property
    def gpu_ids(self) -> tuple[str, ...]:
        """Every GPU, in alphabetical order."""
        return self._ids("gpus")

    @property
    def runtime_ids(self) -> tuple[str, ...]:
        """Every runtime, in alphabetical order."""
        return self._ids("runtimes")

    def gpu(self, name: str) -> GpuProfile:
        """The GPU of that id.

        Raises:
            UnknownNameError: There is none.
            ProfileError: Its profile, or one it stands on, is wrong.
        """
        if name not in self._gpus:
            self._gpus[name] = self._read_gpu(name)
        return self._gpus[name]

    def runtime(self, name: str) -> Runtime:
        """The runtime of that id.

        Raises:
            UnknownNameError: There is none.
            ProfileError: Its profile is wrong.
        """
        if name not in self._runtimes:
            origin = self._last("runtimes", name).origin
            document = self._read("runtimes", name).document
            require(document, kind="runtimes", origin=origin)
            self._runtimes[name] = runtime_of(document, name=name, origin=origin)
        return self._runtimes[name]

    def architecture(self, name: str) -> Architecture:
        """The architecture of that id.

        Raises:
            UnknownNameError: There is none.
            ProfileError: Its file is wrong.
        """
        if name not in self._architectures:
            origin = self._last("architectures", name).origin
            document = self._read("architectures", name).document
            require(document, kind="architectures", origin=origin)
            self._architectures[name] = architecture_of(document, name=name, origin=origin)
        return self._architectures[name]

    def with_profile(self, name: str, text: str, origin: str) -> "Catalog":
        """This catalogue and one more GPU profile, on top of one of the same id.

        Args:
            name: Its id.
            text: TOML.
            origin: Where people know the text from: a path, ``"the editor"``.
        """
        key = ("gpus", name)
        files = (*self._layers.get(key, ()), _File(origin, text))
        return Catalog({**self._layers, key: files}, self.looked_in)

    def _ids(self, kind: str) -> tuple[str, ...]:
        return tuple(sorted(name for key, name in self._layers if key == kind))

    def _last(self, kind: str, name: str) -> _File:
        files = self._layers.get((kind, name))
        if files:
            return files[-1]
        known = self._ids(kind)
        close = ", ".join(nearest(name, known))
        raise UnknownNameError(
            f'there is no {_WORDS[kind]} "{name}"',
            where=f"looked in {', '.join(self.looked_in)}" if self.looked_in else "the catalogue",
            fix=f"the nearest are {close}" if close else f"add {kind}/{name}.toml",
        )

    def _read(self, kind: str, name: str) -> _Read:
        self._last(kind, name)
        depth = len(self._layers[kind, name]) - 1
        return self._standing(kind, name, depth, ())

    def _standing(
        self, kind: str, name: str, depth: int, above: tuple[tuple[str, int], ...]
    ) -> _Read:
        """The document of one file on top of what it extends."""
        file = self._layers[kind, name][depth]
        document = read_document(file.text, kind=kind, origin=file.origin)
        own: tuple[tuple[Basis, Document], ...] = (("calibrated", document),)
        base = document.get("extends")
        if base is None:
            return _Read(document, own)
        step = (base, depth - 1 if base == name else len(self._layers.get((kind, base), ())) - 1)
        chain = (*above, (name, depth))
        where = place(file.text, file.origin, ("extends",))
        if step in chain or (base == name and depth == 0):
            names = " -> ".join([*(link for link, _ in chain), base])
            raise ProfileError(
                f"profiles extend each other in a circle: {names}",
                where=where,
                fix="let one of them stand on its own",
            )
        if (kind, base) not in self._layers:
            close = ", ".join(nearest(base, self._ids(kind)))
            raise UnknownNameError(
                f'"{name}" extends "{base}", which does not exist',
                where=where,
                fix=f"the nearest are {close}",
            )
        below = self._standing(kind, step[0], step[1], chain)
        # What another board measured is the best guess for a variant, and no more than a guess.
        inherited = (
            below.layers
            if base == name
            else tuple(("architecture", layer) for _, layer in below.layers)
        )
        return _Read(overlaid(below.document, document), (*inherited, *own))

    def _read_gpu(self, name: str) -> GpuProfile:
        file = self._last("gpus", name)
        document, layers = self._read("gpus", name)
        require(document, kind="gpus", origin=file.origin)
        spec = spec_of(document)
        architecture = self._architecture_of(spec.architecture, file)
        return GpuProfile(
            id=name,
            name=document["name"],
            spec=spec,
            calibration=self._calibration(architecture, layers),
            sources=sources_of(document),
            warnings=self._warnings(document, file, architecture),
            origin=file.origin,
            status=document.get("status", ""),
            board=document.get("board", {}),
        )

    def _architecture_of(self, name: str, file: _File) -> Architecture:
        if ("architectures", name) in self._layers:
            return self.architecture(name)
        close = ", ".join(nearest(name, self._ids("architectures")))
        raise UnknownNameError(
            f'there is no architecture "{name}"',
            where=place(file.text, file.origin, ("spec", "architecture")),
            fix=f"the nearest are {close}" if close else f"add architectures/{name}.toml",
        )

    def _calibration(
        self, architecture: Architecture, layers: Sequence[tuple[Basis, Document]]
    ) -> Calibration:
        values: dict[str, float] = {}
        basis: Basis = "spec"
        fitted_on = ""
        if ("architectures", _DEFAULT) in self._layers:
            values.update(self.architecture(_DEFAULT).values)
            fitted_on = self.architecture(_DEFAULT).fitted_on
        if architecture.values:
            values.update(architecture.values)
            basis, fitted_on = "architecture", architecture.fitted_on
        for layer_basis, document in layers:
            own = calibration_of(document)
            if own:
                values.update(own)
                basis, fitted_on = layer_basis, document["calibration"].get("fitted_on", "")
        return Calibration(values=values, basis=basis, fitted_on=fitted_on)

    def _warnings(
        self, document: Document, file: _File, architecture: Architecture
    ) -> tuple[str, ...]:
        kind = document["spec"].get("sm")
        sms = [sm for name, sm in architecture.sms.items() if kind in (None, name)]
        if not sms and kind is not None:
            raise UnknownNameError(
                f'{architecture.id} has no SM "{kind}"',
                where=place(file.text, file.origin, ("spec", "sm")),
                fix=f"the nearest are {', '.join(nearest(kind, architecture.sms))}",
            )
        return tuple(
            f"{place(file.text, file.origin, ('spec', 'peak_tflops', name))}: "
            f"{document['spec']['peak_tflops'][name]} is {ratio:.2g} times what the SMs can do; "
            "it looks like the figure with sparsity: write the dense one, half of it"
            for name, ratio in sparse_looking(spec_of(document), sms)
        )
