"""Which points are worth a look: no other is better in both respects."""

from collections.abc import Callable, Sequence

from phantomgpu.comparison.cell import Cell


def pareto_front(
    cells: Sequence[Cell],
    *,
    cost: Callable[[Cell], float],
    gain: Callable[[Cell], float],
) -> list[Cell]:
    """The cells that no other beats: less cost at no less gain, or more gain at no more cost.

    Cells with a problem are left out. Of equal ones all stay.

    Args:
        cells: Points of a comparison.
        cost: What should be small: latency, memory, price.
        gain: What should be large: throughput.

    Returns:
        By rising cost.
    """
    runnable = sorted(
        (cell for cell in cells if cell.problem is None), key=lambda cell: (cost(cell), -gain(cell))
    )
    front: list[Cell] = []
    for cell in runnable:
        is_equal = bool(front) and gain(cell) == gain(front[-1]) and cost(cell) == cost(front[-1])
        if not front or gain(cell) > gain(front[-1]) or is_equal:
            front.append(cell)
    return front


def latency_throughput_front(cells: Sequence[Cell]) -> list[Cell]:
    """The points that trade latency against throughput best."""
    return pareto_front(
        cells,
        cost=lambda cell: cell.latency_s or 0.0,
        gain=lambda cell: cell.throughput_per_s or 0.0,
    )
