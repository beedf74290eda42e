"""/given -> /made: what the engine imports at start as bytecode, the rest aside.

Runs inside Pyodide, started by precompile.mjs. It imports the engine once and
sees which files that took: those go into the archives the page loads first,
compiled, so that starting compiles nothing and downloads little. Everything
else goes, as source, into rest.zip, which `engine.mjs` fetches when something
asks for a module that is not there.
"""

import importlib
import marshal
import sys
import zipfile
from collections.abc import Iterable, Mapping
from importlib.util import MAGIC_NUMBER

SITE_PACKAGES = "/lib/python3.14/site-packages"
STDLIB = "/lib/python314.zip"
# Archive -> folder its files are imported from.
ARCHIVES = {"python_stdlib": STDLIB, "numpy": SITE_PACKAGES, "phantomgpu": SITE_PACKAGES}
# Used by PyScript, by Pyodide's JavaScript or only inside functions: not seen below.
ALSO_AT_START = [
    "asyncio", "base64", "contextvars", "dataclasses", "html", "inspect", "json", "shutil",
    "textwrap", "tomllib", "traceback", "types", "typing", "zipfile", "zlib",
    "pyodide.code", "pyodide.ffi.wrappers", "pyodide.http", "pyodide.webloop",
    "encodings.ascii", "encodings.idna", "encodings.latin_1", "encodings.cp437",
]  # fmt: skip
# The shells; and, of the profiles, the scripts that made the built-in models.
NOT_ON_THE_PAGE = (
    "phantomgpu/cli/",
    "phantomgpu/converters/",
)
# Ours stays as it is; theirs goes without assertions and docstrings, which are a tenth of the
# download and which nothing on the page reads.
OURS, THEIRS = 0, 2
# numpy.ma, which np.median and np.unique import, makes its docstrings out of these.
DOCUMENTED = ("numpy/_core/numeric.py", "numpy/lib/_shape_base_impl.py")
WITH_DOCSTRINGS = 1
# Magic number, then no flags, date and size of the source: there is no source
# beside it, so the importer compares nothing.
HEADER = MAGIC_NUMBER + bytes(12)


def import_engine() -> set[str]:
    """Import all that the page may use at start; the files that took."""
    for name in ("numpy", "phantomgpu"):
        with zipfile.ZipFile(f"/given/{name}.zip") as archive:
            archive.extractall(SITE_PACKAGES)
    importlib.invalidate_caches()
    for name in ["numpy", "tomli", *our_modules(), *ALSO_AT_START]:
        try:
            importlib.import_module(name)
        except Exception as error:
            # The site still shows what it can; the tests in Pyodide fail on it.
            print(f"cannot import {name} in Pyodide: {type(error).__name__}: {error}")
    return {getattr(module, "__file__", None) or "" for module in sys.modules.values()}


def our_modules() -> list[str]:
    """Names of our modules that the page may import."""
    return module_names(name for name in read("phantomgpu") if is_ours(name))


def is_ours(name: str) -> bool:
    """Whether a member of phantomgpu.zip is for the page."""
    return name.startswith(("phantomgpu/", "engine_rest")) and not is_left_out(name)


def level_of(name: str) -> int:
    """How much of a member's source its bytecode goes without."""
    if is_ours(name):
        return OURS
    return WITH_DOCSTRINGS if name in DOCUMENTED else THEIRS


def is_left_out(name: str) -> bool:
    """Whether the page never needs a member of phantomgpu.zip."""
    is_script = name.startswith("phantomgpu/profiles/") and name.endswith(".py")
    return is_script or name.startswith(NOT_ON_THE_PAGE)


def bytecode(path: str, source: bytes, *, optimize: int) -> bytes:
    """What `import` would have compiled this source to, at that level of optimization."""
    code = compile(source, path, "exec", dont_inherit=True, optimize=optimize)
    return HEADER + marshal.dumps(code)


def main() -> None:
    """Write the archives of /given anew into /made, and rest.zip beside them."""
    at_start = import_engine()
    rest: dict[str, bytes] = {}
    where: list[str] = []
    for archive, folder in ARCHIVES.items():
        given, made = read(archive), {}
        for name, data in given.items():
            path = f"{folder}/{name}"
            if is_left_out(name):
                continue
            if path not in at_start and not is_ours(name):
                rest[name] = data
            elif name.endswith(".py"):
                optimize = level_of(name)
                made[name + "c"] = bytecode(path, data, optimize=optimize)
            else:
                made[name] = data
        where.append(" ".join([archive, *module_names(made)]))
        if archive == "phantomgpu":
            where.append(" ".join(["rest", *module_names(rest)]))
            made["engine_rest.txt"] = "\n".join(where).encode()
        write(archive, made)
    write("rest", rest)


def module_names(files: Iterable[str]) -> list[str]:
    """Names of the modules in these files."""
    stems = {name.split(".")[0] for name in files if name.endswith((".py", ".pyc", ".so"))}
    return sorted(stem.removesuffix("/__init__").replace("/", ".") for stem in stems)


def read(name: str) -> dict[str, bytes]:
    """Members of an archive of /given, folders left out."""
    with zipfile.ZipFile(f"/given/{name}.zip") as archive:
        return {member: archive.read(member) for member in archive.namelist() if member[-1] != "/"}


def write(name: str, members: Mapping[str, bytes]) -> None:
    """Write an archive of /made, for build_steps/site.py to compress."""
    with zipfile.ZipFile(f"/made/{name}.zip", "w") as archive:
        for member in sorted(members):
            archive.writestr(zipfile.ZipInfo(member), members[member])


main()
