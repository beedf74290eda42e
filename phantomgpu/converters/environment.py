"""Which Python runs a framework: this one, or one of an environment made for it alone."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from phantomgpu.converters.frameworks import Framework
from phantomgpu.errors import SourceError

CACHE_VARIABLE: Final = "PHANTOMGPU_CACHE"
"""Names the folder for environments and logs, wherever the platform would have it."""

_COMPLETE: Final = "complete"

Tell = Callable[[float, str], None]
"""Told how far something is: the share done, 0 to 1, and what is being done."""


def cache_folder() -> Path:
    """Where environments and logs are kept, as the platform has it; may be deleted at any time."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "phantomgpu"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "phantomgpu"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "phantomgpu"


def log_file(name: str) -> Path:
    """A new file for what a process says."""
    folder = cache_folder() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"


def python_for(framework: Framework, *, isolated: bool, tell: Tell) -> Path:
    """The Python that has a framework.

    Args:
        framework: What is needed.
        isolated: Make an environment for it alone, even where it is installed here. One that
            was made before is used where it is not.
        tell: Told while one is made.

    Raises:
        SourceError: It is not installed, or its environment cannot be made.
    """
    if not isolated and _is_installed(framework):
        return Path(sys.executable)
    if isolated or framework.alone or (environment_folder(framework) / _COMPLETE).is_file():
        return isolated_python(framework, tell=tell)
    raise SourceError(
        f"{framework.title} is not installed, and converting this needs it",
        where=sys.executable,
        fix=f"pip install 'phantomgpu[{framework.name}]', or add --isolated to have an "
        "environment made for it alone",
    )


def isolated_python(framework: Framework, *, tell: Tell) -> Path:
    """The Python of an environment with a framework's pinned packages; made where there is none.

    Raises:
        SourceError: It cannot be made; ``where`` is pip's log.
    """
    folder = environment_folder(framework)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / _COMPLETE
    if complete.is_file():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = log_file(f"{framework.name}-environment")
    tell(0.0, f"environment for {framework.title}")
    with log.open("w", encoding="utf-8") as out:
        _run([sys.executable, "-m", "venv", str(folder)], out, framework, log)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
        # Every package is in the list, so what a build of one asks for besides stays out.
        pinned = ["--no-deps", "--require-hashes", "--progress-bar", "off"]
        lock = ["-r", str(framework.requirements)]
        total = framework.requirements.read_text(encoding="utf-8").count("==")
        _run([*pip, *pinned, *lock], out, framework, log, lambda at: tell(at / total, "packages"))
    complete.touch()
    log.unlink(missing_ok=True)
    return python


def environment_folder(framework: Framework) -> Path:
    """Where a framework's environment lies: another list or another Python is another folder."""
    version = sys.version.encode()
    digest = sha256(framework.requirements.read_bytes() + version).hexdigest()[:12]
    return cache_folder() / "environments" / f"{framework.name}-{digest}"


def _is_installed(framework: Framework) -> bool:
    try:
        return all(importlib.util.find_spec(name) for name in framework.modules)
    except ModuleNotFoundError:  # the package that a submodule would lie in
        return False


def _run(
    command: list[str],
    out: IO[str],
    framework: Framework,
    log: Path,
    count: Callable[[int], None] = lambda _: None,
) -> None:
    """Run a step, its words into the log; pip's packages are counted."""
    seen, last = 0, ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            last = line.strip() if "rror" in line or not last else last
            if line.startswith(("Collecting ", "Requirement already")):
                seen += 1
                count(seen)
    if process.returncode == 0:
        return
    raise SourceError(
        f"the environment for {framework.title} cannot be made: {last.removeprefix('ERROR: ')}",
        where=str(log),
        fix="see that pip reaches a package index here"
        + (_CPU_BUILD if "torch" in last else "")
        + "; docs/convert.md has the versions of Python that each framework knows",
    )


_CPU_BUILD = (
    " and PyTorch's own for its CPU build (PIP_EXTRA_INDEX_URL; pytorch.org/get-started names it)"
)
