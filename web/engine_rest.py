"""Brings the rest of the standard library and of numpy when something asks for it.

The engine's first archives hold what every start imports; rest.zip holds the
other modules, some 2.6 MB that most visits never need. The finder below stands
last in `sys.meta_path`: it is asked only for a module that is nowhere else.
"""

import io
import sys
import zipfile
from importlib.machinery import PathFinder
from pathlib import Path

_ROOT = "/lib/python_rest"
# Written by build_steps/precompile_archives.py: the modules of rest.zip.
_NAMES = Path(__file__).with_name("engine_rest.txt")


class _RestFinder:
    def __init__(self, load):
        self._load = load
        self._names = frozenset(_NAMES.read_text().split())

    def find_spec(self, name, path=None, target=None):
        if name not in self._names:
            return None
        if self._load is not None:
            with zipfile.ZipFile(io.BytesIO(self._load().to_bytes())) as archive:
                archive.extractall(_ROOT)
            self._load = None
        package = name.rpartition(".")[0].replace(".", "/")
        return PathFinder.find_spec(name, [f"{_ROOT}/{package}"])


def install(load):
    """Find the modules of rest.zip from now on.

    Args:
        load: Gives the bytes of rest.zip, as a JavaScript buffer.
    """
    sys.meta_path.append(_RestFinder(load))
