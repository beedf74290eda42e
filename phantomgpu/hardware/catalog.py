"""Profile texts by path to GPUs and runtimes by id, checked when they are first asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from phantomgpu.hardware.check import place
from phantomgpu.hardware.gpu import Architecture, Basis, Calibration, GpuProfile, Sm, Spec
from phantomgpu.hardware.layers import (
    WORDS,
    File,
    Layers,
    Read,
    Step,
    ids,
    read,
    sorted_in,
    unknown,
)
from phantomgpu.hardware.measured import factors_of, measured_of, measuring
from phantomgpu.hardware.physics import sparse_looking
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.hardware.toml import architecture_of, calibration_of, runtime_of, spec_of

_DEFAULT: Final = "default"
"""The architecture whose calibration lies under that of every other."""


def load_catalog(files: Mapping[str, str], *, looked_in: Sequence[str] = ()) -> "Catalog":
    """A catalogue of profile texts.

    Args:
        files: TOML text by path; the last two parts of a path are folder and id:
            ``"gpus/t4.toml"``, ``"/home/me/profiles/gpus/t4.toml"``. A later
            file of the same folder and id replaces an earlier one, or stands on
            it where its ``extends`` names its own id.
        looked_in: Where profiles were looked for, for messages.

    Returns:
        A catalogue that reads each profile when it is first asked for.

    Raises:
        ProfileError: A path is no place for a profile.
    """
    return Catalog(sorted_in(files), tuple(looked_in))


class Catalog:
    """GPUs and runtimes by id. Made by `load_catalog`; never changes."""

    def __init__(self, layers: Layers, looked_in: tuple[str, ...] = ()) -> None:
        self._layers = {key: tuple(files) for key, files in layers.items()}
        self._reads: dict[tuple[str, str], Read] = {}
        self._gpus: dict[str, GpuProfile] = {}
        self._factors: dict[tuple[str, str], float] | None = None
        self.looked_in = looked_in

    @property
    def gpu_ids(self) -> tuple[str, ...]:
        """Every GPU, in alphabetical order."""
        return ids(self._layers, "gpus")

    @property
    def runtime_ids(self) -> tuple[str, ...]:
        """Every runtime, in alphabetical order."""
        return ids(self._layers, "runtimes")

    def gpu(self, name: str) -> GpuProfile:
        """The GPU of that id.

        Raises:
            UnknownNameError: There is none, or it names an architecture there is none of.
            ProfileError: Its profile, or one it stands on, is wrong.
        """
        if name not in self._gpus:
            self._gpus[name] = self._gpu_of(name, self.entry("gpus", name))
        return self._gpus[name]

    def runtime(self, name: str) -> Runtime:
        """The runtime of that id.

        Raises:
            UnknownNameError: There is none.
            ProfileError: Its profile is wrong.
        """
        kernels = self.entry("runtimes", name).document.get("kernels", {})
        on, lenders = kernels.get("borrows_on", ()), kernels.get("borrows_from", ())
        return self._runtime_of(
            name, {at: self._runtime_of(lender, {}) for at, lender in zip(on, lenders, strict=True)}
        )

    def _runtime_of(self, name: str, attention_on: Mapping[str, Runtime]) -> Runtime:
        found = self.entry("runtimes", name)
        return runtime_of(
            found.document,
            found.sources,
            name=name,
            origin=found.file.origin,
            attention_on=attention_on,
        )

    def architecture(self, name: str) -> Architecture:
        """The architecture of that id.

        Raises:
            UnknownNameError: There is none.
            ProfileError: Its file is wrong.
        """
        found = self.entry("architectures", name)
        return architecture_of(found.document, name=name)

    def entry(self, kind: str, name: str) -> Read:
        """A profile as it is written, in the units of data sheets, with the source of each value.

        Args:
            kind: ``"gpus"``, ``"architectures"`` or ``"runtimes"``.
            name: Its id.

        Raises:
            UnknownNameError: There is none.
            ProfileError: It is wrong.
        """
        key = (kind, name)
        if key not in self._layers:
            raise unknown(
                f'there is no {WORDS[kind]} "{name}"', name, ids(self._layers, kind),
                where=f"looked in {', '.join(self.looked_in) or 'the catalogue'}",
                add=f"{kind}/{name}.toml",
            )  # fmt: skip
        if key not in self._reads:
            self._reads[key] = read(self._layers, kind, name)
        return self._reads[key]

    def model_factor(self, graph: str, runtime: str) -> float:
        """What predicted times of a model are multiplied by, since boards measured it.

        Args:
            graph: SHA-256 of the model's file.
            runtime: Id of a runtime.

        Returns:
            The geometric mean over the boards; 1 where none did.
        """
        if self._factors is None:
            self._factors = factors_of(self.gpu(name) for name in measuring(self._layers))
        return self._factors.get((graph, runtime), 1.0)

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Ids that keys of a GPU profile may name, by dotted key."""
        architectures = ids(self._layers, "architectures")
        return {
            "extends": self.gpu_ids,
            "spec.architecture": tuple(name for name in architectures if name != _DEFAULT),
        }

    def with_profile(self, name: str, text: str, origin: str) -> "Catalog":
        """This catalogue with one more GPU profile, on top of one of the same id.

        Args:
            name: Its id.
            text: TOML.
            origin: Where people know the text from: a path, ``"the editor"``.
        """
        key = ("gpus", name)
        files = (*self._layers.get(key, ()), File(origin, text))
        catalog = Catalog({**self._layers, key: files}, self.looked_in)
        # What stands on no other GPU is as it was: editing a profile reads that profile alone.
        catalog._reads = {
            each: found
            for each, found in self._reads.items()
            if each != key and (each[0] != "gpus" or "extends" not in found.document)
        }
        kept = {each for kind, each in catalog._reads if kind == "gpus"}
        catalog._gpus = {each: gpu for each, gpu in self._gpus.items() if each in kept}
        return catalog

    def _gpu_of(self, name: str, found: Read) -> GpuProfile:
        document, file = found.document, found.file
        spec = spec_of(document)
        if ("architectures", spec.architecture) not in self._layers:
            raise unknown(
                f'there is no architecture "{spec.architecture}"',
                spec.architecture, ids(self._layers, "architectures"),
                where=place(file.text, file.origin, ("spec", "architecture")),
                add=f"architectures/{spec.architecture}.toml",
            )  # fmt: skip
        kind = document["spec"].get("sm")
        below = self._defaults(spec.architecture, kind)
        calibration, fitted = _calibrated([*below, *found.steps])
        sms = _sms(self.architecture(spec.architecture), kind, file)
        return GpuProfile(
            id=name,
            name=document["name"],
            spec=spec,
            calibration=calibration,
            sources={**found.sources, **fitted},
            warnings=tuple(_warnings(spec, sms, document["spec"]["peak_tflops"], file)),
            origin=file.origin,
            status=document.get("status", ""),
            board=document.get("board", {}),
            measured=measured_of(document),
        )

    def _defaults(self, architecture: str, kind: str | None) -> Iterator[Step]:
        """What lies under a GPU's own calibration: any GPU's, its architecture's, its SMs'."""
        layers: dict[str, Basis] = {_DEFAULT: "spec"}
        layers.setdefault(architecture, "architecture")
        for name, basis in layers.items():
            if ("architectures", name) in self._layers:
                found = self.entry("architectures", name)
                yield Step(basis, found.file.origin, found.document)
                of_kind = found.document.get("sm_calibration", {}).get(kind)
                if of_kind:
                    yield Step(basis, found.file.origin, {"calibration": of_kind})


