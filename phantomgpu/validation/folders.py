"""Which file of which folder is the graph of a measured model."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phantomgpu.onnx import Source

SUFFIXES: Final = (".onnx", ".onnx.gz")
"""What a model's file may end in."""

DESCRIBED: Final = ".json"
"""What a configuration ends in; its name is in lower case and without its owner:
``qwen3-32b.json`` for ``Qwen/Qwen3-32B``."""


_SAID_BESIDE: Final = frozenset(
    {
        "instruct",
        "chat",
        "it",
        "hf",
        "base",
        "fp8",
        "fp4",
        "nvfp4",
        "mxfp4",
        "awq",
        "gptq",
        "dynamic",
    }
)
"""What names add to say how weights were tuned or stored; the shapes are the same."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Rows that were measured on another export of the same model.

    Attributes:
        suffix: Of the file's name, after two underscores: ``"noreparam"``.
        conditions: Text that a column of the row must have, by column.
    """

    suffix: str
    conditions: Mapping[str, str]

    def holds(self, cells: Mapping[str, str]) -> bool:
        """Whether a row is one of those."""
        return all(cells.get(column, "") == text for column, text in self.conditions.items())


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder of ONNX files that measured rows name.

    Attributes:
        name: What people call it.
        files: Names of the files in it.
        open: Gives the ``Source`` of one of them.
        index: File by source and model, from ``index.csv``; the source is empty where any will do.
    """

    name: str
    files: frozenset[str]
    open: Callable[[str], Source]
    index: Mapping[tuple[str, str], str]

    def file(self, cells: Mapping[str, str], variants: Iterable[Variant] = ()) -> str | None:
        """The file of a row's model: a variant's, else what the index says, else its own name's."""
        model = cells.get("model", "")
        for variant in variants:
            if variant.holds(cells) and (found := self._named(f"{model}__{variant.suffix}")):
                return found
        for source in (cells.get("source", ""), ""):
            indexed = self.index.get((source, model))
            if indexed in self.files:
                return indexed
        return self._named(model)

    def _named(self, stem: str) -> str | None:
        names = (*(stem + end for end in SUFFIXES), *_described(stem))
        return next((name for name in names if name in self.files), None)


def _described(model: str) -> list[str]:
    """Names that the configuration of a model may have, the closest first.

    >>> _described("nvidia/Llama-3.1-70B-Instruct-FP8")[-1]
    'llama-3.1-70b.json'
    """
    *_, words = model.lower().removeprefix("meta-llama/meta-").split("/")
    names = [words + DESCRIBED]
    while (parts := words.rpartition("-"))[2] in _SAID_BESIDE and parts[0]:
        words = parts[0]
        names.append(words + DESCRIBED)
    return names


def read_index(text: str) -> dict[tuple[str, str], str]:
    """File by source and model; empty where the index has no such columns.

    Where several files are the same model, the first one is.
    """
    index: dict[tuple[str, str], str] = {}
    for cells in csv.DictReader(text.splitlines()):
        if cells.get("file") and cells.get("model"):
            index.setdefault((cells.get("source") or "", cells["model"]), cells["file"])
    return index


def read_variants(text: str) -> tuple[Variant, ...]:
    """Variants from a CSV: ``variant``, and columns of measured rows, empty where any will do."""
    return tuple(
        Variant(cells["variant"], {k: v for k, v in cells.items() if k != "variant" and v})
        for cells in csv.DictReader(text.splitlines())
    )


def find(
    folders: Sequence[ModelFolder], cells: Mapping[str, str], variants: Sequence[Variant]
) -> tuple[ModelFolder, str] | None:
    """The first folder that has a row's model, and the file."""
    for folder in folders:
        file = folder.file(cells, variants)
        if file is not None:
            return folder, file
    return None
