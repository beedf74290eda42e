"""A profile's text with some values changed and everything else, comments too, left as it is."""

from collections.abc import Mapping
from typing import Any

import tomli

from phantomgpu.hardware.locate import Position, positions
from phantomgpu.report.canonical import canonical_toml
from phantomgpu.report.delta import REMOVED, patched


def edited(text: str, difference: Mapping[str, Any]) -> str:
    r"""The text of the document that ``difference`` makes of the one in ``text``.

    Changed values are written over the old ones, line by line. Where that does
    not do (new keys, removed ones, values over several lines) the whole
    document is written anew, without comments.

    Args:
        text: TOML.
        difference: As ``report.delta.delta`` gives it.

    >>> edited("a = 1  # one\nb = 2\n", {"a": 5})
    'a = 5  # one\nb = 2\n'
    """
    original = tomli.loads(text)
    wanted = patched(original, difference)
    attempt = _written_over(text, original, difference)
    try:
        if attempt is not None and tomli.loads(attempt) == wanted:
            return attempt
    except tomli.TOMLDecodeError:
        pass
    return canonical_toml(wanted)


def _written_over(
    text: str, original: Mapping[str, Any], difference: Mapping[str, Any]
) -> str | None:
    places = positions(text)
    lines = text.split("\n")
    for path, value in _leaves(difference):
        place = places.get(path)
        if place is None or REMOVED in path:
            return None
        changed = _line(lines[place.line - 1], place, _at(original, path), value)
        if changed is None:
            return None
        lines[place.line - 1] = changed
    return "\n".join(lines)


def _line(line: str, place: Position, before: object, value: object) -> str | None:
    """The line with the new value; None where the old one is not all that follows the key."""
    equals = line.find("=", place.column - 1)
    rest = line[equals + 1 :]
    ends = [at for at, mark in enumerate(rest) if mark == "#"] + [len(rest)]
    for end in ends:
        try:
            if equals >= 0 and tomli.loads(f"v ={rest[:end]}") == {"v": before}:
                written = canonical_toml({"v": value}).removeprefix("v=").rstrip("\n")
                space = rest[: len(rest[:end].rstrip())]
                return f"{line[: equals + 1]} {written}{rest[len(space) :]}"
        except tomli.TOMLDecodeError:
            continue
    return None


def _leaves(
    table: Mapping[str, Any], above: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in table.items():
        path = (*above, key)
        found += _leaves(value, path) if isinstance(value, Mapping) else [(path, value)]
    return found


def _at(table: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: Any = table
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value
