"""Rows far apart: operands that are spread over more memory than addresses are at hand for."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_EDGE: Final = 128.0
"""Rows of an operand that a large tile reads."""

_SHARPNESS: Final = 3.0
"""How sudden the change is; as the cache's, a choice of form."""


def spread_bytes(
    *, m: FloatArray, n: FloatArray, k: FloatArray, element_bytes: FloatArray, sm_count: FloatArray
) -> FloatArray:
    """Memory that the tiles of one wave read a little of at a time.

    They cover about a square of the result. Each row of their operands lies ``k`` elements after
    the one before, and all of these rows are read abreast, a few elements at a time.

    Args:
        m: Rows of the result. [kernel]
        n: Columns of the result. [kernel]
        k: Reduced dimension, along which both operands are stored. [kernel]
        element_bytes: Width of an operand. [kernel]
        sm_count: Streaming multiprocessors. [gpu, 1]

    Returns:
        Bytes. [gpu, kernel]

    Source:
        NVIDIA, "Matrix Multiplication Background User's Guide": tiles of a wave side by side.

    >>> one = np.float64(1.0)
    >>> float(spread_bytes(m=128.0 * one, n=4096.0 * one, k=1000.0 * one, element_bytes=4.0 * one,
    ...     sm_count=4.0 * one))
    1536000.0
    """
    side = _EDGE * np.sqrt(sm_count)
    return np.asarray((np.minimum(m, side) + np.minimum(n, side)) * k * element_bytes)


def reach_slowdown(*, spread: FloatArray, reach: FloatArray, cost: FloatArray) -> FloatArray:
    """How much longer a product takes whose rows lie so far apart.

    The units that translate addresses hold so many pages, and an open row of the memory or a
    line of the cache holds neighbours that are not asked for yet.

    Args:
        spread: From ``spread_bytes``. [gpu, kernel]
        reach: Bytes at which half of the effect shows. [gpu, 1]
        cost: Time more beyond that, in shares. [gpu, 1]

    Returns:
        At least 1. [gpu, kernel]

    Source:
        Jia et al., "Dissecting the NVIDIA Volta GPU Architecture via Microbenchmarking",
        arXiv:1804.06826, table 3.1 and section 3.9: TLB coverage by generation. The form is a
        logistic, its values are fitted.

    >>> float(reach_slowdown(spread=np.float64(1e8), reach=np.float64(1e8), cost=np.float64(2.0)))
    2.0
    """
    fullness = (spread / reach) ** _SHARPNESS
    return np.asarray(1.0 + cost * fullness / (1.0 + fullness))
