"""Values -> places on an axis, and the round numbers to mark it with."""

import math


def nice_ceiling(value):
    """The next round number: an axis that ends there has even marks.

    >>> nice_ceiling(4210), nice_ceiling(0.93), nice_ceiling(12)
    (5000, 1, 12)
    """
    if value <= 0:
        return 1
    unit = 10.0 ** math.floor(math.log10(value))
    for step in (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if value <= step * unit * 1.0000001:
            return _tidy(step * unit)
    return _tidy(10 * unit)


def linear_marks(top):
    """Four or five even marks from 0 to a round number.

    >>> linear_marks(5000), linear_marks(1.2)
    ([0, 1000, 2000, 3000, 4000, 5000], [0, 0.3, 0.6, 0.9, 1.2])
    """
    lead = top / 10.0 ** math.floor(math.log10(top) + 1e-9)
    parts = 5 if round(lead, 3) in (1, 2.5, 5) else 4
    if round(lead, 3) in (3, 6):
        parts = 3
    return [_tidy(top * part / parts) for part in range(parts + 1)]


def decade_marks(low, high):
    """Marks 1, 2 and 5 times a power of ten that lie within a range.

    >>> decade_marks(0.8, 30)
    [1, 2, 5, 10, 20]
    """
    marks = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in (1, 2, 5):
            value = step * 10.0**power
            if low <= value * 1.0000001 and value <= high * 1.0000001:
                marks.append(_tidy(value))
    return marks


def placed(value, low, high, start, end):
    """Where a value lies between two pixels, linearly."""
    return start + (value - low) / (high - low) * (end - start)


def placed_log(value, low, high, start, end):
    """Where a positive value lies between two pixels, by its logarithm."""
    return placed(math.log(value), math.log(low), math.log(high), start, end)


def spread(places, gap, low, high):
    """Places moved apart so that labels there do not overlap, in their order.

    >>> spread([10, 12, 40], 14, 0, 100)
    [4.0, 18.0, 40.0]
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    groups = []
    for index in order:
        groups.append([float(places[index]), [index]])
        while len(groups) > 1 and _bottom(groups[-2], gap) > _top(groups[-1], gap):
            last = groups.pop()
            first = groups.pop()
            members = first[1] + last[1]
            centre = (first[0] * len(first[1]) + last[0] * len(last[1])) / len(members)
            groups.append([centre, members])
    moved = [0.0] * len(places)
    for centre, members in groups:
        half = (len(members) - 1) * gap / 2
        centre = max(low + half, min(high - half, centre))
        for place, index in enumerate(members):
            moved[index] = centre - half + place * gap
    return moved


def _top(group, gap):
    return group[0] - len(group[1]) * gap / 2


def _bottom(group, gap):
    return group[0] + len(group[1]) * gap / 2


def _tidy(value):
    rounded = round(value)
    if abs(value - rounded) < 1e-9 * max(1, abs(value)):
        return rounded
    return float("{:.6g}".format(value))
