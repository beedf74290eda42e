"""A run of a model: kernels in a stream, fed by a host that may fall behind."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def stream_time(
    *,
    device_s: FloatArray,
    dispatch_s: FloatArray,
    kernels: FloatArray,
    start_s: FloatArray,
    behind_s: FloatArray | float = 0.0,
) -> FloatArray:
    """Seconds of one run: the device's or the host's, whichever is longer.

    The host issues kernels ahead of the device. While kernels are longer than their dispatch
    only the first is waited for; when they are shorter the device waits for each, and runs the
    last one after the last dispatch.

    Args:
        device_s: All kernels and the gaps between them. [gpu, run]
        dispatch_s: Mean host time to issue one kernel. [run]
        kernels: How many there are, at least 1. [run]
        start_s: What a run costs before its first and after its last kernel. [run]
        behind_s: Host time between the launch of a lone kernel and the end of the stopwatch: a
            shorter kernel does not show. [run]

    Returns:
        Seconds. [gpu, run]

    Source:
        PyTorch documentation, "CUDA semantics", section "Asynchronous execution"; NVIDIA, "CUDA
        Graphs" (a graph removes the dispatch of each kernel).

    >>> float(stream_time(device_s=np.float64(3.0), dispatch_s=np.float64(0.5),
    ...     kernels=np.float64(1), start_s=np.float64(0.25)))
    3.75
    """
    host_s = (kernels - 1.0) * dispatch_s + device_s / kernels
    slower_s = np.maximum(np.maximum(device_s, host_s), behind_s)
    return np.asarray(start_s + dispatch_s + slower_s)
