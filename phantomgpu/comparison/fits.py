"""How large a batch fits on a board."""

from collections.abc import Callable
from typing import Final

from phantomgpu.comparison.check import LARGEST_BATCH
from phantomgpu.hardware.toml import GIB

MEMORY_UNIT_BYTES: Final = GIB
"""The "GB" of board memory: 24 GB are 24 x 2^30 bytes, as makers and users write it."""


def largest_batch(
    needed_bytes: Callable[[int], int], limit_bytes: int, *, at_most: int = LARGEST_BATCH
) -> int:
    """The largest batch whose run needs at most ``limit_bytes``.

    Memory grows with the batch, so bisection finds the batch ``n`` for which
    it holds that ``n`` fits and ``n + 1`` does not.

    Args:
        needed_bytes: Bytes that a run needs, by batch; must not shrink as the batch grows.
        limit_bytes: What the board has.
        at_most: The largest batch of interest.

    Returns:
        0 where not even batch 1 fits; ``at_most`` where all do.

    >>> largest_batch(lambda batch: 100 + 10 * batch, 155)
    5
    """
    if needed_bytes(1) > limit_bytes:
        return 0
    fits, does_not = 1, 2
    while does_not <= at_most and needed_bytes(does_not) <= limit_bytes:
        fits, does_not = does_not, 2 * does_not
    does_not = min(does_not, at_most + 1)
    while does_not - fits > 1:
        middle = (fits + does_not) // 2
        if needed_bytes(middle) <= limit_bytes:
            fits = middle
        else:
            does_not = middle
    return fits
