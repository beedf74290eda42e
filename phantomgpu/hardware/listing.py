"""A GPU as a list of values, each with its unit, meaning and source, for people to read."""

from typing import Any

from phantomgpu.hardware.catalog import Catalog
from phantomgpu.hardware.check import leaves
from phantomgpu.hardware.schema import GPU, STATUS

NOT_STATED = "not stated"
"""The source of a value that its profile gives none for."""


def gpu_as_dict(catalog: Catalog, name: str) -> dict[str, Any]:
    """Everything a profile says, in the units of data sheets and in the order of the schema.

    Returns:
        ``id``, ``name``, ``status`` and what it means, ``basis``, ``fitted_on``,
        ``origin``, ``warnings`` and ``values``: a list of ``key``, ``value``,
        ``unit``, ``meaning``, ``source``; calibration last.

    Raises:
        UnknownNameError: There is no such GPU.
        ProfileError: Its profile is wrong.
    """
    gpu = catalog.gpu(name)
    written = {
        ".".join(path): value for path, value in leaves(catalog.entry("gpus", name).document)
    }
    written |= {f"calibration.{key}": value for key, value in gpu.calibration.values.items()}
    return {
        "id": gpu.id,
        "name": gpu.name,
        "status": gpu.status,
        "status_meaning": STATUS.get(gpu.status, "not checked"),
        "basis": gpu.calibration.basis,
        "fitted_on": gpu.calibration.fitted_on,
        "origin": gpu.origin,
        "warnings": list(gpu.warnings),
        "values": [
            {
                "key": key.path,
                "value": written[key.path],
                "unit": "" if key.unit == "1" else key.unit,
                "meaning": key.meaning,
                "source": gpu.sources.get(key.path, NOT_STATED),
            }
            for key in GPU
            if "." in key.path and key.path in written and key.path != "calibration.fitted_on"
        ],
    }
