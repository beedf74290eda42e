"""Folders to profile texts: the built-in ones, the user's own, and those of ``--profiles``."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import phantomgpu
from phantomgpu.app import INDEX, App
from phantomgpu.errors import SourceError
from phantomgpu.onnx import BytesSource, Source

KINDS: Final = ("gpus", "architectures", "runtimes")

HOME_VARIABLE: Final = "PHANTOMGPU_HOME"
"""Names the user's folder, wherever the platform would have it."""


def builtin_folder() -> Path:
    """Where the profiles lie that come along: in the package, or beside it in a checkout."""
    package = Path(phantomgpu.__file__).parent
    installed = package / "profiles"
    return installed if installed.is_dir() else package.parent / "profiles"


def user_folder() -> Path:
    """Where the user's own profiles lie, as the platform has it; it need not exist."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("APPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Roaming") / "phantomgpu"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "phantomgpu"
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "phantomgpu"


def open_app(extra: Iterable[str] = ()) -> App:
    """The engine with everything the folders hold.

    Args:
        extra: Folders of ``--profiles``; a later one wins.

    Raises:
        SourceError: A folder of ``--profiles`` holds no profiles, or one cannot be read.
        ProfileError: A profile cannot be used.
    """
    builtin, user = builtin_folder(), user_folder()
    custom = _texts(user)
    for name in extra:
        folder = Path(name).expanduser()
        _check_folder(folder)
        custom |= _texts(folder)
    files = _texts(builtin)
    files[INDEX] = _read(builtin / INDEX)
    return App(
        files,
        lambda file: _builtin_model(builtin / "models" / file),
        custom=custom,
        looked_in=(str(builtin), *(str(Path(name)) for name in extra), str(user)),
    )


def _texts(folder: Path) -> dict[str, str]:
    return {
        str(path): _read(path) for kind in KINDS for path in sorted((folder / kind).glob("*.toml"))
    }


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise SourceError(
            f"there is no folder {folder}",
            where="--profiles",
            fix="give a folder that holds gpus/<id>.toml",
        )
    if not any((folder / kind).is_dir() for kind in KINDS):
        raise SourceError(
            f"{folder} holds none of {', '.join(f'{kind}/' for kind in KINDS)}",
            where="--profiles",
            fix=f"put GPU profiles into {folder / 'gpus'}",
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path.name} cannot be read: {_reason(error)}",
            where=str(path),
            fix="make it a readable file of UTF-8 text, or take it away",
        ) from error


def _builtin_model(path: Path) -> Source:
    return BytesSource(path.name, path.read_bytes())


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is no UTF-8"
    return (error.strerror or str(error)).lower()
