"""The least time of a kernel: no library is faster than the units it runs on."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def least_time(
    *,
    flops: FloatArray,
    skipped_share: FloatArray,
    peak_flops_per_s: FloatArray,
    headroom: FloatArray,
    memory_bytes: FloatArray,
    bandwidth_bytes_per_s: FloatArray,
) -> FloatArray:
    """Seconds that the products of a kernel, or its traffic, take at the very least.

    A runtime whose kernels are better than usual on the boards it was measured on may be so on
    others, but not better than the peak, at the clock that the board really boosts to.

    Args:
        flops: Of its products, as counted. [kernel]
        skipped_share: Of them, never done: half under a causal mask, all that Winograd saves.
            [kernel]
        peak_flops_per_s: Stated peak; NaN where there is none. [gpu, kernel]
        headroom: Clock that the board boosts to, over the one its peak is stated at. [gpu, 1]
        memory_bytes: From and to the memory. [gpu, kernel]
        bandwidth_bytes_per_s: Peak of the memory. [gpu, 1]

    Returns:
        Seconds; those of the traffic where there is no peak. [gpu, kernel]

    Source:
        Williams, Waterman, Patterson: "Roofline", CACM 52(4), 2009: the roof.

    >>> float(least_time(flops=np.float64(8), skipped_share=np.float64(0.5),
    ...     peak_flops_per_s=np.float64(2), headroom=np.float64(1), memory_bytes=np.float64(3),
    ...     bandwidth_bytes_per_s=np.float64(1)))
    3.0
    """
    traffic_s = memory_bytes / bandwidth_bytes_per_s
    products_s = flops * (1.0 - skipped_share) / (peak_flops_per_s * headroom)
    return np.fmax(products_s, traffic_s)
