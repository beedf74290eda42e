"""Brings a module that the engine did not start with when something asks for it.

The engine starts with what its first seconds import; the other modules of the
standard library, of numpy and of phantomgpu, some 2.6 MB, are in archives that
most visits never need. The finder below stands last in `sys.meta_path`: it is
asked only for a module that is nowhere else.
"""

import io
import sys
import zipfile
from importlib.machinery import PathFinder
from pathlib import Path

_ROOT = "/lib/python_rest"
# Written by build_steps/precompile_archives.py: an archive and its modules on each line.
_NAMES = Path(__file__).with_name("engine_rest.txt")


class _RestFinder:
    def __init__(self, load):
        self._load = load
        self._archives = {}
        for line in _NAMES.read_text().splitlines():
            archive, *names = line.split()
            self._archives.update(dict.fromkeys(names, archive))
        self._unpacked = set()

    def find_spec(self, name, path=None, target=None):
        archive = self._archives.get(name)
        if archive is None:
            return None
        if archive not in self._unpacked:
            with zipfile.ZipFile(io.BytesIO(self._load(archive).to_bytes())) as members:
                members.extractall(_ROOT)
            self._unpacked.add(archive)
        package = name.rpartition(".")[0].replace(".", "/")
        return PathFinder.find_spec(name, [f"{_ROOT}/{package}"])


def install(load):
    """Find the modules of the archives from now on.

    Args:
        load: Gives the bytes of the archive of that name, as a JavaScript buffer.
    """
    sys.meta_path.append(_RestFinder(load))
