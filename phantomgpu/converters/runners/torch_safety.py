"""Opens what PyTorch pickled without running it, unless the user trusts who made it."""

import ast
import json
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

from phantomgpu.converters.runners.protocol import Refused, Task

_WORDS = frozenset({
    "Symbol", "Integer", "Float", "Rational", "Add", "Mul", "Pow", "Mod", "Max", "Min", "Eq",
    "Ne", "Lt", "Le", "Gt", "Ge", "StrictLessThan", "LessThan",
    "StrictGreaterThan", "GreaterThan", "And", "Or", "Not", "floor", "ceiling", "Abs", "sqrt",
    "FloorDiv", "CleanDiv", "CeilDiv", "CeilToInt", "FloorToInt", "TruncToInt", "TruncToFloat",
    "RoundToInt", "ToFloat", "IntTrueDiv", "FloatTrueDiv", "ModularIndexing", "PythonMod",
    "PowByNatural", "FloatPow", "Where", "LShift", "RShift", "Identity",
})  # fmt: skip
"""What may be called in a size: what PyTorch itself writes (torch.utils._sympy.functions)."""

_ARITHMETIC = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Name, ast.Load,
    ast.Constant, ast.keyword, ast.Tuple, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


def open_checkpoint(task: Task) -> Any:
    """What is in a ``.pt`` file; with ``weights_only=True`` first.

    Raises:
        Refused: It holds Python objects and is not trusted; it is damaged; a class is missing.
    """
    import torch

    path = Path(task["path"])
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=_can_map(path))
    except pickle.UnpicklingError as error:
        if not task["trust"]:
            raise asks_for_trust(path, error) from None
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise _damaged(path, error) from None
    _know_main(task)
    try:
        return torch.load(path, map_location="cpu", weights_only=False, mmap=_can_map(path))
    except (ModuleNotFoundError, AttributeError) as error:
        raise Refused(
            f"{path.name} needs a class that is not here: {error}",
            "give the file that defines it with --module model.py:factory, beside --trust, or "
            "save the model with torch.export.save, which needs no class",
        ) from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise _damaged(path, error) from None


def check_program(path: Path) -> None:
    """Refuse an exported program whose loading would run what is in it.

    PyTorch reads size expressions with sympy, which evaluates text; what it pickles besides is
    held back by its own switch, ``TORCH_FORCE_WEIGHTS_ONLY_LOAD``.

    Raises:
        Refused: An expression is more than arithmetic, or the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    _check_expressions(path, json.loads(archive.read(name)))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _damaged(path, error) from None


def _check_expressions(path: Path, value: Any) -> None:
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, list):
            pending += each
        elif isinstance(each, dict):
            pending += each.values()
            text = each.get("expr_str")
            if isinstance(text, str) and not is_arithmetic(text):
                raise Refused(
                    f"{path.name} has a size that is more than arithmetic: {text[:100]!r}",
                    "if you trust whoever made the file, add --trust; it runs with your rights",
                )


def is_arithmetic(text: str) -> bool:
    """Whether evaluating an expression can do no more than compute a size.

    >>> is_arithmetic("2*Symbol('s40', positive=True, integer=True) + 1")
    True
    >>> is_arithmetic("__import__('os').system('ls')")
    False
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in _WORDS:
                return False
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and not re.fullmatch(r"\w*", node.value):
                return False
        elif not isinstance(node, _ARITHMETIC):
            return False
    return True


def asks_for_trust(path: Path, error: Exception) -> Refused:
    """The answer for a file that holds more than tensors, with the names that it asks for."""
    import torch

    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # it is of the old format, or no checkpoint: the first error names one
        names = re.findall(r"GLOBAL ([\w.]+)", str(error))
    said = f": {', '.join(sorted(names)[:6])}" if names else ""
    return Refused(
        f"{path.name} holds Python objects and not tensors alone{said}. To open it is to run "
        "what is in it, and it may be anything",
        "if you trust whoever made the file, add --trust; it runs with your rights. Better: save "
        "the model with torch.export.save, which needs no trust",
    )


def _damaged(path: Path, error: Exception) -> Refused:
    words = str(error).strip().splitlines() or [type(error).__name__]
    return Refused(
        f"{path.name} cannot be read: {words[0][:300]}",
        "fetch or save the file again; it is cut off or damaged",
    )


def _can_map(path: Path) -> bool:
    """Whether tensors may stay in the file: only the newer format, a zip, allows that."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _know_main(task: Task) -> None:
    """Classes of a script that was run directly are pickled as ``__main__.Name``."""
    import sys

    if task["module"]:
        module = sys.modules[Path(task["module"]).stem]
        main = sys.modules["__main__"]
        for name, value in vars(module).items():
            if not hasattr(main, name):
                setattr(main, name, value)
