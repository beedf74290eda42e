"""Has anything a step is made of changed? Stamps by content, not by date."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

CACHE = ".cache"


def content_hash(paths: Iterable[Path], *, also: str = "") -> str:
    """Hash the names and contents of files, folders taken whole.

    Args:
        paths: Files and folders; a missing one counts as such.
        also: Whatever else the step depends on (versions, options).
    """
    digest = hashlib.sha256(also.encode())
    for file in sorted(_files(paths)):
        data = file.read_bytes() if file.is_file() else b"missing"
        digest.update(f"\0{file}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    """Whether the step that leaves this stamp was last run on the same inputs."""
    return stamp.is_file() and stamp.read_text().strip() == value


def write_stamp(stamp: Path, value: str) -> None:
    """Remember what a finished step was made of."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(value + "\n")


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for file in path.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
