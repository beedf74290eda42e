"""JSON text to Definition: one ``config.json``, or several files of a repository in one object."""

import json
from typing import Any, Final

from phantomgpu.errors import FormatError, LimitError
from phantomgpu.families.definition import Definition
from phantomgpu.families.registry import build
from phantomgpu.families.stored import STORED, with_stored
from phantomgpu.onnx.source import Source

MAX_JSON_BYTES: Final = 4 << 20
"""Of a configuration; published ones have a few kilobytes."""


def is_json(source: Source) -> bool:
    """Whether a file begins as a JSON object does."""
    return source.read(0, 64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def read_definition(source: Source, *, name: str) -> Definition:
    """The model that a configuration describes.

    Args:
        source: A ``config.json``, or an object of several by their paths:
            ``{"model_index.json": {…}, "unet/config.json": {…}}``.
        name: What to call the model where its configuration does not say.

    Raises:
        FormatError: It is no JSON object.
        LimitError: It is too large for a configuration.
        ModelError: The family is not known, or a value is missing or not what it must be.
    """
    if source.size > MAX_JSON_BYTES:
        raise LimitError(
            f"a JSON file of {source.size:,} bytes is no configuration",
            where=source.name,
            fix="give the model's config.json, or an ONNX file",
        )
    try:
        document = json.loads(source.read(0, source.size).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        place = getattr(error, "lineno", None)
        raise FormatError(
            f"it begins as JSON does and is none: {getattr(error, 'msg', 'unreadable')}",
            where=f"{source.name}, line {place}" if place else source.name,
            fix="take the config.json that was published with the model",
        ) from error
    files = document if _holds_files(document) else {"config.json": document}
    return with_stored(build(files, name=name), files.get(STORED, {}))


def _holds_files(document: Any) -> bool:
    """Whether an object is a set of files rather than one of them."""
    return bool(document) and all(
        key.endswith(".json") and isinstance(value, dict) for key, value in document.items()
    )
