"""A site -> its files compressed, beside them: ``x.br`` and ``x.gz`` as servers look for them."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from build_steps.node import run_script

KINDS = ("br", "gz")
"""Endings of the compressed files, the smallest first."""

_SUFFIXES = {".html", ".css", ".js", ".mjs", ".py", ".json", ".svg", ".txt", ".wasm"}
# Below this a packet holds it anyway.
_SMALLEST_BYTES = 1000


def unpacked_on_the_page(site: Path) -> list[Path]:
    """The engine's large parts: where a host does not compress, the page asks for ``x.gz``."""
    return sorted((site / "parts").rglob("*.wasm"))


def compressible(site: Path) -> list[Path]:
    """The files that gain by it; archives and fonts are compressed as they are."""
    return sorted(
        path
        for path in site.rglob("*")
        if path.suffix in _SUFFIXES and path.stat().st_size >= _SMALLEST_BYTES
    )


def compress(
    paths: Iterable[Path], kinds: Iterable[str], *, cache: Path, variables: Mapping[str, str]
) -> None:
    """Put the compressed files beside the files, made once for the same contents.

    Args:
        paths: The files.
        kinds: Which of `KINDS`.
        cache: Folder that keeps them between runs.
        variables: Environment with `node` on its PATH.

    Raises:
        BuildError: Node could not do it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    beside = {
        path.with_name(f"{path.name}.{kind}"): cache / f"{_hash(path)}.{kind}"
        for path in paths
        for kind in kinds
    }
    missing = {made: place for place, made in beside.items() if not made.is_file()}
    if missing:
        wanted = [
            [str(place.with_suffix("")), place.suffix[1:], f"{made}.part"]
            for made, place in missing.items()
        ]
        run_script(
            Path(__file__).with_suffix(".mjs"),
            given=json.dumps(wanted),
            variables=variables,
            failure="the site cannot be compressed",
            fix="see that there is room on the disk; else it is a mistake in compress.mjs",
        )
        for made in missing:
            os.replace(f"{made}.part", made)
    for place, made in beside.items():
        shutil.copyfile(made, place)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
