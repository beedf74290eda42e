"""A Chromium for the page's tests: the one there is, or Debian's."""

import os
import shutil
import subprocess

from build_steps.failure import BuildError
from build_steps.progress import step

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def ensure_chromium() -> str:
    """Find Chromium, or install Debian's package where that is allowed.

    Returns:
        Path of the program; PHANTOMGPU_CHROMIUM in the environment wins.

    Raises:
        BuildError: There is none, and this user may not install one.
    """
    found = _find()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        with step("Chromium from Debian") as advance:
            _apt_get("update")
            advance(0.2, "chromium")
            _apt_get("install", "--yes", "--no-install-recommends", "chromium")
        found = _find()
    if found is None:
        raise BuildError(
            "the page's tests need Chromium, and there is none on PATH",
            fix="`sudo apt-get install chromium`, or install Chrome or Chromium from your system's "
            "packages, or set PHANTOMGPU_CHROMIUM to its path; "
            "`python build.py test --unit` runs what needs no browser",
        )
    return found


def _find() -> str | None:
    named = os.environ.get("PHANTOMGPU_CHROMIUM")
    if named:
        return named
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def _apt_get(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise BuildError(
            f"`apt-get {' '.join(arguments)}` failed: {words[-1] if words else 'no word why'}",
            fix="install the package `chromium` by hand, then run again",
        )