def _calibrated(steps: Sequence[Step]) -> tuple[Calibration, dict[str, str]]:
    """Calibrations laid over one another, field by field, and where each value comes from.

    The basis and the data are those of the last layer that says what it was fitted on: a value
    without data, such as the energy of a process, makes no board a measured one.
    """
    values: dict[str, float] = {}
    sources: dict[str, str] = {}
    basis: Basis = "spec"
    fitted_on = ""
    for step in steps:
        layer = calibration_of(step.document)
        measured = step.document.get("calibration", {}).get("fitted_on", "")
        if measured:
            basis, fitted_on = step.basis, measured
        for name, value in layer.items():
            values[name] = value
            sources[f"calibration.{name}"] = ": ".join(filter(None, (step.origin, measured)))
    return Calibration(values=values, basis=basis, fitted_on=fitted_on), sources


def _sms(architecture: Architecture, kind: str | None, file: File) -> list[Sm]:
    """The kinds of SM a board may have: the one it names, else all of its architecture's."""
    if kind is None:
        return list(architecture.sms.values())
    if kind in architecture.sms:
        return [architecture.sms[kind]]
    raise unknown(
        f'the architecture "{architecture.id}" has no SM "{kind}"', kind, architecture.sms,
        where=place(file.text, file.origin, ("spec", "sm")),
        add=f"[sm.{kind}] to architectures/{architecture.id}.toml",
    )  # fmt: skip


def _warnings(
    spec: Spec, sms: Sequence[Sm], written: Mapping[str, float], file: File
) -> Iterator[str]:
    for name, ratio in sparse_looking(spec, sms):
        where = place(file.text, file.origin, ("spec", "peak_tflops", name))
        yield (
            f"{where}: {written[name]} is {ratio:.2g} times what the SMs can do and looks like "
            "the figure with sparsity; write the dense one, half of it"
        )
