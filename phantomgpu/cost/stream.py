"""A run of a model: kernels in a stream, fed by a host that may fall behind."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def stream_time(*, device_s: FloatArray, host_s: FloatArray, start_s: float) -> FloatArray:
    """Seconds of one run: the device's or the host's, whichever is longer.

    The host issues kernels ahead of the device. While kernels are longer than their dispatch it
    is never waited for; when they are shorter the device waits for each.

    Args:
        device_s: All kernels and the gaps between them. [gpu]
        host_s: All dispatches. One number or [gpu]
        start_s: What a run costs before its first and after its last kernel.

    Returns:
        Seconds. [gpu]

    Source:
        PyTorch documentation, "CUDA semantics", section "Asynchronous execution"; NVIDIA, "CUDA
        Graphs" (a graph removes the dispatch of each kernel).

    >>> float(stream_time(device_s=np.float64(3.0), host_s=np.float64(2.0), start_s=0.5))
    3.5
    """
    return np.asarray(np.maximum(device_s, host_s) + start_s)
