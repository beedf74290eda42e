"""A folder of Hugging Face whose family is known: its graph comes from its configuration alone."""

import json
from pathlib import Path
from typing import Any, Final

from phantomgpu.errors import ModelError
from phantomgpu.families import Definition, read_definition
from phantomgpu.onnx.source import BytesSource

_INDEX: Final = "model_index.json"
_MAIN: Final = "config.json"
_MAX_BYTES: Final = 4 << 20


def configuration_of(folder: Path) -> BytesSource | None:
    """The configurations of a folder as one source, which opens as a model does.

    Returns:
        None where the folder has none, or one that cannot be read or whose family is not known.
    """
    files = _files(folder)
    if not files:
        return None
    source = BytesSource(str(folder), json.dumps(files).encode())
    return source if definition_of(source) is not None else None


def definition_of(source: BytesSource) -> Definition | None:
    """What configurations describe; None where the family is not known."""
    try:
        return read_definition(source, name=source.name)
    except ModelError:
        return None


def _files(folder: Path) -> dict[str, Any]:
    index = _object(folder / _INDEX)
    if index is None:
        main = _object(folder / _MAIN)
        return {} if main is None else {_MAIN: main}
    files = {_INDEX: index}
    for part in sorted(folder.iterdir()):
        found = _object(part / _MAIN) if part.is_dir() else None
        if found is not None:
            files[f"{part.name}/{_MAIN}"] = found
    return files


def _object(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
