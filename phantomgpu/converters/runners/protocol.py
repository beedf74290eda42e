"""What every script of this folder shares: its task, and how it says no."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Task = dict[str, Any]
"""``path``, ``kind``, ``name``, ``out`` (the ONNX file to write), ``module``, ``factory``,
``inputs`` (shapes as the user wrote them), ``trust``, ``keep_weights``."""

Tell = Callable[[float, str], None]


class Refused(Exception):  # noqa: N818 (it is an answer)
    """The script will not or cannot convert; says why and what to do.

    Args:
        what: A fact with its value.
        fix: An instruction.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


def unexpected(error: Exception, task: Task) -> dict[str, str]:
    """The answer for an error of the framework's own."""
    words = str(error).strip().splitlines()
    said = words[0][:400] if words else type(error).__name__
    name = Path(task.get("path") or task.get("module") or "the model").name
    return {
        "what": f"{name} cannot be converted: {type(error).__name__}: {said}",
        "fix": "read the log; a file that is damaged, or that another version wrote, ends here too",
    }


def shape_of(text: str) -> tuple[str, list[int | str]]:
    """Type and sizes of an input as ``--input`` has it.

    >>> shape_of("1,3,224,224")
    ('float32', [1, 3, 224, 224])
    >>> shape_of("int64:batch,128")
    ('int64', ['batch', 128])
    """
    dtype, colon, sizes = text.rpartition(":")
    parts = [part.strip() for part in sizes.split(",") if part.strip()]
    dims: list[int | str] = [int(part) if part.isdigit() else part for part in parts]
    return (dtype if colon else "float32"), dims
