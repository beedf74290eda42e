"""The last-level cache: what is read again soon after need not come from memory."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def hit_share(
    *,
    working_bytes: FloatArray,
    cache_bytes: FloatArray,
    usable_share: FloatArray,
    sharpness: FloatArray,
) -> FloatArray:
    """Share of the traffic that the cache serves.

    All of it while the working set is small, none once it is much larger than the
    cache, half where it just fits the usable part.

    Args:
        working_bytes: Touched between two uses of the same byte, at least 0. [kernel]
        cache_bytes: Of the last-level cache, more than 0. [gpu, 1]
        usable_share: Of the cache, as partitions and replacement leave it. [gpu, 1]
        sharpness: How sudden the change is. [gpu, 1]

    Returns:
        Between 0 and 1. [gpu, kernel]

    Source:
        The logistic stands for the miss curve of an imperfect LRU cache: Mattson et al.,
        "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970.

    >>> float(hit_share(working_bytes=np.float64(4e6), cache_bytes=np.float64(8e6),
    ...     usable_share=np.float64(0.5), sharpness=np.float64(2)))
    0.5
    """
    fullness = working_bytes / (cache_bytes * usable_share)
    return np.asarray(1.0 / (1.0 + fullness**sharpness))
