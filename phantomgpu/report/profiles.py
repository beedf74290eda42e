"""The catalogue as plain values: GPUs and runtimes, and help for who writes a profile."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from phantomgpu.hardware import Catalog, load_catalog
from phantomgpu.hardware.changes import variant_of, variant_of_text
from phantomgpu.hardware.completion import completions
from phantomgpu.report.problems import checked_profile_json
from phantomgpu.report.profile import gpu_json, runtime_json

Json = dict[str, Any]


class Profiles:
    """The profiles of GPUs and runtimes.

    Args:
        files: TOML text of the built-in ones by path: ``gpus/…``, ``architectures/…``,
            ``runtimes/…``.
        custom: TOML text of the user's own by path; they win.
        looked_in: Folders that they come from, for messages.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        *,
        custom: Mapping[str, str] | None = None,
        looked_in: tuple[str, ...] = (),
    ) -> None:
        own = dict(custom or {})
        self._catalog = load_catalog({**files, **own}, looked_in=looked_in)
        self._texts = _gpu_texts(files)
        self._own_texts = _gpu_texts(own)

    @property
    def catalog(self) -> Catalog:
        """The profiles, for ``validation``, whose rows are no request."""
        return self._catalog

    def gpus(self) -> list[Json]:
        """Every GPU of the catalogue, as ``gpu`` has it, sources left out."""
        entries = [gpu_json(self._catalog.gpu(name)) for name in self._catalog.gpu_ids]
        return [
            {key: value for key, value in entry.items() if key not in ("sources", "calibration")}
            for entry in entries
        ]

    def gpu(self, name: str, *, text: str | None = None) -> Json:
        """One GPU in full, with the text of its profile.

        Args:
            name: Its id.
            text: A profile to use instead of the catalogue's.

        Raises:
            UnknownNameError: There is none.
            ProfileError: The profile cannot be used.
        """
        catalog = self._catalog
        if text is not None:
            catalog = catalog.with_profile(name, text, f"{name}.toml")
        known = self._own_texts.get(name, self._texts.get(name, ""))
        return {**gpu_json(catalog.gpu(name)), "text": known if text is None else text}

    def runtimes(self) -> list[Json]:
        """Every runtime of the catalogue."""
        return [runtime_json(self._catalog.runtime(name)) for name in self._catalog.runtime_ids]

    def check_profile(self, name: str, text: str) -> Json:
        """What is wrong with the text of a GPU profile.

        Returns:
            ``problems``: severity ("error" or "warning"), code, what, where, fix, line, column
            (from 1; null where it concerns the whole). ``gpu``: as ``gpu`` gives it, null where
            there is an error. ``changes``: as ``hardware.changes`` lists them.
        """
        return checked_profile_json(self._catalog, name, text)

    def complete_profile(self, name: str, text: str, line: int, column: int) -> Json:
        """What may be written at a place of a GPU profile.

        Args:
            name: Its id.
            text: TOML, finished or not.
            line: Of the place, from 1.
            column: Of the place, from 1.

        Returns:
            ``column`` from which on it is put, and ``options``: text, apply (what is put
            there), detail (unit and range), info (meaning), is_required.
        """
        known = name in self._catalog.gpu_ids
        base = self._catalog.entry("gpus", name).document if known else {}
        found = completions(text, line, column, base=base, choices=self._catalog.choices())
        return asdict(found)

    def new_variant(self, name: str, *, taken: Sequence[str] = (), text: str = "") -> Json:
        """The ``id`` and ``text`` of a profile that stands on a GPU.

        Args:
            name: The GPU's id.
            taken: Ids that are no longer free.
            text: Of a profile of one's own, where the catalogue has no such GPU: its copy.

        Raises:
            UnknownNameError: There is no such GPU.
        """
        if text and name not in self._catalog.gpu_ids:
            variant, made = variant_of_text(self._catalog, text, taken=[*taken, name])
        else:
            variant, made = variant_of(self._catalog, name, taken=taken)
        return {"id": variant, "text": made}


def _gpu_texts(files: Mapping[str, str]) -> dict[str, str]:
    """TOML text of the GPU profiles by id; of two with one id, the later."""
    return {
        path.rpartition("/")[2].removesuffix(".toml"): text
        for path, text in files.items()
        if path.rpartition("/")[0].endswith("gpus")
    }
