"""Imports what the page's engine starts with, and makes it forget where that came from.

Runs inside Pyodide, started by snapshot.mjs, as the last Python before the
snapshot is taken. Its value: paths of the files that the snapshot holds too,
as JSON: those of phantomgpu that are no Python, and PyScript's own Python as
bytecode, which PyScript would otherwise compile at every start.
"""

import ast
import gc
import importlib
import json
import sys
import zipimport
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from marshal import dumps
from pathlib import Path

SITE_PACKAGES = Path("/lib/python3.14/site-packages")
# Where PyScript writes its Python; snapshot.mjs has put it there.
PYSCRIPT = Path.home() / "pyscript"
STDLIB = "/lib/python314.zip"
# What worker.py gets from JavaScript; it is not there yet.
OF_JAVASCRIPT = ("js", "site_parts")
# Used by PyScript and by Pyodide's JavaScript.
ALSO_AT_START = ["asyncio", "base64", "contextvars", "html", "inspect", "io", "json",
                 "pyodide.code", "pyodide.ffi.wrappers", "pyodide.http", "pyodide.webloop",
                 "shutil", "textwrap", "types", "typing", "zipfile"]  # fmt: skip


def imported_by(script: Path) -> list[str]:
    """The modules that a script imports by itself."""
    found = []
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return [name for name in found if name not in OF_JAVASCRIPT]


def is_kept(path: Path) -> bool:
    """Whether the snapshot holds a file of phantomgpu: no Python, and no built-in model.

    A model is fetched when it is first looked into.
    """
    is_model = path.parent.name == "models" and path.suffix != ".toml"
    return path.is_file() and not is_model and path.suffix not in (".py", ".pyc")


def bytecode_of(source: Path) -> Path:
    """Leave the bytecode beside a source; it counts as long as the source is the same."""
    text = source.read_bytes()
    # Flags: valid by the hash of the source, not its date, and to be compared.
    header = MAGIC_NUMBER + (0b11).to_bytes(4, "little") + source_hash(text)
    place = Path(cache_from_source(str(source)))
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(header + dumps(compile(text, str(source), "exec", dont_inherit=True)))
    return place


def forget_archives() -> None:
    """Leave nothing that would look for a file which the page does not have."""
    sys.path.remove(STDLIB)
    sys.path_importer_cache.clear()
    zipimport._zip_directory_cache.clear()  # type: ignore[attr-defined]  # private


for name in ["engine_rest", *imported_by(Path("/worker.py")), *ALSO_AT_START]:
    importlib.import_module(name)
forget_archives()
files = [
    *(path for path in sorted((SITE_PACKAGES / "phantomgpu").rglob("*")) if is_kept(path)),
    SITE_PACKAGES / "engine_rest.txt",
    *(bytecode_of(path) for path in sorted(PYSCRIPT.rglob("*.py"))),
]
del name
gc.collect()
json.dumps([str(path) for path in files])
