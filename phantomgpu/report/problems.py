"""Mistakes in a profile as an editor wants them: with line and column as numbers."""

import re
from collections.abc import Sequence
from typing import Any, Final

from phantomgpu.errors import PhantomGPUError
from phantomgpu.hardware import Catalog
from phantomgpu.hardware.changes import changes_of
from phantomgpu.report.profile import gpu_json

_PLACE: Final = re.compile(r"line (\d+), column (\d+)")


def profile_problems(
    error: PhantomGPUError | None, warnings: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The error, where there is one, and the warnings.

    Returns:
        Per problem: severity, code, what, where, fix, line and column from 1, or null where
        it concerns the whole text.
    """
    found = [] if error is None else [{"severity": "error", **error.as_dict()}]
    for warning in warnings:
        where, _, what = warning.partition(": ")
        found.append(
            {"severity": "warning", "code": "warning", "what": what, "where": where, "fix": ""}
        )
    return [{**problem, **_place(problem["where"])} for problem in found]


def checked_profile_json(catalog: Catalog, name: str, text: str) -> dict[str, Any]:
    """What is wrong with the text of a GPU's profile; as ``App.check_profile`` returns it."""
    edited = catalog.with_profile(name, text, f"{name}.toml")
    try:
        profile = gpu_json(edited.gpu(name))
    except PhantomGPUError as error:
        return {"problems": profile_problems(error), "gpu": None, "changes": []}
    return {
        "problems": profile_problems(None, profile["warnings"]),
        "gpu": {**profile, "text": text},
        "changes": changes_of(catalog, name, edited),
    }


def _place(where: str) -> dict[str, int | None]:
    match = _PLACE.search(where)
    if match is None:
        return {"line": None, "column": None}
    return {"line": int(match[1]), "column": int(match[2])}
