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
        groups.append(_group([float(places[index])], [index], gap, low, high))
        while len(groups) > 1 and groups[-2]["end"] > groups[-1]["start"]:
            after, before = groups.pop(), groups.pop()
            wanted = before["wanted"] + after["wanted"]
            groups.append(_group(wanted, before["members"] + after["members"], gap, low, high))
    moved = [0.0] * len(places)
    for group in groups:
        for place, index in enumerate(group["members"]):
            moved[index] = group["start"] + gap / 2 + place * gap
    return moved


def _group(wanted, members, gap, low, high):
    """Neighbours that stand ``gap`` apart around the middle of where they belong."""
    half = len(members) * gap / 2
    centre = sum(wanted) / len(wanted)
    centre = max(low + half - gap / 2, min(high - half + gap / 2, centre))
    return {
        "wanted": wanted,
        "members": members,
        "start": centre - half,
        "end": centre + half,
    }


def _tidy(value):
    rounded = round(value)
    if abs(value - rounded) < 1e-9 * max(1, abs(value)):
        return rounded
    return float("{:.6g}".format(value))
