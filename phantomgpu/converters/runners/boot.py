"""Starts a script of this folder in a Python that need not have PhantomGPU installed.

``python -P boot.py SCRIPT``, the task as JSON on standard input. The package is imported from
the folder this file lies in, without the packages installed beside it.
"""

import importlib
import json
import os
import sys
import traceback
import types
from pathlib import Path
from typing import Any


def main() -> None:
    """Run one script and say what it made."""
    # What frameworks print goes to the log; standard output is for lines of JSON alone.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _find_package(Path(__file__).resolve().parents[2])
    task = json.load(sys.stdin)

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")

    protocol = importlib.import_module("phantomgpu.converters.runners.protocol")
    script = importlib.import_module(f"phantomgpu.converters.runners.{sys.argv[1]}")
    try:
        done = script.main(task, lambda share, note: say({"progress": share, "note": note}))
    except protocol.Refused as refused:
        say({"error": {"what": refused.what, "fix": refused.fix}})
    except Exception as error:
        traceback.print_exc()
        say({"error": protocol.unexpected(error, task)})
    else:
        say({"done": done})
    answers.flush()
    # Frameworks leave threads behind that have nothing more to do.
    os._exit(0)


def _find_package(folder: Path) -> None:
    """Make ``phantomgpu`` and what is in it importable from its folder alone.

    The shell around this folder starts processes and needs packages that are not here, so its
    own first lines are not run.
    """
    for name, place in (("phantomgpu", folder), ("phantomgpu.converters", folder / "converters")):
        package = types.ModuleType(name)
        package.__path__ = [str(place)]
        sys.modules[name] = package


if __name__ == "__main__":
    main()
