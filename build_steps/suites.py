"""The tests: in CPython with coverage, again in Pyodide, the page in Chromium, the converters."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from build_steps.chromium import ensure_chromium
from build_steps.environment import Environment, ensure_environment, ensure_node
from build_steps.failure import BuildError
from build_steps.parts import extract, fetch_parts, read_lock
from build_steps.pipeline import build_site
from build_steps.progress import say, step

# Branch coverage that must be reached, in percent.
_FLOOR = 95
_FLOORS_OF_PARTS = {"phantomgpu/cost/*,phantomgpu/hardware/*": 100}
# Hypothesis' own profile for slow and busy machines: no deadline, same examples each time.
_HYPOTHESIS = "--hypothesis-profile=ci"

# What phantomgpu/converters/requirements is pinned for: PyTorch's CPU build has a file a version.
_CONVERTERS_PYTHON = (3, 11)
# As long as all the others together.
_FIRST_HALF = ("test_tensorflow.py", "test_resnet50.py", "test_environment.py")


def test_unit(root: Path, arguments: Sequence[str]) -> bool:
    """Everything but page and Pyodide, with branch coverage; whether all is well.

    With arguments of the caller's own (some tests only) coverage is not judged.
    """
    environment = ensure_environment(root)
    pytest = [
        str(environment.python),
        "-m",
        "pytest",
        _HYPOTHESIS,
        "-m",
        "not browser and not pyodide and not converters",
    ]
    if arguments:
        return environment.run(*pytest, *arguments) == 0
    coverage = ["--cov", "--cov-branch", "--cov-report=term:skip-covered"]
    passed = environment.run(*pytest, *coverage) == 0
    return passed and _covered(environment)


def test_pyodide(root: Path, arguments: Sequence[str]) -> bool:
    """The core's unit tests inside Pyodide, on the site's own archives."""
    environment = ensure_environment(root)
    site = build_site(root)
    variables = ensure_node(environment)
    lock = root / "tests" / "pyodide" / "parts.toml"
    wheels = environment.cache / "pyodide-tests"
    parts = read_lock(lock)
    fetch_parts(parts, wheels, environment=variables, title="pytest for Pyodide")
    _forget_others(wheels, {part.kept_name for part in parts.values()})
    reference = environment.cache / "reference.json"
    make = root / "tests" / "pyodide" / "reference.py"
    if environment.run(environment.python, make, reference) != 0:
        return False
    script = root / "tests" / "pyodide" / "run.mjs"
    run = ["node", *map(str, [script, site, root, wheels, reference])]
    chosen = arguments or ["tests/unit", "tests/pyodide"]
    return environment.run(*run, *chosen, env=variables) == 0


def test_browser(root: Path, arguments: Sequence[str]) -> bool:
    """The page in a real Chromium, through Playwright, on plain static files."""
    environment = ensure_environment(root)
    site = build_site(root)
    parts = read_lock(root / "tests" / "browser" / "parts.toml")
    cache = environment.cache / "browser-tests"
    paths = fetch_parts(parts, cache, environment=ensure_node(environment), title="axe")
    extract(paths["axe"], {parts["axe"].files[0]: cache / "axe.min.js"})
    variables = {
        **environment.variables(),
        "PHANTOMGPU_SITE": str(site),
        "PHANTOMGPU_CHROMIUM": ensure_chromium(),
        "PHANTOMGPU_AXE": str(cache / "axe.min.js"),
    }
    chosen = arguments or ["tests/browser"]
    pytest = [str(environment.python), "-m", "pytest", _HYPOTHESIS, "-m", "browser"]
    return environment.run(*pytest, *chosen, env=variables) == 0


def test_converters(root: Path, arguments: Sequence[str]) -> bool:
    """The converters, each framework in an environment of its own, which the cache keeps.

    Raises:
        BuildError: This Python is not the one that the frameworks are pinned for.
    """
    if sys.version_info[:2] != _CONVERTERS_PYTHON:
        wanted = ".".join(map(str, _CONVERTERS_PYTHON))
        raise BuildError(
            f"the frameworks are pinned for Python {wanted}, and this is {sys.version.split()[0]}",
            fix=f"run python{wanted} build.py test --converters",
        )
    environment = ensure_environment(root)
    variables = {
        **environment.variables(),
        "PHANTOMGPU_CACHE": str(environment.cache / "converters"),
    }
    make = [environment.python, root / "tests" / "converters" / "environments.py"]
    with step("environments of the frameworks"):
        if environment.run(*make, env=variables) != 0:
            raise BuildError(
                "an environment of a framework cannot be made; its error stands above",
                fix="see that pip reaches what phantomgpu/converters/requirements pins",
            )
    pytest = [str(environment.python), "-m", "pytest", "-m", "converters"]
    if arguments:
        return environment.run(*pytest, *arguments, env=variables) == 0
    first = [str(Path("tests", "converters", name)) for name in _FIRST_HALF]
    rest = ["tests/converters", *(f"--ignore={path}" for path in first)]

    def run(chosen: Sequence[str]) -> bool:
        command = [*pytest, "-q", *chosen]
        done = subprocess.run(
            command, cwd=root, env=variables, capture_output=True, text=True, check=False
        )
        say(done.stdout + done.stderr)
        return done.returncode == 0

    # A framework starts on one core; two halves keep two busy.
    with ThreadPoolExecutor(max_workers=2) as pool:
        return all(list(pool.map(run, [first, rest])))


def _covered(environment: Environment) -> bool:
    """Whether the measured coverage reaches every floor."""
    enough = True
    for include, floor in {"phantomgpu/*": _FLOOR, **_FLOORS_OF_PARTS}.items():
        say(f"\nbranch coverage of {include} must be at least {floor} %:")
        report = ["report", "--skip-covered", f"--include={include}", f"--fail-under={floor}"]
        enough &= environment.run(environment.python, "-m", "coverage", *report) == 0
    return enough


def _forget_others(folder: Path, kept: set[str]) -> None:
    """Remove versions that are no longer pinned: run.mjs takes the whole folder."""
    for path in folder.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else os.unlink(path)
