"""pyproject.toml -> requirements.lock and node.lock: exact versions with every hash."""

import subprocess
from pathlib import Path

from build_steps.environment import ensure_environment
from build_steps.failure import BuildError
from build_steps.progress import step

# The tool that resolves; only for whoever changes a dependency, so not in the lock.
_RESOLVER = "uv==0.13.9"
_COMMON = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"]
_HEADER = ["--custom-compile-command", "python build.py lock"]


def lock(root: Path, arguments: list[str]) -> None:
    """Write both lock files anew; versions already there stay unless `--upgrade` is given."""
    environment = ensure_environment(root)
    folder = environment.cache / "resolver"
    with step("lock files") as advance:
        pip = [environment.python, "-m", "pip", "install", "--quiet", "--target", folder]
        _run([*pip, "--upgrade", _RESOLVER])
        compile_ = [folder / "bin" / "uv", "pip", "compile", "--quiet", *_COMMON, *_HEADER]
        advance(0.4, "requirements.lock")
        ours = ["pyproject.toml", "--group", "dev", "-o", "requirements.lock"]
        _run([*compile_, *arguments, *ours], cwd=root)
        advance(0.8, "node.lock")
        _run([*compile_, *arguments, "node.in", "-o", "node.lock"], cwd=root)


def _run(command: list[object], *, cwd: Path | None = None) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode != 0:
        raise BuildError(
            f"the lock files cannot be made: {done.stderr.strip()[-1500:]}",
            fix="correct the dependencies in pyproject.toml or node.in",
        )
