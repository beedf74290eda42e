"""Tile and wave quantisation: a matrix product is computed in whole tiles, in whole waves."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

TILES: Final[tuple[tuple[int, int], ...]] = (
    (256, 128), (128, 128), (128, 64), (64, 128), (64, 64), (128, 32), (32, 128), (32, 32),
    (16, 64),
)  # fmt: skip
"""Output tiles a kernel may choose from (rows, columns), as cuBLAS and CUTLASS offer them."""


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


def waves(*, tiles: FloatArray, slots: FloatArray, smoothing: FloatArray) -> FloatArray:
    """Rounds that a kernel of equal tiles needs, at least one.

    Charged are whole rounds, less the part ``smoothing`` that several resident
    blocks, uneven tile times and the overlap of one tile's end with the next
    one's start win back.

    Args:
        tiles: Independent output tiles. [gpu, kernel]
        slots: Streaming multiprocessors. [gpu, 1]
        smoothing: 0 for whole rounds, 1 for fractional ones. [gpu, 1]

    Returns:
        At least 1. [gpu, kernel]

    Source:
        NVIDIA, "Matrix Multiplication Background User's Guide", section "Wave Quantization".

    >>> float(waves(tiles=np.float64(109), slots=np.float64(108), smoothing=np.float64(0)))
    2.0
    """
    rounds = tiles / slots
    return np.asarray(np.maximum(np.ceil(rounds) * (1.0 - smoothing) + rounds * smoothing, 1.0))


def feeding_share(*, tile_m: int, tile_n: int, overhead: FloatArray | float) -> FloatArray:
    """Share of a tile's time that its units multiply; the rest they are fed and emptied.

    A small tile has few warps and little reuse: instructions that load, address and wait fill a
    part of the time that shrinks as the tile's result grows.

    Args:
        tile_m: Rows of a tile.
        tile_n: Columns of a tile.
        overhead: Elements of a result whose multiplication takes as long as the rest. [gpu, 1]

    Returns:
        In (0, 1]. [gpu, 1]

    Source:
        V. Volkov, "Understanding Latency Hiding on GPUs", UC Berkeley, 2016: throughput
        saturates with the work in flight, as ``w / (w + c)``.

    >>> float(feeding_share(tile_m=64, tile_n=64, overhead=np.float64(4096)))
    0.5
    """
    return np.asarray(tile_m * tile_n / (tile_m * tile_n + overhead))
