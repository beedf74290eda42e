"""How large a batch fits."""

from collections.abc import Callable
from typing import Final

LARGEST: Final = 1_000_000
"""Of batches that anyone asks for."""


def largest_batch(
    needed_bytes: Callable[[int], int], limit_bytes: int, *, at_most: int = LARGEST
) -> int:
    """The largest number whose run needs at most ``limit_bytes``.

    Memory grows with the number, so bisection finds the ``n`` for which it holds that ``n`` fits
    and ``n + 1`` does not.

    Args:
        needed_bytes: Bytes that a run needs, by number; must not shrink as it grows.
        limit_bytes: What the board has.
        at_most: The largest number of interest.

    Returns:
        0 where not even 1 fits; ``at_most`` where all do.

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
