"""Wheels -> the zips of Python that the engine unpacks, as bytecode."""

import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from build_steps.node import run_script
from build_steps.parts import extract
from build_steps.progress import say

# What the page's numpy does without: building, Fortran, headers, type stubs.
_LEFT_OUT = ("numpy/f2py/", "numpy/_pyinstaller/", "numpy/_core/include/")
_SUFFIXES_LEFT_OUT = (".pyi", ".h", ".a", ".pxd", ".pyx", ".c", ".ini", ".pc", ".template")
_ONNX_MODULE = "onnx/onnx_cpp2py_export.abi3.so"


def make_archives(
    folder: Path,
    *,
    paths: Mapping[str, Path],
    wheel: Path,
    rest_finder: Path,
    variables: Mapping[str, str],
) -> None:
    """Make python_stdlib, numpy, phantomgpu and rest.zip, and onnx/*.wasm.

    Args:
        folder: Empty folder where they go.
        paths: The page's parts, by id.
        wheel: Our wheel.
        rest_finder: The module that the worker imports before anything else.
        variables: Environment with `node` on its PATH.

    Raises:
        BuildError: Pyodide under Node could not do it.
    """
    given = folder / "given"
    given.mkdir(parents=True)
    pyodide = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json"]
    members = {f"package/{name}": folder / "pyodide" / name for name in pyodide}
    members["package/python_stdlib.zip"] = given / "python_stdlib.zip"
    extract(paths["pyodide"], members)
    _repack([paths["numpy"]], given / "numpy.zip")
    ours = {rest_finder.name: rest_finder.read_bytes()}
    _repack([wheel, paths["tomli"]], given / "phantomgpu.zip", also=ours)
    _precompile(folder, variables)
    for made in (folder / "made").iterdir():
        _repack([made], folder / made.name)
    for leftover in ("given", "made", "pyodide"):
        shutil.rmtree(folder / leftover)
    with zipfile.ZipFile(paths["onnx"]) as onnx:
        module = onnx.read(_ONNX_MODULE)
    library = folder / "onnx" / (Path(_ONNX_MODULE).name.partition(".")[0] + ".wasm")
    library.parent.mkdir()
    library.write_bytes(module)


def _precompile(folder: Path, variables: Mapping[str, str]) -> None:
    """Let Pyodide write made/ from given/."""
    said = run_script(
        Path(__file__).with_name("precompile.mjs"),
        *(folder / name for name in ("pyodide", "given", "made")),
        variables=variables,
        failure="Pyodide cannot precompile the page's Python",
        fix="see that `node --version` is at least 20; else it is a mistake in the code above",
    )
    for line in said.splitlines():
        say(f"  {line}")


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
    write_zip(kept, destination)


def write_zip(members: Mapping[str, bytes], destination: Path) -> None:
    """Write a zip that is the same bytes for the same members."""
    with zipfile.ZipFile(destination, "w") as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED, 9)
