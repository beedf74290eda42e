"""Tile quantisation: a matrix product is computed in whole tiles."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def tile_count(
    *, m: FloatArray, n: FloatArray, batch: FloatArray, tile_m: int, tile_n: int
) -> FloatArray:
    """Independent output tiles of ``batch`` products with ``[m, n]`` results.

    Args:
        m: Rows of the result. [kernel]
        n: Columns of the result. [kernel]
        batch: Independent products. [kernel]
        tile_m: Rows of a tile.
        tile_n: Columns of a tile.

    Returns:
        Whole tiles; the ones at the edges count in full. [kernel]

    Source:
        NVIDIA, "Matrix Multiplication Background User's Guide", section "Tile Quantization".

    >>> float(tile_count(m=np.float64(257), n=np.float64(128), batch=np.float64(1),
    ...     tile_m=256, tile_n=128))
    2.0
    """
    return np.asarray(np.ceil(m / tile_m) * np.ceil(n / tile_n) * batch)
