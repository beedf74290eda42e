"""Wave quantisation: a GPU is charged for whole waves of tiles."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def waves(*, tiles: FloatArray, slots: FloatArray) -> FloatArray:
    """Rounds that a kernel of equal tiles needs.

    Args:
        tiles: Independent output tiles, at least 1. [kernel]
        slots: Tiles the GPU runs at once, at least 1. [gpu, 1]

    Returns:
        Whole rounds, at least 1. [gpu, kernel]

    Source:
        NVIDIA, "Matrix Multiplication Background User's Guide", section "Wave Quantization".

    >>> float(waves(tiles=np.float64(109.0), slots=np.float64(108.0)))
    2.0
    """
    return np.asarray(np.ceil(tiles / slots))
