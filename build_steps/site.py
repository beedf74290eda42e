"""Pages, parts and archives -> web/dist/, plain files that any static host serves."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from build_steps.failure import BuildError
from build_steps.parts import Part, extract

REST_FINDER = "engine_rest.py"
"""The page file that goes into phantomgpu.zip instead of the site's folder."""

_PAGE_SUFFIXES = {".html", ".css", ".py", ".mjs", ".js", ".json", ".svg", ".png", ".ico", ".txt"}
_NOT_COPIED = {REST_FINDER, "prerender.py"}
# What the page shares with the core: it runs in MicroPython too.
_FROM_THE_CORE = ("phantomgpu/comparison/search.py",)
# What the worker downloads before the engine is live.
_ENGINE_FILES = (
    "parts/pyodide/pyodide.mjs",
    "parts/pyodide/pyodide.asm.mjs",
    "parts/pyodide/pyodide.asm.wasm",
    "parts/pyodide/pyodide-lock.json",
    "parts/numpy/_multiarray_umath.wasm",
    "parts/numpy/_umath_linalg.wasm",
    "parts/snapshot.wasm",
)


def lay_out(
    web: Path,
    site: Path,
    *,
    parts: Mapping[str, Part],
    paths: Mapping[str, Path],
    made_parts: Sequence[Path],
) -> None:
    """Lay out a site in an empty folder.

    Args:
        web: The page's own files.
        site: The folder.
        parts: The lock.
        paths: Each part in the cache, by id.
        made_parts: Folders whose files go into parts/.
    """
    for file in web.iterdir():
        if file.suffix in _PAGE_SUFFIXES and file.name not in _NOT_COPIED:
            shutil.copyfile(file, site / file.name)
    for name in _FROM_THE_CORE:
        shutil.copyfile(web.parent / name, site / Path(name).name)
    for part in parts.values():
        folder = site / part.into
        extract(paths[part.id], {name: folder / Path(name).name for name in part.files})
    for folder in made_parts:
        shutil.copytree(folder, site / "parts", dirs_exist_ok=True)
    _forget_packages(site / "parts/pyodide/pyodide-lock.json")
    _write_sizes(site)


def prerender(site: Path, *, python: Path, root: Path) -> None:
    """Write the first answer into index.html: the engine's own, made now.

    Raises:
        BuildError: The engine, as it is in this checkout, gives none.
    """
    command: list[str | Path] = [python, "-m", "web.prerender", site]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(
            f"the page's first answer cannot be made:\n{done.stderr[-2000:]}",
            fix="see what `python -m web.prerender web/dist` says: it is the engine or the page",
        )


def _write_sizes(site: Path) -> None:
    """Tell engine.mjs how many bytes it will load, for the page's progress line."""
    engine = site / "engine.mjs"
    total = sum((site / name).stat().st_size for name in _ENGINE_FILES)
    engine.write_text(engine.read_text().replace("{{engine_bytes}}", str(total)))


def _forget_packages(lock: Path) -> None:
    """Keep of pyodide-lock.json what starting needs: we bring the packages ourselves."""
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "packages": {}}))
