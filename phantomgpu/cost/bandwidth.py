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


def copy_efficiency(
    *, efficiency: FloatArray, ecc_bandwidth: FloatArray, has_ecc_inside: NDArray[np.bool_]
) -> FloatArray:
    """Share of the memory's peak that a long streaming kernel reaches.

    Memory that keeps its ECC in itself (GDDR) reads the code with the data; HBM has room of its
    own for it.

    Args:
        efficiency: Without ECC, or with ECC that costs nothing. [gpu, 1]
        ecc_bandwidth: Share of it left where the code is read as well. [gpu, 1]
        has_ecc_inside: Whether it is. [gpu, 1]

    Returns:
        In (0, 1]. [gpu, 1]

    Source:
        NVIDIA, "CUDA C++ Best Practices Guide", section "Theoretical Bandwidth Calculation": ECC
        takes 6.25 % of GDDR memory and bandwidth as well; HBM2's is free of overhead.

    >>> float(copy_efficiency(efficiency=np.float64(0.8), ecc_bandwidth=np.float64(0.5),
    ...     has_ecc_inside=np.bool_(True)))
    0.4
    """
    return np.asarray(efficiency * np.where(has_ecc_inside, ecc_bandwidth, 1.0))


def cache_rate(
    *,
    bytes_per_cycle: FloatArray,
    sm_count: FloatArray,
    clock_hz: FloatArray,
    bandwidth_bytes_per_s: FloatArray,
) -> FloatArray:
    """Bytes that pass between the last-level cache and the SMs in a second.

    A cache has slices, a few to each memory channel, and a crossbar to the SMs: both grow where
    the board does. Taken is the geometric mean of what the SMs take in and what the memory
    gives: boards with a fast memory have a fast cache, yet not in proportion.

    Args:
        bytes_per_cycle: An SM's side: what it takes in a cycle while all of them ask. [gpu, 1]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        bandwidth_bytes_per_s: Peak of the memory. [gpu, 1]

    Returns:
        Bytes per second. [gpu, 1]

    Source:
        Jia et al., "Dissecting the NVIDIA Volta GPU Architecture via Microbenchmarking",
        arXiv:1804.06826, section 3.5 (L2 throughput by SM); NVIDIA, "A100 Tensor Core GPU
        Architecture" (L2 slices belong to memory controllers).

    >>> float(cache_rate(bytes_per_cycle=np.float64(10), sm_count=np.float64(100),
    ...     clock_hz=np.float64(1e9), bandwidth_bytes_per_s=np.float64(1e12)))
    1000000000000.0
    """
    return np.asarray(np.sqrt(bytes_per_cycle * sm_count * clock_hz * bandwidth_bytes_per_s))


def cache_time(*, traffic_bytes: FloatArray, bytes_per_s: FloatArray) -> FloatArray:
    """Seconds to move bytes between the last-level cache and the SMs.

    Args:
        traffic_bytes: Served by the cache. [gpu, kernel]
        bytes_per_s: From ``cache_rate``. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        As ``memory_time``.

    >>> float(cache_time(traffic_bytes=np.float64(3e9), bytes_per_s=np.float64(3e9)))
    1.0
    """
    return np.asarray(traffic_bytes / bytes_per_s)
