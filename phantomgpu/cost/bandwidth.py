"""Traffic: bytes over the rate of where they come from."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def memory_time(
    *, traffic_bytes: FloatArray, bandwidth_bytes_per_s: FloatArray, efficiency: FloatArray
) -> FloatArray:
    """Seconds to move bytes to and from the board's memory.

    Args:
        traffic_bytes: Read and written. [gpu, kernel]
        bandwidth_bytes_per_s: Peak of the memory. [gpu, 1]
        efficiency: Share of the peak a long streaming kernel reaches, in (0, 1]. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        J. McCalpin, "STREAM: Sustainable Memory Bandwidth in High Performance Computers":
        sustained bandwidth is a fixed share of the peak for long vectors.

    >>> float(memory_time(traffic_bytes=np.float64(9e8),
    ...     bandwidth_bytes_per_s=np.float64(1e9), efficiency=np.float64(0.9)))
    1.0
    """
    return np.asarray(traffic_bytes / (bandwidth_bytes_per_s * efficiency))


def cache_time(
    *,
    traffic_bytes: FloatArray,
    bytes_per_cycle: FloatArray,
    sm_count: FloatArray,
    clock_hz: FloatArray,
) -> FloatArray:
    """Seconds to move bytes between the last-level cache and the SMs.

    Args:
        traffic_bytes: Served by the cache. [gpu, kernel]
        bytes_per_cycle: What an SM gets in a cycle while all of them ask. [gpu, 1]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        Jia et al., "Dissecting the NVIDIA Volta GPU Architecture via Microbenchmarking",
        arXiv:1804.06826, section 3.5: L2 throughput is per SM and cycle.

    >>> float(cache_time(traffic_bytes=np.float64(3e9), bytes_per_cycle=np.float64(30),
    ...     sm_count=np.float64(100), clock_hz=np.float64(1e6)))
    1.0
    """
    return np.asarray(traffic_bytes / (bytes_per_cycle * sm_count * clock_hz))
