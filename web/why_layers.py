"""Time by layer: a bar for each layer in the order they run, and the same as areas."""

from web.scale import linear_marks, nice_ceiling
from web.text import duration, escaped, exact
from web.why_parts import (
    bound_class,
    bound_name,
    csv,
    cut,
    fill,
    option,
    patterns,
    percent,
    picture,
    shape,
    swatches,
    table,
)

ROW = 22
BAR = 14
HEAD = 22
NARROW = 480
LABELLED = (54, 28)
"""Width and height from which on an area has room for its name."""


def layer_parts(found):
    """What each layer's time consists of: its kernels, in order of first execution.

    Args:
        found: An explanation, as ``App.explain`` gives it.

    Returns:
        Per layer a list of dicts: kernel, launches, total_ms.
    """
    steps = found["steps"]
    layers = []
    for layer in found["layers"]:
        parts = {}
        for at in layer["steps"]:
            step = steps[at]
            part = parts.setdefault(
                step["kernel"], {"kernel": step["kernel"], "launches": 0, "total_ms": 0.0}
            )
            part["launches"] += step["repeats"]
            part["total_ms"] += step["total_ms"]
        layers.append(list(parts.values()))
    return layers


def bars(found, width):
    """A bar for each layer, cut into its kernels; in the order of execution.

    Args:
        found: An explanation.
        width: In pixels.
    """
    layers = found["layers"]
    room = 24 if width >= NARROW else (16 if width >= 340 else 13)
    names = [cut(layer["name"], room) for layer in layers]
    left = 12 + 7.0 * max(len(name) for name in names)
    right = width - 62
    most = nice_ceiling(max(layer["total_ms"] for layer in layers))
    height = HEAD + ROW * len(layers) + 8
    scale = (right - left) / most
    parts = [patterns("bars"), _marks(most, left, scale, height, width)]
    for place, (layer, name, own) in enumerate(zip(layers, names, layer_parts(found), strict=True)):
        y = HEAD + place * ROW
        inside = [
            "<rect class='room' x='0' y='{:.1f}' width='{}' height='{}'/>"
            "<text class='layer' aria-hidden='true' x='{:.1f}' y='{:.1f}'>{}</text>".format(
                y, int(width), ROW, left - 8, y + 15, escaped(name)
            )
        ]
        x = left
        for part in own:
            wide = part["total_ms"] * scale
            bound = found["kernels"][part["kernel"]]["bound"]
            inside.append(
                "<rect {} data-k='{}' x='{:.2f}' y='{:.1f}' width='{:.2f}' height='{}'/>".format(
                    fill("bars", bound), part["kernel"], x, y + 4, max(wide - 0.75, 0.4), BAR
                )
            )
            x += wide
        inside.append(
            "<text class='amount' aria-hidden='true' x='{:.1f}' y='{:.1f}'>{}</text>".format(
                width - 2, y + 15, percent(layer["share"])
            )
        )
        longest = max(own, key=lambda part: part["total_ms"])["kernel"]
        parts.append(option("bars", place, longest, _said(layer, own), "".join(inside), (place,)))
    label = "Time by layer, in the order they run"
    return picture("bars", width, height, label, "".join(parts)) + swatches(
        {kernel["bound"] for kernel in found["kernels"]}
    )


def _said(layer, own):
    return "{}: {}, {} of the run, {} launches".format(
        layer["name"], duration(layer["total_ms"]), percent(layer["share"]),
        sum(part["launches"] for part in own),
    )  # fmt: skip


def _marks(most, left, scale, height, width):
    parts = ["<g class='axis' aria-hidden='true'>"]
    marks = linear_marks(most)
    for mark in marks if width >= NARROW else (marks[0], marks[-1]):
        x = left + mark * scale
        parts.append(
            "<line class='grid' x1='{0:.1f}' x2='{0:.1f}' y1='{1}' y2='{2}'/>"
            "<text class='tick x' x='{0:.1f}' y='10'>{3}</text>".format(
                x, HEAD - 6, height - 4, exact(mark)
            )
        )
    parts.append("<text class='unit' x='0' y='10'>ms</text></g>")
    return "".join(parts)


