"""Plain values to TOML text, always the same text for the same values."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_ESCAPES: Final = {
    "\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r",
}  # fmt: skip
_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def canonical_toml(document: Mapping[str, Any]) -> str:
    """TOML text of a document, keys in the order given, no spaces that mean nothing.

    ``tomli.loads`` turns it back into an equal document. Values are text, whole
    numbers, fractions, truth values, dates, lists and tables of those; None has
    no place in TOML.

    >>> print(canonical_toml({"models": ["resnet50"], "dims": {"seq": 128}}), end="")
    models=["resnet50"]
    [dims]
    seq=128
    """
    lines: list[str] = []
    _write(document, (), lines)
    return "".join(f"{line}\n" for line in lines)


def _write(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in table.items() if key not in nested}
    if path and (plain or not nested):
        lines.append(f"[{'.'.join(_key(part) for part in path)}]")
    lines.extend(f"{_key(key)}={_value(value)}" for key, value in plain.items())
    for key, value in nested.items():
        _write(value, (*path, key), lines)


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _fraction(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{_key(key)}={_value(item)}' for key, item in value.items())}}}"
    if isinstance(value, Sequence):
        return f"[{','.join(_value(item) for item in value)}]"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"TOML has no {type(value).__name__}")


def _fraction(value: float) -> str:
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    text = repr(value)
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _text(value: str) -> str:
    escaped = "".join(
        _ESCAPES.get(char)
        or (f"\\u{ord(char):04X}" if ord(char) < 0x20 or ord(char) == 0x7F else char)
        for char in value
    )
    return f'"{escaped}"'
