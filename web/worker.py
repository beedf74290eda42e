"""The engine's side of the page: JSON text or bytes in, JSON text out."""

import json
import sys

import numpy

import phantomgpu

__export__ = ["versions"]


def versions():
    """Versions of what runs in the worker, as JSON."""
    return json.dumps({
        "engine": phantomgpu.__version__,
        "numpy": numpy.__version__,
        "python": sys.version.split()[0],
    })
