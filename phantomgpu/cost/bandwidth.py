"""Memory time: bytes over the bandwidth a kernel of that size reaches."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def traffic_time(
    *, traffic_bytes: FloatArray, bandwidth_bytes_per_s: FloatArray, efficiency: FloatArray
) -> FloatArray:
    """Seconds to move bytes between the memory and the SMs.

    Args:
        traffic_bytes: Read and written. [kernel]
        bandwidth_bytes_per_s: Peak of the memory. [gpu, 1]
        efficiency: Share of the peak a long streaming kernel reaches, in (0, 1]. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        J. McCalpin, "STREAM: Sustainable Memory Bandwidth in High Performance Computers":
        sustained bandwidth is a fixed share of the peak for long vectors.

    >>> float(traffic_time(traffic_bytes=np.float64(9e8),
    ...     bandwidth_bytes_per_s=np.float64(1e9), efficiency=np.float64(0.9)))
    1.0
    """
    return np.asarray(traffic_bytes / (bandwidth_bytes_per_s * efficiency))
