"""Pages, parts and wheel -> web/dist/, plain files that any static host serves."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from build_steps.failure import BuildError
from build_steps.parts import Part, extract, remove_folder

# What the page's numpy does without: building, Fortran, headers, type stubs.
_LEFT_OUT = ("numpy/f2py/", "numpy/_pyinstaller/", "numpy/_core/include/")
_SUFFIXES_LEFT_OUT = (".pyi", ".h", ".a", ".pxd", ".pyx", ".c", ".ini", ".pc", ".template")
_ONNX_MODULE = "onnx/onnx_cpp2py_export.abi3.so"
_PAGE_SUFFIXES = {".html", ".css", ".py", ".mjs", ".js", ".json", ".svg", ".woff2", ".png", ".ico"}
# Goes into phantomgpu.zip: the worker imports it before anything else.
_REST_FINDER = "engine_rest.py"
_NOT_COPIED = {_REST_FINDER, "prerender.py"}
# What the worker downloads before the engine is live.
_ENGINE_FILES = (
    "parts/pyodide/pyodide.mjs",
    "parts/pyodide/pyodide.asm.mjs",
    "parts/pyodide/pyodide.asm.wasm",
    "parts/pyodide/pyodide-lock.json",
    "parts/python_stdlib.zip",
    "parts/numpy.zip",
    "parts/phantomgpu.zip",
)


def lay_out(
    web: Path, site: Path, *, parts: Mapping[str, Part], paths: Mapping[str, Path], wheel: Path
) -> None:
    """Lay out the whole site anew, its Python still as source.

    Args:
        web: The page's own files.
        site: Folder to make.
        parts: The lock.
        paths: Each part in the cache, by id.
        wheel: Our wheel.
    """
    remove_folder(site)
    site.mkdir(parents=True)
    for file in web.iterdir():
        if file.suffix in _PAGE_SUFFIXES and file.name not in _NOT_COPIED:
            shutil.copyfile(file, site / file.name)
    for part in parts.values():
        folder = site / part.into
        extract(paths[part.id], {name: folder / Path(name).name for name in part.files})
    _forget_packages(site / "parts/pyodide/pyodide-lock.json")
    shutil.move(site / "parts/pyodide/python_stdlib.zip", site / "parts/python_stdlib.zip")
    _repack([paths["numpy"]], site / "parts/numpy.zip")
    finder = {_REST_FINDER: (web / _REST_FINDER).read_bytes()}
    _repack([wheel, paths["tomli"]], site / "parts/phantomgpu.zip", also=finder)
    with zipfile.ZipFile(paths["onnx"]) as onnx:
        module = onnx.read(_ONNX_MODULE)
    _write_archive({Path(_ONNX_MODULE).name: module}, site / "parts/onnx.zip")


def precompile(site: Path, *, variables: Mapping[str, str]) -> None:
    """Replace the Python archives of a site by bytecode, and split off rest.zip.

    Args:
        site: A site as `lay_out` leaves it.
        variables: Environment with `node` on its PATH.

    Raises:
        BuildError: Pyodide under Node could not do it.
    """
    script = Path(__file__).with_name("precompile.mjs")
    archives = site / "parts"
    done = subprocess.run(
        ["node", script, archives / "pyodide", archives, archives / "made"],
        capture_output=True,
        text=True,
        check=False,
        env=dict(variables),
    )
    if done.returncode != 0:
        raise BuildError(
            f"Pyodide cannot precompile the page's Python:\n{done.stderr[-2000:]}",
            fix="see that `node --version` is at least 20; else it is a mistake in the code above",
        )
    for line in done.stdout.splitlines():
        print(f"  {line}")
    for made in (archives / "made").iterdir():
        _repack([made], archives / made.name)
    remove_folder(archives / "made")


def prerender(site: Path, *, python: Path, root: Path) -> None:
    """Write the first answer into index.html: the engine's own, made now.

    Raises:
        BuildError: The engine, as it is in this checkout, gives none.
    """
    command = [python, "-m", "web.prerender", site]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(
            f"the page's first answer cannot be made:\n{done.stderr[-2000:]}",
            fix="see what `python -m web.prerender web/dist` says: it is the engine or the page",
        )


def write_sizes(site: Path) -> None:
    """Tell engine.mjs how many bytes it will load, for the page's progress line."""
    engine = site / "engine.mjs"
    total = sum((site / name).stat().st_size for name in _ENGINE_FILES)
    engine.write_text(engine.read_text().replace("{{engine_bytes}}", str(total)))


def _forget_packages(lock: Path) -> None:
    """Keep of pyodide-lock.json what starting needs: we bring the packages ourselves."""
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "packages": {}}))


def _repack(
    wheels: Sequence[Path], destination: Path, *, also: Mapping[str, bytes] | None = None
) -> None:
    """Pack wheels into one zip without what the page never reads."""
    kept = dict(also or {})
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                left_out = name.startswith(_LEFT_OUT) or name.endswith(_SUFFIXES_LEFT_OUT)
                if not left_out and not name.endswith("/"):
                    kept[name] = archive.read(name)
    _write_archive(kept, destination)


def _write_archive(members: Mapping[str, bytes], destination: Path) -> None:
    """Write a zip that is the same bytes for the same members."""
    with zipfile.ZipFile(destination, "w") as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED, 9)
