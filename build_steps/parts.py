"""web/parts.toml -> the page's parts on this machine, pinned and hash-checked."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_steps.failure import BuildError
from build_steps.progress import step


@dataclass(frozen=True, slots=True)
class Part:
    """One pinned file of a registry."""

    id: str
    registry: str
    name: str
    version: str
    file: str
    sha256: str
    member: str = ""
    options: tuple[str, ...] = ()
    into: str = ""
    files: tuple[str, ...] = ()

    @property
    def kept_name(self) -> str:
        """Name of the file that stays in the cache."""
        return Path(self.member or self.file).name


def read_lock(lock: Path) -> dict[str, Part]:
    """Read a lock file of parts, by id."""
    tables = tomllib.loads(lock.read_text())
    return {key: Part(id=key, **_tuples(table)) for key, table in tables.items()}


def fetch_parts(
    parts: Mapping[str, Part],
    cache: Path,
    *,
    environment: Mapping[str, str],
    title: str = "page parts",
) -> dict[str, Path]:
    """Bring every part into the cache, and check every hash.

    Args:
        parts: What the lock file names.
        cache: Folder that keeps them between runs.
        environment: Environment of the registries' clients (npm on its PATH).
        title: What the step is called on the screen.

    Returns:
        Path of each part, by id.

    Raises:
        BuildError: A part cannot be had, or is not the one that was pinned.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [part for part in parts.values() if not (cache / part.kept_name).is_file()]
    if missing:
        with step(title) as advance, ThreadPoolExecutor(max_workers=3) as pool:
            fetched = pool.map(lambda part: _fetch(part, cache, environment), missing)
            for done, part in enumerate(missing):
                advance(done / len(missing), f"{part.name} {part.version}")
                next(fetched)
    paths = {part.id: cache / part.kept_name for part in parts.values()}
    for part in parts.values():
        _check(part, paths[part.id])
    return paths


def extract(archive: Path, members: Mapping[str, Path]) -> None:
    """Copy members of a .tgz, .whl or .zip to where they belong.

    Args:
        archive: The part.
        members: Destination of each member, by its name in the archive.

    Raises:
        BuildError: A member is not in the archive.
    """
    reader, close = _reader(archive)
    try:
        for name, destination in members.items():
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(reader(name))
    except KeyError as error:
        raise BuildError(
            f"{archive.name} has no member {error}",
            fix="correct `files` or `member` in web/parts.toml; the names change with the version",
        ) from None
    finally:
        close()


def _fetch(part: Part, cache: Path, environment: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        command = _client_command(part, folder)
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=dict(environment)
        )
        archive = Path(folder) / part.file
        if done.returncode != 0 or not archive.is_file():
            words = (done.stderr or done.stdout).strip().splitlines()
            words = [line for line in words if "rror" in line] or words
            raise BuildError(
                f"cannot fetch {part.name} {part.version} ({part.file}): "
                + (words[-1] if words else "the client said nothing"),
                fix=f"see that this works here: {' '.join(command)}",
            )
        if part.member:
            kept = Path(folder) / part.kept_name
            extract(archive, {part.member: kept})
            archive = kept
        _check(part, archive)
        os.replace(archive, cache / part.kept_name)


def _client_command(part: Part, folder: str) -> list[str]:
    if part.registry == "npm":
        wanted = f"{part.name}@{part.version}"
        return ["npm", "pack", wanted, "--silent", "--pack-destination", folder]
    wanted = f"{part.name}=={part.version}"
    fixed = ["download", "--no-deps", "--quiet", "--only-binary=:all:", "--dest", folder]
    return [sys.executable, "-m", "pip", *fixed, *part.options, wanted]


def _check(part: Part, path: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != part.sha256:
        raise BuildError(
            f"{path} is not the pinned {part.name} {part.version}: "
            f"its sha256 is {found}, the lock says {part.sha256}",
            fix="delete that file and run again; if it comes back the same, the registry serves "
            "another build: do not use it before someone has looked at why",
        )


def _reader(archive: Path) -> tuple[Callable[[str], bytes], Callable[[], None]]:
    if archive.suffix != ".tgz":
        file = zipfile.ZipFile(archive)
        return file.read, file.close
    tar = tarfile.open(archive)  # noqa: SIM115 (the caller closes it)

    def read(name: str) -> bytes:
        member = tar.extractfile(name)
        assert member is not None, name
        return member.read()

    return read, tar.close


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def remove_folder(folder: Path) -> None:
    """Remove a folder that a step makes anew."""
    shutil.rmtree(folder, ignore_errors=True)
