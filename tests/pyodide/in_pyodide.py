"""pytest plugin for the run inside Pyodide: which test files can run there.

A file is left out only when it imports something that is not there, and every
file left out is named in the closing summary.
"""

import ast
from pathlib import Path

import hypothesis

# Not in the page: the onnx package and its runtime are peers to compare with,
# the others belong to the shell, and Pyodide starts no processes.
NOT_THERE = {"benchmarks", "click", "onnx", "onnxruntime", "playwright", "rich", "subprocess"}
SHELLS = ("phantomgpu.cli", "phantomgpu.converters")

_left_out: dict[str, list[str]] = {}


def pytest_configure(config):
    hypothesis.settings.register_profile(
        "pyodide", deadline=None, derandomize=True, database=None, max_examples=25
    )
    hypothesis.settings.load_profile("pyodide")


def pytest_ignore_collect(collection_path, config):
    file = collection_path / "conftest.py" if collection_path.is_dir() else collection_path
    if file.suffix != ".py" or not file.exists():
        return None
    missing = sorted(_imports(file) & NOT_THERE)
    if missing:
        _left_out[str(collection_path.relative_to(config.rootpath))] = missing
        return True
    return None


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("left out in Pyodide", sep="-")
    for name, missing in sorted(_left_out.items()):
        terminalreporter.line(f"{name}: needs {', '.join(missing)}")


def _imports(path: Path) -> set[str]:
    """Top names of the modules a file imports; `click` stands for the shells."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    shell = {"click"} if any(name.startswith(SHELLS) for name in names) else set()
    return {name.partition(".")[0] for name in names} | shell
