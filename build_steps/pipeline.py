"""The order of things: environment, parts, wheel, site; each only when its inputs changed."""

import subprocess
from pathlib import Path

from build_steps.environment import Environment, ensure_environment, ensure_node
from build_steps.failure import BuildError
from build_steps.parts import fetch_parts, read_lock
from build_steps.progress import step
from build_steps.site import lay_out, precompile, prerender, write_sizes
from build_steps.stamp import content_hash, is_current, write_stamp

_WHEEL_INPUTS = ("phantomgpu", "profiles", "pyproject.toml", "README.md", "LICENSE")


def make_wheel(environment: Environment) -> Path:
    """Build our wheel into dist/, unless the one there is of these very sources."""
    root, folder = environment.root, environment.root / "dist"
    value = content_hash(root / name for name in _WHEEL_INPUTS)
    stamp = environment.cache / "wheel.sha256"
    wheels = sorted(folder.glob("phantomgpu-*.whl"))
    if len(wheels) == 1 and is_current(stamp, value):
        return wheels[0]
    for old in wheels:
        old.unlink()
    with step("wheel"):
        command = [environment.python, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BuildError(
                f"the wheel cannot be built:\n{done.stdout}{done.stderr}",
                fix="correct pyproject.toml or the files it names",
            )
    write_stamp(stamp, value)
    return next(folder.glob("phantomgpu-*.whl"))


def build_site(root: Path) -> Path:
    """Make web/dist/ from nothing but the checkout and the registries.

    Returns:
        The folder to serve.
    """
    environment = ensure_environment(root)
    wheel = make_wheel(environment)
    web, site, lock = root / "web", root / "web" / "dist", root / "web" / "parts.toml"
    parts = read_lock(lock)
    own = [path for path in web.iterdir() if path.name != "dist"]
    value = content_hash([*own, wheel, root / "build_steps"])
    stamp = environment.cache / "site.sha256"
    kept = [environment.cache / "parts" / part.kept_name for part in parts.values()]
    if site.is_dir() and is_current(stamp, value) and all(path.is_file() for path in kept):
        return site
    variables = ensure_node(environment)
    paths = fetch_parts(parts, environment.cache / "parts", environment=variables)
    with step("site") as advance:
        lay_out(web, site, parts=parts, paths=paths, wheel=wheel)
        advance(0.2, "bytecode, made by Pyodide")
        precompile(site, variables=variables)
        write_sizes(site)
        advance(0.9, "first answer")
        prerender(site, python=environment.python, root=root)
    write_stamp(stamp, value)
    return site
