"""Files of measured rows and of the models they name; the reference points that come along."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phantomgpu.app import App
from phantomgpu.cli.folders import builtin_folder
from phantomgpu.cli.sources import open_source
from phantomgpu.errors import SourceError
from phantomgpu.onnx import Source
from phantomgpu.validation.folders import (
    DESCRIBED,
    SUFFIXES,
    ModelFolder,
    Variant,
    read_index,
    read_variants,
)

_INDEX: Final = "index.csv"


@dataclass(frozen=True, slots=True)
class Reference:
    """What comes along: cited measurements, and the built-in models they were made with.

    Attributes:
        ops: Text of a CSV of operators.
        models: Text of a CSV of models.
        folder: The built-in models.
        variants: Rows that belong to another export of a model.
        spreads: Text of a CSV of how far fitted values differ between boards.
    """

    ops: str
    models: str
    folder: ModelFolder
    variants: tuple[Variant, ...]
    spreads: str


def reference(app: App) -> Reference:
    """The reference points of ``profiles/reference``.

    Raises:
        SourceError: One of its files cannot be read.
    """
    folder = builtin_folder() / "reference"
    models = builtin_folder() / "models"
    index = {
        ("", name): entry["file"]
        for entry in app.models()
        if entry["builtin"]
        for name in (entry["id"], *entry["aliases"])
    }
    index |= read_index(_text(folder / _INDEX))
    return Reference(
        ops=_text(folder / "ops.csv"),
        models=_text(folder / "models.csv"),
        folder=_folder(models, "built-in models", index),
        variants=read_variants(_text(folder / "variants.csv")),
        spreads=_text(folder / "spread.csv"),
    )


def model_folder(path: Path) -> ModelFolder:
    """A folder of ONNX files, with its ``index.csv`` where it has one.

    Raises:
        SourceError: There is no such folder, or its index cannot be read.
    """
    if not path.is_dir():
        raise SourceError(
            f"there is no folder {path}",
            where="--onnx",
            fix="give a folder that holds the ONNX files",
        )
    index = read_index(_text(path / _INDEX)) if (path / _INDEX).is_file() else {}
    return _folder(path, str(path), index)


def read_text(path: str, *, option: str) -> str:
    """The text of a file that an option names.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        return _text(Path(path).expanduser())
    except SourceError as error:
        raise SourceError(error.what, where=f"{option} {path}", fix=error.fix) from error


def write_text(path: str, text: str, *, option: str) -> None:
    """Write the file that an option names.

    Raises:
        SourceError: It cannot be written.
    """
    try:
        Path(path).expanduser().write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SourceError(
            f"{path} cannot be written: {(error.strerror or str(error)).lower()}",
            where=f"{option} {path}",
            fix="give a path in a folder that you may write to",
        ) from error


def _folder(path: Path, name: str, index: dict[tuple[str, str], str]) -> ModelFolder:
    def opened(file: str) -> Source:
        return open_source(str(path / file))

    endings = (*SUFFIXES, DESCRIBED)
    files = frozenset(each.name for each in path.iterdir() if each.name.endswith(endings))
    return ModelFolder(name, files, opened, index)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} is no UTF-8"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    raise SourceError(
        f"{path.name} cannot be read: {reason}",
        where=str(path.absolute()),
        fix="check the path and who may read it",
    )
