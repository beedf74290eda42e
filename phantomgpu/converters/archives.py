"""Checks an archive before any framework opens it: paths that leave it, and size bombs."""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from phantomgpu.errors import FormatError, LimitError, TruncatedError

MOST_MEMBERS: Final = 100_000
MOST_INFLATION: Final = 100
"""Times by which content may be larger unpacked; deflate reaches 1,032 on zeros alone."""
FREE_BYTES: Final = 64 << 20
"""Unpacked size below which inflation is no matter."""

_UNREADABLE: Final = (
    zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError,
)  # fmt: skip
"""What zipfile raises; the last of what is encrypted, or packed in a way it does not know."""


def check_archive(path: Path) -> None:
    """Refuse a zip archive that is dangerous to open; other files pass.

    Raises:
        FormatError: A member would be written outside of the folder it is unpacked to.
        LimitError: It is far larger unpacked than it is, or its members overlap.
        TruncatedError: It is cut off or damaged.
    """
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except _UNREADABLE as error:
        raise _damaged(path, error) from None
    if len(members) > MOST_MEMBERS:
        raise _bomb(path, f"has {len(members):,} members; {MOST_MEMBERS:,} are the most")
    for member in members:
        _check_member(path, member)
    _check_size(path, members)


def unpack(path: Path, folder: Path) -> None:
    """Unpack an archive that was checked, no more of a member than it declares.

    Raises:
        TruncatedError: A member is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    except _UNREADABLE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> TruncatedError:
    return TruncatedError(
        f"{path.name} is a damaged zip archive: {error}",
        where=str(path),
        fix="fetch or save the file again; it is cut off, damaged or locked by a password",
    )


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.orig_filename.replace("\\", "/")
    mode = member.external_attr >> 16
    drive = len(name) > 1 and name[1] == ":"
    outside = name.startswith("/") or drive or ".." in PurePosixPath(name).parts
    if outside or stat.S_ISLNK(mode):
        what = "is a link" if stat.S_ISLNK(mode) else "would be written outside of its folder"
        raise FormatError(
            f"{path.name} is no archive to open: its member {name[:200]!r} {what}",
            where=str(path),
            fix="do not use this file; no framework writes such",
        )


def _check_size(path: Path, members: list[zipfile.ZipInfo]) -> None:
    size = path.stat().st_size
    unpacked = sum(member.file_size for member in members)
    if unpacked > FREE_BYTES and unpacked > MOST_INFLATION * size:
        raise _bomb(
            path,
            f"has {size:,} bytes and would have {unpacked:,} unpacked, over {MOST_INFLATION} "
            "times as many",
        )
    if sum(member.compress_size for member in members) > size:
        raise _bomb(path, "has members that lie over each other")


def _bomb(path: Path, what: str) -> LimitError:
    return LimitError(
        f"{path.name} {what}: it is not opened",
        where=str(path),
        fix="do not use this file; save the model again with its framework",
    )
