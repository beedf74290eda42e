"""Rows of an older version of a runtime than its profile stands for."""

import math
import re
from typing import Final

from phantomgpu.hardware import Runtime
from phantomgpu.validation.rows import Row

_VERSION: Final = re.compile(r"\d+(?:\.\d+)?")
"""Major version, and minor if there is one."""


def age_slowdown(row: Row, runtime: Runtime) -> float:
    """Factor by which an older version of a runtime is slower than its profile says.

    One where the row names no version, the profile stands for none, or the row's is as new.
    """
    found = _VERSION.match(row.text("runtime_version"))
    present = runtime.calibration.get("version")
    if found is None or present is None:
        return 1.0
    age = max(present - float(found[0]), 0.0)
    return math.exp(age * runtime.calibration.get("older_version", 0.0))
