"""Quantising activations: a scale for each row is found by a thread block of its own."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def row_time(
    *, rows: FloatArray, row_cycles: FloatArray, sm_count: FloatArray, clock_hz: FloatArray
) -> FloatArray:
    """Seconds that the blocks of rows take, however short the rows.

    Args:
        rows: Each with a block of its own. [kernel]
        row_cycles: Of an SM for one of them. [gpu, 1]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        vLLM, ``csrc/quantization/w8a8/fp8/common.cu``: a block finds a token's largest value,
        waits at a barrier, and reads the token again.

    >>> float(row_time(rows=np.float64(1000), row_cycles=np.float64(2000),
    ...     sm_count=np.float64(100), clock_hz=np.float64(1e9)))
    2e-05
    """
    return np.asarray(rows * row_cycles / (sm_count * clock_hz))