def treemap(found, width, height):
    """The same times as areas: layers, and in each its kernels.

    Args:
        found: An explanation.
        width: In pixels.
        height: In pixels.
    """
    layers = [
        (place, layer, own)
        for place, (layer, own) in enumerate(zip(found["layers"], layer_parts(found), strict=True))
        if layer["total_ms"] > 0
    ]
    layers.sort(key=lambda entry: -entry[1]["total_ms"])
    places = squarified([layer["total_ms"] for _, layer, _ in layers], 0, 0, width, height)
    parts, frames = [], []
    for (place, layer, own), (x, y, wide, high) in zip(layers, places, strict=True):
        own = sorted(own, key=lambda part: -part["total_ms"])
        inner = squarified([part["total_ms"] for part in own], x, y, wide, high)
        for part, area in zip(own, inner, strict=True):
            parts.append(_area(found, place, layer, part, area, len(parts)))
        frames.append(
            "<rect class='frame' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}'/>".format(
                x, y, wide, high
            )
            + _layer_name(layer, x, y, wide, high)
        )
    inside = "".join(parts) + "<g aria-hidden='true' class='frames'>{}</g>".format("".join(frames))
    return picture("tree", width, height, "Time by layer and kernel, as areas", inside)


def _layer_name(layer, x, y, wide, high):
    if wide < LABELLED[0] or high < LABELLED[1]:
        return ""
    return "<text class='layer-name' x='{:.1f}' y='{:.1f}'>{}</text>".format(
        x + 6, y + 15, escaped(cut(layer["name"], int((wide - 10) / 6.6)))
    )


def _area(found, place, layer, part, area, number):
    x, y, wide, high = area
    kernel = found["kernels"][part["kernel"]]
    inside = (
        "<rect class='area {}' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}'/>"
    ).format(bound_class(kernel["bound"]), x + 1, y + 1, max(wide - 2, 0.5), max(high - 2, 0.5))
    if wide > 20 and high > 20:
        inside += shape(kernel["bound"], x + wide - 9, y + high - 9, 0.8)
    label = "{}, {} in {}: {}, bound by {}".format(
        kernel["op"],
        "1 launch" if part["launches"] == 1 else "{} launches".format(part["launches"]),
        layer["name"],
        duration(part["total_ms"]),
        bound_name(kernel["bound"]),
    )
    return option("tree", number, part["kernel"], label, inside, (place,))


def squarified(values, x, y, width, height):
    """Rectangles of areas in proportion to the values, as near to squares as can be.

    Args:
        values: At least 0, the largest first.
        x: Left edge.
        y: Upper edge.
        width: Of all of them together.
        height: Likewise.

    Returns:
        ``(x, y, width, height)`` for each value.

    Source:
        Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.

    >>> squarified([2, 1, 1], 0, 0, 4, 2)
    [(0, 0, 2.0, 2.0), (2.0, 0, 2.0, 1.0), (2.0, 1.0, 2.0, 1.0)]
    """
    total = sum(values)
    if not total:
        return [(x, y, 0, 0) for _ in values]
    scale = width * height / total
    placed, rest = [], list(values)
    while rest:
        short = min(width, height)
        row = [rest.pop(0)]
        while rest and _worst([*row, rest[0]], short, scale) <= _worst(row, short, scale):
            row.append(rest.pop(0))
        deep = sum(row) * scale / short if short else 0
        along = x if width < height else y
        for value in row:
            long = short * value / sum(row) if sum(row) else 0
            if width < height:
                placed.append((along, y, long, deep))
            else:
                placed.append((x, along, deep, long))
            along += long
        if width < height:
            y, height = y + deep, height - deep
        else:
            x, width = x + deep, width - deep
    return placed


def _worst(row, short, scale):
    """The most stretched rectangle of a row along the shorter side."""
    area = sum(row) * scale
    if not area or not short or not min(row):
        return float("inf")
    return max(short**2 * max(row) * scale / area**2, area**2 / (short**2 * min(row) * scale))


LAYER_COLUMNS = ("layer", "launches", "time, ms", "share", "longest kernel")


def layer_rows(found):
    """Rows of the table of layers: name, launches, total_ms, share, longest kernel."""
    rows = []
    for layer, own in zip(found["layers"], layer_parts(found), strict=True):
        longest = max(own, key=lambda part: part["total_ms"])
        rows.append(
            (
                layer["name"],
                sum(part["launches"] for part in own),
                layer["total_ms"],
                layer["share"],
                found["kernels"][longest["kernel"]]["op"],
            )
        )
    return rows


def layer_table(found):
    """The table equal to both charts."""
    rows = [
        (escaped(name), launches, exact(total_ms), percent(share), escaped(longest))
        for name, launches, total_ms, share, longest in layer_rows(found)
    ]
    return table("Time by layer, in the order they run", LAYER_COLUMNS, rows)


def layer_csv(found):
    """The same as CSV, unrounded."""
    return csv(("layer", "launches", "total_ms", "share", "longest_kernel"), layer_rows(found))
