"""A place in the text of a GPU profile -> what may be written there: unit, range and meaning.

Works on the line alone and the table it stands in, so that it helps in a text
that is not TOML yet. All it knows comes from ``schema`` and from the catalogue.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from phantomgpu.hardware.check import INDEXES, Document, leaves
from phantomgpu.hardware.locate import Path
from phantomgpu.hardware.schema import Key

_INDEX: Final = INDEXES["gpus"]
_HEADER: Final = re.compile(r"\s*\[([^\[\]#]+)\]")
_TYPED_HEADER: Final = re.compile(r"\s*\[([\w.-]*)$")
_TYPED_KEY: Final = re.compile(r"\s*([\w.\"-]*)$")
_TYPED_VALUE: Final = re.compile(r"\s*([\w.-]+)\s*=\s*([\w.\"-]*)$")
_WRITTEN: Final = re.compile(r"\s*([\w-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may stand there.

    Attributes:
        text: What it is called.
        apply: What is put in its place, from the column of its ``Completions`` on.
        detail: Unit and range, in a few words.
        info: What it means.
        is_required: Whether a profile is incomplete without it.
    """

    text: str
    apply: str
    detail: str = ""
    info: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Completions:
    """What may stand from a column on, which counts from 1."""

    column: int
    options: tuple[Option, ...]


def completions(
    text: str,
    line: int,
    column: int,
    *,
    base: Document,
    choices: Mapping[str, Sequence[str]],
) -> Completions:
    """What may be written at a place of a GPU profile.

    Args:
        text: The profile, finished or not.
        line: Of the place, from 1.
        column: Of the place, from 1: what stands before it on its line is what was typed.
        base: The document the catalogue has of this GPU; its values are offered.
        choices: Ids that a text may be, by dotted key: ``{"extends": ("t4", "l4")}``.

    Returns:
        No options where nothing is known, as within a comment.
    """
    lines = text.split("\n")
    before = lines[line - 1][: column - 1] if line <= len(lines) else ""
    table = _table(lines[: line - 1])
    if typed := _TYPED_HEADER.match(before):
        return _from(typed.start(1), _headers())
    if typed := _TYPED_KEY.match(before):
        return _from(typed.start(1), _keys(table, _written(lines, line), base))
    if typed := _TYPED_VALUE.match(before):
        path = (*table, *typed[1].split("."))
        return _from(typed.start(2), _values(path, base, choices))
    return Completions(column, ())


def value_range(key: Key) -> str:
    """What a key's value may be, in a few words.

    >>> value_range(Key("spec.tdp_w", "number", "Board power limit.", "W", 3, 5000))
    'W, 3 to 5,000'
    """
    if key.one_of:
        return ", ".join(key.one_of)
    if key.kind in ("text", "texts"):
        return "text" if key.kind == "text" else "list of texts"
    parts = [key.unit] if key.unit not in ("", "1") else []
    whole = "whole, " if key.kind == "integer" else ""
    return ", ".join([*parts, f"{whole}{key.low:,.12g} to {key.high:,.12g}"])


def _from(start: int, options: Iterator[Option]) -> Completions:
    return Completions(start + 1, tuple(options))


def _table(above: Sequence[str]) -> Path:
    """The table that the lines above open last."""
    headers = [found[1] for line in above if (found := _HEADER.match(line))]
    return tuple(part.strip().strip('"') for part in headers[-1].split(".")) if headers else ()


def _written(lines: Sequence[str], line: int) -> set[str]:
    """Keys that the table around a line has on other lines."""
    before, after = list(lines[: line - 1]), list(lines[line:])
    while any(_HEADER.match(each) for each in before):
        before.pop(0)
    end = next((at for at, each in enumerate(after) if _HEADER.match(each)), len(after))
    return {found[1] for each in [*before, *after[:end]] if (found := _WRITTEN.match(each))}


def _headers() -> Iterator[Option]:
    for path in sorted(_INDEX.tables):
        if "*" not in path:
            name = ".".join(path)
            yield Option(name, f"{name}]", "table")


def _keys(table: Path, written: set[str], base: Document) -> Iterator[Option]:
    values = dict(leaves(base))
    for name in _INDEX.beside((*table, "")):
        path = (*table, name)
        key = _INDEX.key(path)
        if name in written or "*" in name:
            continue
        if key is None:
            header = f"[{'.'.join(path)}]"
            yield Option(header, header, "table")
            continue
        there = values.get(path)
        stands = "" if there is None else f" The catalogue has {_literal(there)}."
        yield Option(name, f"{name} = ", value_range(key), key.meaning + stands, key.required)


def _values(path: Path, base: Document, choices: Mapping[str, Sequence[str]]) -> Iterator[Option]:
    key = _INDEX.key(path)
    if key is None:
        return
    there = dict(leaves(base)).get(path)
    known = key.one_of or choices.get(key.path, ())
    if there is not None and there not in known:
        yield Option(_literal(there), _literal(there), f"{key.unit} as in the catalogue".strip(),
                     f"{key.meaning} {value_range(key)}.")  # fmt: skip
    for choice in known:
        detail = "as in the catalogue" if choice == there else ""
        yield Option(f'"{choice}"', f'"{choice}"', detail, key.meaning)


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
