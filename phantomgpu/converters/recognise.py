"""What a source is, by its content: a file, a folder, a name on the Hub, a Python function."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from phantomgpu.converters.frameworks import FRAMEWORK_OF_KIND
from phantomgpu.errors import SourceError
from phantomgpu.onnx.convertible import KINDS
from phantomgpu.onnx.formats import convertible_kind
from phantomgpu.onnx.source import Source

ONNX: Final = "onnx"

OpenFile = Callable[[str], Source]
"""Opens a path as bytes that are read only where asked for."""

_HUB_NAME: Final = re.compile(r"(?:hf:)?([\w.-]+/[\w.-]+)")
_FACTORY: Final = re.compile(r"(.+\.py):([A-Za-z_]\w*)")
_CONFIGURATIONS: Final = ("config.json", "model_index.json")
_IMPORTS: Final = {
    "jax": "jax", "flax": "jax", "equinox": "jax",
    "torch": "torch", "torchvision": "torch", "timm": "torch",
    "tensorflow": "tensorflow", "keras": "tensorflow",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A source that can be converted.

    Attributes:
        kind: A key of ``FRAMEWORK_OF_KIND``, ``"module-<framework>"``, or ``ONNX``.
        path: The file or folder, or its name on the Hub; empty where a module makes the model.
        module: The Python file that makes the model; empty where none is needed.
        factory: The function in it.
        zipped: The folder is packed in the file ``path``.
    """

    kind: str
    path: str
    module: str = ""
    factory: str = ""
    zipped: bool = False

    @property
    def framework(self) -> str:
        """Who converts it, a key of ``FRAMEWORKS``; empty for ONNX."""
        if self.kind.startswith("module-"):
            return self.kind.removeprefix("module-")
        return FRAMEWORK_OF_KIND.get(self.kind, "")


def recognise(source: str, open_file: OpenFile, *, module: str = "") -> Found:
    """What ``source`` is.

    Args:
        source: A path, a name on the Hub, ``file.py:factory``, or empty where ``module`` is given.
        open_file: Opens a path as a ``Source``.
        module: ``file.py:factory`` of ``--module``.

    Raises:
        SourceError: There is nothing to convert; says what was found.
        TruncatedError: A zip archive that is cut off.
    """
    if not module and _FACTORY.fullmatch(source):
        source, module = "", source
    found = _of_path(source, open_file) if source else None
    if not module:
        assert found is not None, "a source or a module is given"
        return found
    file, factory = _file_and_factory(module)
    if found is None:
        return Found(f"module-{_framework_of(file)}", "", file, factory)
    return replace(found, module=file, factory=factory)


def is_foreign(source: str, open_file: OpenFile) -> bool:
    """Whether a model's name is a path or function that has to be converted first."""
    if _FACTORY.fullmatch(source):
        return True
    path = Path(source).expanduser()
    if path.is_dir():
        return True
    return path.is_file() and convertible_kind(open_file(source)) != ""


def _of_path(source: str, open_file: OpenFile) -> Found:
    path = Path(source).expanduser()
    if path.is_dir():
        return _of_folder(path)
    if not path.exists():
        named = _HUB_NAME.fullmatch(source)
        if named:
            return Found("huggingface", named[1])
        raise SourceError(
            f"there is no file or folder {source}",
            where=str(path.absolute()),
            fix="check the path; a model of Hugging Face is called ORG/NAME",
        )
    kind = convertible_kind(open_file(source))
    if kind == "savedmodel":
        return _of_folder(path.absolute().parent)
    if kind == "savedmodel-zip":
        return Found("savedmodel", str(path), zipped=True)
    if kind == "safetensors" and (path.absolute().parent / "config.json").is_file():
        return Found("huggingface", str(path.absolute().parent))
    return Found(kind or ONNX, str(path))


def _of_folder(path: Path) -> Found:
    if (path / "saved_model.pb").is_file():
        return Found("savedmodel", str(path))
    if any((path / name).is_file() for name in _CONFIGURATIONS):
        return Found("huggingface", str(path))
    inside = sorted(entry.name for entry in path.iterdir())
    listed = ", ".join(inside[:8]) + (", …" if len(inside) > 8 else "")
    raise SourceError(
        f"{path} is no model: it has neither saved_model.pb, as a TensorFlow SavedModel has, nor "
        "config.json, as a folder of Hugging Face has",
        where=f"{path}, which holds {listed or 'nothing'}",
        fix="give the folder that save wrote, or the model's file in it",
    )


def _file_and_factory(module: str) -> tuple[str, str]:
    match = _FACTORY.fullmatch(module)
    if match is None:
        raise SourceError(
            f"{module!r} is no function in a Python file",
            where="--module",
            fix="write --module file.py:factory, where factory() gives the model and its inputs",
        )
    if not Path(match[1]).expanduser().is_file():
        raise SourceError(
            f"there is no file {match[1]}",
            where=f"--module {module}",
            fix="give the path of the Python file, a colon, and the name of the function",
        )
    return str(Path(match[1]).expanduser().absolute()), match[2]


def _framework_of(file: str) -> str:
    """The framework that a Python file imports; a file that imports several is its first one's."""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise SourceError(
            f"{file} cannot be read as Python: {error}", where=file, fix="correct the file"
        ) from None
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            if name.partition(".")[0] in _IMPORTS:
                return _IMPORTS[name.partition(".")[0]]
    raise SourceError(
        f"{file} imports no framework that is known here",
        where=file,
        fix=f"import one of {', '.join(_IMPORTS)} in it",
    )


def title_of(found: Found) -> str:
    """What people call the source's kind."""
    if found.kind in KINDS:
        return KINDS[found.kind].what.partition(" ")[2]
    return "function" if found.kind.startswith("module-") else found.kind
