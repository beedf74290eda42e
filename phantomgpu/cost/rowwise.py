"""Row-wise kernels: a row is read once for its statistics and again to be changed by them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ROWS_AT_ONCE: Final = 16.0
"""Rows on an SM: blocks of 128 threads, one to a row, where 2048 threads have room (PyTorch,
``layer_norm_kernel.cu``; CUDA C++ Programming Guide, "Compute Capabilities")."""

WIDEST_IN_REGISTERS: Final = 1024.0
"""Elements of a row that a warp of softmax keeps in its registers (PyTorch,
``PersistentSoftmax.cuh``); a longer one is read for its maximum, its sum and its result."""

LOAD_BYTES: Final = 16.0
"""Of a vector load: rows that are a multiple of it wait in shared memory for the second pass."""

SHARED_BYTES: Final = 48.0 * 1024.0
"""That a block has of it without asking for more (CUDA C++ Programming Guide, "Compute
Capabilities")."""

LEAST_STATISTICS: Final = 3.0
"""Operations an element from which on a normalisation takes its statistics from the row."""


def passes_again(
    *,
    columns: FloatArray,
    element_bytes: FloatArray,
    is_softmax: NDArray[np.bool_],
    has_statistics: NDArray[np.bool_],
) -> FloatArray:
    """Times that a row-wise kernel reads its input beyond the first.

    Args:
        columns: Of a row. [kernel]
        element_bytes: Width of an element. [kernel]
        is_softmax: Softmax; all others normalise. [kernel]
        has_statistics: Whether they come from the row itself. [kernel]

    Returns:
        0, 1 or 2. [kernel]

    Source:
        PyTorch, ``aten/src/ATen/native/cuda``: ``layer_norm_kernel.cu`` (statistics, then
        result), ``SoftMax.cu`` (``cunn_SoftMaxForward``: three passes; ``cunn_SoftMaxForwardSmem``:
        one, where rows are aligned and fit), ``PersistentSoftmax.cuh`` (one).

    >>> float(passes_again(columns=np.float64(4095), element_bytes=np.float64(4),
    ...     is_softmax=np.bool_(True), has_statistics=np.bool_(True)))
    2.0
    """
    row_bytes = columns * element_bytes
    is_kept = (np.mod(row_bytes, LOAD_BYTES) == 0.0) & (row_bytes < SHARED_BYTES)
    of_softmax = np.where((columns <= WIDEST_IN_REGISTERS) | is_kept, 0.0, 2.0)
    return np.where(is_softmax, of_softmax, np.where(has_statistics, 1.0, 0.0))


def has_statistics(*, vector_flops: FloatArray, elements: FloatArray) -> NDArray[np.bool_]:
    """Whether a normalisation takes its statistics from the row.

    Args:
        vector_flops: Of the kernel. [kernel]
        elements: Normalised. [kernel]

    Returns:
        False where they are given, as in batch norm at inference. [kernel]

    Source:
        ``ops/norm.py``: with given ones an element costs a product and an addition.

    >>> bool(has_statistics(vector_flops=np.float64(700), elements=np.float64(100)))
    True
    """
    return np.asarray(vector_flops >= LEAST_STATISTICS * elements)


def resident_bytes(*, rows: FloatArray, row_bytes: FloatArray, sm_count: FloatArray) -> FloatArray:
    """What passes through the cache between two readings of a row: the rows at work then.

    Args:
        rows: Of the kernel. [kernel]
        row_bytes: Read and written of each. [kernel]
        sm_count: Streaming multiprocessors. [gpu, 1]

    Returns:
        Bytes. [gpu, kernel]

    Source:
        As ``ROWS_AT_ONCE``.

    >>> float(resident_bytes(rows=np.float64(1e6), row_bytes=np.float64(8192),
    ...     sm_count=np.float64(10)))
    1310720.0
    """
    return np.asarray(np.minimum(rows, ROWS_AT_ONCE * sm_count) * row_bytes)
