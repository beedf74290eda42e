"""The roofline: a kernel takes the longer of its arithmetic and its traffic, and a bit more."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def smooth_maximum(first: FloatArray, second: FloatArray, *, sharpness: FloatArray) -> FloatArray:
    """Time of two activities that overlap, though not perfectly.

    ``(a^p + b^p)^(1/p)``: the larger for a sharp ``p``, the sum at ``p = 1``.

    Args:
        first: Seconds of arithmetic, at least 0. [gpu, kernel]
        second: Seconds of traffic, at least 0. [gpu, kernel]
        sharpness: ``p``, at least 1. [gpu, 1]

    Returns:
        Seconds, at least the larger of the two and at most their sum. [gpu, kernel]

    Source:
        Williams, Waterman, Patterson: "Roofline: An Insightful Visual Performance Model",
        CACM 52(4), 2009, for the maximum; the smooth corner is the p-norm.

    >>> float(smooth_maximum(np.float64(3.0), np.float64(4.0), sharpness=np.float64(2.0)))
    5.0
    """
    longer = np.maximum(first, second)
    ratio = np.minimum(first, second) / np.where(longer > 0.0, longer, 1.0)
    return np.asarray(longer * (1.0 + ratio**sharpness) ** (1.0 / sharpness))
