"""A profile against the catalogue: which values differ, and three lines that begin a variant."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from phantomgpu.hardware.catalog import Catalog
from phantomgpu.hardware.check import Document, leaves
from phantomgpu.hardware.schema import GPU

_UNITS: Final = {key.path: (key.unit if key.unit != "1" else "", key.meaning) for key in GPU}
_FREE: Final = ("", "")


def changed_values(before: Document, after: Document) -> list[dict[str, Any]]:
    """Values that two complete documents of a GPU do not share, in the order they stand in.

    Returns:
        Per value: key, unit, meaning, ``was`` and ``now``; None where one has no such value.
    """
    old, new = _values(before), _values(after)
    return [
        {
            "key": key,
            "unit": _UNITS.get(key, _FREE)[0],
            "meaning": _UNITS.get(key, _FREE)[1],
            "was": old.get(key),
            "now": new.get(key),
        }
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]


def changes_of(catalog: Catalog, name: str, edited: Catalog) -> list[dict[str, Any]]:
    """What an edited profile changes of the catalogue's, or of the one it extends.

    Args:
        catalog: As it was.
        name: Id of the profile.
        edited: The catalogue with it.
    """
    document = edited.entry("gpus", name).document
    base = name if name in catalog.gpu_ids else document.get("extends", "")
    before = catalog.entry("gpus", base).document if base in catalog.gpu_ids else {}
    return changed_values(before, document)


def variant_of(catalog: Catalog, name: str, *, taken: Collection[str] = ()) -> tuple[str, str]:
    """Id and text of a profile that stands on another: three lines to begin with.

    Args:
        catalog: Has the other.
        name: Its id.
        taken: Ids that are no longer free, beside those of the catalogue.

    Raises:
        UnknownNameError: There is no such GPU.
    """
    document = catalog.entry("gpus", name).document
    found, mark = _free_id(name, {*taken, *catalog.gpu_ids})
    text = (
        f'extends = "{name}"\n'
        f'name    = "{document["name"]}, variant{mark}"\n\n'
        "[spec]\n"
        f"bandwidth_gb_per_s = {document['spec']['bandwidth_gb_per_s']}  # GB/s; "
        "what is not here is inherited\n"
    )
    return found, text


def variant_of_text(catalog: Catalog, text: str, *, taken: Collection[str]) -> tuple[str, str]:
    """Id and text of a profile that begins as a copy of one that is in no catalogue.

    It stands on what the copied one stands on, not on that one: neither goes with the other.

    Args:
        catalog: Whose ids are taken.
        text: TOML of the other; only its name changes.
        taken: Ids that are no longer free either, that of the other among them.
    """
    at = _NAME.search(text)
    name = at["name"].partition(", variant")[0] if at else "Profile"
    base = _EXTENDS.search(text)
    found, mark = _free_id(base["id"] if base else "profile", {*taken, *catalog.gpu_ids})
    line = f'name    = "{name}, variant{mark}"'
    return found, text[: at.start()] + line + text[at.end() :] if at else f"{line}\n{text}"


_NAME: Final = re.compile(r'^name\s*=\s*"(?P<name>[^"\\\n]*)"', re.MULTILINE)
_EXTENDS: Final = re.compile(r'^extends\s*=\s*"(?P<id>[^"\\\n]*)"', re.MULTILINE)


def _free_id(name: str, used: Collection[str]) -> tuple[str, str]:
    """The first id of a variant that is free, and what its name ends in."""
    number, found = 1, f"{name}-variant"
    while found in used:
        number += 1
        found = f"{name}-variant-{number}"
    return found, "" if number == 1 else f" {number}"


def _values(document: Mapping[str, Any]) -> dict[str, Any]:
    found = {".".join(path): value for path, value in leaves(document)}
    return {
        key: value
        for key, value in found.items()
        if key != "extends" and not key.startswith("sources.")
    }
