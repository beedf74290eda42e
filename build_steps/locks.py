"""Lists of packages -> lock files: exact versions with every hash."""

import os
import subprocess
from pathlib import Path

from build_steps.environment import ensure_environment
from build_steps.failure import BuildError
from build_steps.progress import step

# The tool that resolves; only for whoever changes a dependency, so not in the lock.
_RESOLVER = "uv==0.13.9"
_COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"]
_HEADER = ["--custom-compile-command", "python build.py lock"]


CONVERTERS = Path("phantomgpu") / "converters" / "requirements"
"""``<name>.in``: what a framework needs; ``<name>.txt`` beside it: its lock."""


def lock(root: Path, arguments: list[str]) -> None:
    """Write the lock files anew; versions already there stay unless `--upgrade` is given.

    PyTorch's CPU build is looked for where pip does, in the folders of `PIP_FIND_LINKS`.
    """
    environment = ensure_environment(root)
    folder = environment.cache / "resolver"
    with step("lock files") as advance:
        pip = [environment.python, "-m", "pip", "install", "--quiet", "--target", folder]
        _run([*pip, "--upgrade", _RESOLVER])
        compile_ = [folder / "bin" / "uv", "pip", "compile", "--quiet", *_COMMON, *_HEADER]
        advance(0.4, "requirements.lock")
        ours = ["pyproject.toml", "--group", "dev", "-o", "requirements.lock"]
        _run([*compile_, *arguments, *ours], root)
        advance(0.5, "node.lock")
        _run([*compile_, *arguments, "node.in", "-o", "node.lock"], root)
        found = [f"--find-links={place}" for place in os.environ.get("PIP_FIND_LINKS", "").split()]
        for needs in sorted((root / CONVERTERS).glob("*.in")):
            advance(0.6, needs.stem)
            given, made = CONVERTERS / needs.name, CONVERTERS / f"{needs.stem}.txt"
            _run([*compile_, *found, "--no-emit-find-links", *arguments, given, "-o", made], root)


def _run(command: list[object], cwd: Path | None = None) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode != 0:
        raise BuildError(
            f"the lock files cannot be made: {done.stderr.strip()[-1500:]}",
            fix="correct the dependencies in pyproject.toml, node.in or phantomgpu/converters",
        )
