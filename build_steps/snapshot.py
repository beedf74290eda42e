"""Archives of Python and the worker's modules -> the memory that the engine starts from."""

import ast
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from build_steps.archives import write_zip
from build_steps.node import run_script
from build_steps.parts import Part, extract

WORKER = "worker.py"
"""The page file whose imports the engine starts with."""

SHARED = "snapshot.mjs"
"""The page file that says how memory is laid out, and restores a snapshot."""

_LIBRARY_SUFFIX = ".so"
_PACKAGE = "web"
_MODELS = "phantomgpu/profiles/models/"
# PyScript's own Python, as an object of JavaScript.
_PYSCRIPT = "package/src/stdlib/pyscript.js"


def worker_modules(web: Path) -> list[Path]:
    """The page's own modules that its worker imports, and what those import."""
    found: dict[str, Path] = {}
    unseen = [web / WORKER]
    while unseen:
        for name in _imports(unseen.pop()):
            path = web / f"{name}.py"
            if name not in found and path.is_file():
                found[name] = path
                unseen.append(path)
    return [found[name] for name in sorted(found)]


def make_snapshot(
    folder: Path,
    *,
    web: Path,
    archives: Path,
    parts: Mapping[str, Part],
    paths: Mapping[str, Path],
    variables: Mapping[str, str],
) -> None:
    """Make web.zip, snapshot.wasm, numpy/*.wasm and models/.

    Args:
        folder: Empty folder where they go.
        web: The page's own files.
        archives: Folder with the zips of Python.
        parts: The lock of the page's parts.
        paths: Each part in the cache, by id.
        variables: Environment with `node` on its PATH.

    Raises:
        BuildError: Pyodide under Node could not do it.
    """
    modules = {f"{_PACKAGE}/{path.name}": path.read_bytes() for path in worker_modules(web)}
    write_zip(modules, folder / "web.zip")
    with tempfile.TemporaryDirectory() as given:
        pyodide = {name: Path(given) / Path(name).name for name in parts["pyodide"].files}
        extract(paths["pyodide"], pyodide)
        extract(paths["pyscript"], {_PYSCRIPT: Path(given) / "pyscript.mjs"})
        for archive in (*archives.glob("*.zip"), folder / "web.zip"):
            shutil.copyfile(archive, Path(given) / archive.name)
        _copy_models(archives / "phantomgpu.zip", folder / "models")
        (folder / "numpy").mkdir()
        with zipfile.ZipFile(archives / "numpy.zip") as numpy:
            for name in numpy.namelist():
                if name.endswith(_LIBRARY_SUFFIX):
                    library = folder / "numpy" / (Path(name).name.partition(".")[0] + ".wasm")
                    library.write_bytes(numpy.read(name))
        run_script(
            Path(__file__).with_suffix(".mjs"),
            *(Path(given), web, folder / "numpy", folder / "snapshot.wasm"),
            variables=variables,
            failure="the engine's snapshot cannot be made",
            fix="it is a mistake in the code above, or Pyodide's private API has changed",
        )


def _copy_models(archive: Path, folder: Path) -> None:
    """The built-in models, which the snapshot leaves out, as files of their own."""
    folder.mkdir()
    with zipfile.ZipFile(archive) as package:
        for name in package.namelist():
            if name.startswith(_MODELS) and not name.endswith((".toml", ".py", ".pyc")):
                (folder / Path(name).name).write_bytes(package.read(name))


def _imports(script: Path) -> list[str]:
    """Names of the page's own modules that a script imports."""
    tree = ast.walk(ast.parse(script.read_text("utf-8")))
    named = [node.module or "" for node in tree if isinstance(node, ast.ImportFrom)]
    return [name.partition(".")[2] for name in named if name.startswith(_PACKAGE + ".")]
