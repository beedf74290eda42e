"""The order of things: environment, parts, wheel, archives, site; each when its inputs changed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from build_steps.archives import make_archives
from build_steps.bundle import bundle
from build_steps.compress import KINDS, compress, compressible, unpacked_on_the_page
from build_steps.environment import Environment, ensure_environment, ensure_node
from build_steps.failure import BuildError
from build_steps.offline import write_service_worker
from build_steps.parts import Part, fetch_parts, read_lock, remove_folder
from build_steps.progress import step
from build_steps.site import REST_FINDER, lay_out, prerender
from build_steps.snapshot import SHARED, WORKER, make_snapshot, worker_modules
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
        hatchling = [str(environment.python), "-m", "hatchling", "build", "-t", "wheel"]
        done = subprocess.run(
            [*hatchling, "-d", str(folder)], cwd=root, capture_output=True, text=True, check=False
        )
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
    web, site = root / "web", root / "web" / "dist"
    parts = read_lock(web / "parts.toml")
    own = [path for path in web.iterdir() if path != site]
    value = content_hash([*own, wheel, root / "build_steps"])
    stamp = environment.cache / "site.sha256"
    kept = [environment.cache / "parts" / part.kept_name for part in parts.values()]
    if site.is_dir() and is_current(stamp, value) and all(path.is_file() for path in kept):
        return site
    variables = ensure_node(environment)
    paths = fetch_parts(parts, environment.cache / "parts", environment=variables)
    archives = _archives(environment, paths, wheel, variables)
    snapshot = _snapshot(environment, archives, parts=parts, paths=paths, variables=variables)
    editor = _editor(environment, web / "editor", variables)
    with step("site") as advance, _replacing(site, environment.cache) as made:
        lay_out(web, made, parts=parts, paths=paths, made_parts=(archives, snapshot))
        shutil.copytree(editor, made / "parts" / "editor")
        advance(0.5, "first answer")
        prerender(made, python=environment.python, root=root)
        write_service_worker(made)
        advance(0.9, "gzip")
        cache = environment.cache / "compressed"
        compress(unpacked_on_the_page(made), ("gz",), cache=cache, variables=variables)
    write_stamp(stamp, value)
    return site


def compress_site(root: Path) -> Path:
    """Build the site as one puts it on a host: every file that gains by it compressed, too.

    Returns:
        The folder to serve.
    """
    site, environment = build_site(root), ensure_environment(root)
    with step("compressed"):
        cache, variables = environment.cache / "compressed", ensure_node(environment)
        compress(compressible(site), KINDS, cache=cache, variables=variables)
    return site


def _archives(
    environment: Environment, paths: Mapping[str, Path], wheel: Path, variables: Mapping[str, str]
) -> Path:
    """The zips of Python, made when a wheel or the way to make them has changed."""
    folder, finder = environment.cache / "archives", environment.root / "web" / REST_FINDER
    used = [paths[name] for name in ("pyodide", "numpy", "tomli", "onnx")]
    ways = sorted(Path(__file__).parent.glob("precompile*"))
    value = content_hash([*used, wheel, finder, *ways, Path(__file__).with_name("archives.py")])
    stamp = environment.cache / "archives.sha256"
    if not (folder.is_dir() and is_current(stamp, value)):
        with step("bytecode, made by Pyodide"), _replacing(folder, environment.cache) as made:
            make_archives(made, paths=paths, wheel=wheel, rest_finder=finder, variables=variables)
        write_stamp(stamp, value)
    return folder


def _snapshot(
    environment: Environment,
    archives: Path,
    *,
    parts: Mapping[str, Part],
    paths: Mapping[str, Path],
    variables: Mapping[str, str],
) -> Path:
    """The memory the engine starts from, made when something in it has changed."""
    folder, web = environment.cache / "snapshot", environment.root / "web"
    ways = sorted(Path(__file__).parent.glob("snapshot*"))
    own = [web / WORKER, web / SHARED, *worker_modules(web)]
    value = content_hash([archives, paths["pyodide"], paths["pyscript"], *own, *ways])
    stamp = environment.cache / "snapshot.sha256"
    if not (folder.is_dir() and is_current(stamp, value)):
        with step("snapshot of the engine"), _replacing(folder, environment.cache) as made:
            make_snapshot(
                made, web=web, archives=archives, parts=parts, paths=paths, variables=variables
            )
        write_stamp(stamp, value)
    return folder


def _editor(environment: Environment, source: Path, variables: Mapping[str, str]) -> Path:
    """The folder with the profile editor as one module, made when it or a package changed."""
    folder, script = environment.cache / "editor", source / "editor.js"
    way = Path(__file__).with_name("bundle.py")
    value = content_hash([script, source / "parts.toml", way])
    stamp = environment.cache / "editor.sha256"
    if not (folder.is_dir() and is_current(stamp, value)):
        parts, cache = read_lock(source / "parts.toml"), environment.cache / "parts"
        paths = fetch_parts(parts, cache, environment=variables, title="parts of the editor")
        with _replacing(folder, environment.cache) as made:
            bundle(script, made, parts=parts, paths=paths, variables=variables)
        write_stamp(stamp, value)
    return folder


@contextmanager
def _replacing(folder: Path, cache: Path) -> Iterator[Path]:
    """An empty folder to make something in; it replaces `folder` once that went well."""
    cache.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=cache))
    try:
        yield made
        made.chmod(0o755)
        remove_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, folder)
    finally:
        remove_folder(made)
