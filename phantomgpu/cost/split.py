"""Split-K: too few tiles for all SMs are cut along the reduced dimension."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST = 32.0
"""Parts at most, as cuBLAS offers them."""

SHORTEST = 64.0
"""Elements of the reduced dimension that one part keeps at least: one pipeline stage."""


def split_factor(
    *, tiles: FloatArray, slots: FloatArray, k: FloatArray, most: FloatArray | float = MOST
) -> FloatArray:
    """Parts that a kernel's reduced dimension is cut into so that no SM idles.

    As many as still fit one wave, within what the length allows.

    Args:
        tiles: Output tiles. [kernel]
        slots: Streaming multiprocessors. [gpu, 1]
        k: Length of the reduced dimension. [kernel]
        most: Parts at most. [kernel]

    Returns:
        1, 2, 3, ... ``most``. [gpu, kernel]

    Source:
        NVIDIA CUTLASS documentation, "Efficient GEMM in CUDA", section "Parallelized Reductions".

    >>> float(split_factor(tiles=np.float64(20), slots=np.float64(108), k=np.float64(4096)))
    5.0
    """
    room = np.minimum(slots / tiles, np.minimum(k / SHORTEST, most))
    return np.asarray(np.floor(np.maximum(room, 1.0)))


def split_cost_s(
    *,
    parts: FloatArray,
    result_bytes: FloatArray,
    traffic: FloatArray,
    cycles: FloatArray,
    clock_hz: FloatArray,
    cache_bytes_per_s: FloatArray,
) -> FloatArray:
    """Seconds to add up the partial results; nothing where there is one part.

    Args:
        parts: From ``split_factor``. [gpu, kernel]
        result_bytes: Of the whole product. [kernel]
        traffic: Times each part's result crosses the cache. [gpu, 1]
        cycles: Of the synchronisation between the parts. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        cache_bytes_per_s: Between the SMs and the last-level cache. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        As ``split_factor``.
    """
    moving = parts * result_bytes * traffic / cache_bytes_per_s
    return np.asarray(np.where(parts > 1.0, moving + cycles / clock_hz, 0.0))
