"""A changed document as what differs from the original, and back."""

from collections.abc import Mapping
from typing import Any, Final

REMOVED: Final = "-"
"""Key of the list of keys that the changed document no longer has."""


def delta(original: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """What differs: new and changed values by key, tables as deltas of their own.

    Equal values of different type (1 and 1.0, true and 1) differ.

    >>> delta({"a": 1, "t": {"x": 1, "y": 2}}, {"t": {"x": 1, "y": 3}})
    {'t': {'y': 3}, '-': ['a']}
    """
    found: dict[str, Any] = {}
    for key, value in changed.items():
        if key not in original:
            found[key] = value
            continue
        before = original[key]
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            inner = delta(before, value)
            if inner:
                found[key] = inner
        elif _differs(before, value):
            found[key] = value
    removed = [key for key in original if key not in changed]
    if removed:
        found[REMOVED] = removed
    return found


def patched(original: Mapping[str, Any], difference: Mapping[str, Any]) -> dict[str, Any]:
    """The document that ``difference`` makes of ``original``; undoes ``delta``.

    >>> patched({"a": 1, "t": {"x": 1, "y": 2}}, {"t": {"y": 3}, "-": ["a"]})
    {'t': {'x': 1, 'y': 3}}
    """
    removed = difference.get(REMOVED, ())
    result = {key: value for key, value in original.items() if key not in removed}
    for key, value in difference.items():
        if key == REMOVED:
            continue
        before = result.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            result[key] = patched(before, value)
        else:
            result[key] = value
    return result


def _differs(before: object, after: object) -> bool:
    if type(before) is not type(after):
        return True
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return bool(delta(before, after))
    if isinstance(before, list) and isinstance(after, list):
        return len(before) != len(after) or any(map(_differs, before, after))
    return before != after
