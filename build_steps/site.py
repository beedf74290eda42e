"""Pages, parts and wheel -> web/dist/, plain files that any static host serves."""

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from build_steps.parts import Part, extract, remove_folder

# What the page's numpy does without: building, Fortran, types, headers.
_NUMPY_LEFT_OUT = ("numpy/f2py/", "numpy/_pyinstaller/", "numpy/core/include/", "numpy/typing/")
_SUFFIXES_LEFT_OUT = (".pyi", ".h", ".a", ".pxd", ".pyx", ".c", ".ini", ".pc", ".template")
_ONNX_MODULE = "onnx/onnx_cpp2py_export.abi3.so"
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
_PAGE_SUFFIXES = {".html", ".css", ".py", ".mjs", ".js", ".json", ".svg", ".woff2", ".png", ".ico"}


def make_site(
    web: Path, site: Path, *, parts: Mapping[str, Part], paths: Mapping[str, Path], wheel: Path
) -> None:
    """Lay out the whole site anew.

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
        if file.suffix in _PAGE_SUFFIXES:
            shutil.copyfile(file, site / file.name)
    for part in parts.values():
        folder = site / part.into
        extract(paths[part.id], {name: folder / Path(name).name for name in part.files})
    shutil.move(site / "parts/pyodide/python_stdlib.zip", site / "parts/python_stdlib.zip")
    copy_archive([paths["numpy"]], site / "parts/numpy.zip")
    copy_archive([wheel, paths["tomli"]], site / "parts/phantomgpu.zip")
    with zipfile.ZipFile(paths["onnx"]) as onnx:
        module = onnx.read(_ONNX_MODULE)
    write_archive({Path(_ONNX_MODULE).name: module}, site / "parts/onnx.zip")
    engine = site / "engine.mjs"
    total = sum((site / name).stat().st_size for name in _ENGINE_FILES)
    engine.write_text(engine.read_text().replace("{{engine_bytes}}", str(total)))


def copy_archive(wheels: Iterable[Path], destination: Path) -> None:
    """Repack wheels into one zip without what the page never reads."""
    kept = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                left_out = name.startswith(_NUMPY_LEFT_OUT) or name.endswith(_SUFFIXES_LEFT_OUT)
                if not left_out and not name.endswith("/"):
                    kept[name] = archive.read(name)
    write_archive(kept, destination)


def write_archive(members: Mapping[str, bytes], destination: Path) -> None:
    """Write a zip that is the same bytes for the same members."""
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED, 9)
