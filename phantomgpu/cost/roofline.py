"""The roofline: a kernel takes the longer of its arithmetic and its traffic, and a bit more."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def overlap_sharpness(*, steps: FloatArray, single: FloatArray, growth: FloatArray) -> FloatArray:
    """How well a kernel of so many steps overlaps its arithmetic and its traffic.

    A kernel of one step loads, multiplies and stores, one after the other; with every further
    step the next one's loads have more to hide behind.

    Args:
        steps: Stages of the reduced dimension, over all waves; at least 1. [gpu, kernel]
        single: The exponent of ``smooth_maximum`` for one step. [gpu, 1]
        growth: Its relative gain with the logarithm of the steps. [gpu, 1]

    Returns:
        An exponent for ``smooth_maximum``. [gpu, kernel]

    Source:
        NVIDIA CUTLASS documentation, "Efficient GEMM in CUDA", section "Pipelining": prologue
        and epilogue of the pipeline are exposed. The logarithm is fitted.

    >>> float(overlap_sharpness(steps=np.float64(1), single=np.float64(1.5),
    ...     growth=np.float64(0.2)))
    1.5
    """
    return np.asarray(single * (1.0 + growth * np.log(steps)))


def smooth_maximum(first: FloatArray, second: FloatArray, *, sharpness: FloatArray) -> FloatArray:
    """Time of two activities that overlap, though not perfectly.

    ``(a^p + b^p)^(1/p)``: the larger for a sharp ``p``, the sum at ``p = 1``.

    Args:
        first: Seconds of arithmetic, at least 0. [gpu, kernel]
        second: Seconds of traffic, at least 0. [gpu, kernel]
        sharpness: ``p``, at least 1. [gpu, kernel]

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
