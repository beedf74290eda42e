"""``--module file.py:factory``: calls the function that makes a model."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from phantomgpu.converters.runners.protocol import Refused, Task


def load_module(file: str) -> Any:
    """The module of a Python file, under its own name, so that pickles find its classes."""
    path = Path(file)
    # What lies beside the file is imported as when the file itself is run.
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def call_factory(task: Task) -> Any:
    """What the function of the user's file returns.

    Raises:
        Refused: The file has no such function, or the function fails.
    """
    name, file = task["factory"], Path(task["module"]).name
    try:
        module = load_module(task["module"])
        factory = getattr(module, name, None)
        if not callable(factory):
            functions = [key for key, value in vars(module).items() if callable(value)]
            raise Refused(
                f"{file} has no function {name}",
                f"name one of those it has: {', '.join(functions[:12]) or 'none'}",
            )
        return factory()
    except Refused:
        raise
    except Exception as error:
        import traceback

        traceback.print_exc()
        raise Refused(
            f"{name}() of {file} fails: {type(error).__name__}: {error}",
            "correct it; it must run without arguments and return the model and example inputs",
        ) from None
