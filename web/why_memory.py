"""Memory over the run: what is resident, what lives while each kernel runs, what the board has."""

import math

from web.scale import nice_ceiling, placed
from web.text import BOARD_GB_BYTES, board_gb, duration, escaped, exact
from web.why_parts import csv, option, picture, table

HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 300, 44, 44, 48, 16
MOST_OPTIONS = 240
"""Launches that can be chosen one by one; of more there is only the outline."""

FAR = 2.5
"""Times the highest use from which on the board's capacity is drawn above a broken axis."""

LAYERS = (
    ("runtime", "s5", "runtime: context and workspace"),
    ("weights", "s1", "weights"),
    ("alive", "s0", "activations"),
)


def levels(found):
    """Bytes of the runtime, of the weights, and of the activations of each step."""
    memory = found["memory"]
    return (
        memory["workspace_bytes"] + memory["context_bytes"],
        memory["weight_bytes"],
        [step["alive_bytes"] for step in found["steps"]],
    )


def memory_chart(found, width):
    """The chart.

    Args:
        found: An explanation, as ``App.explain`` gives it.
        width: In pixels.
    """
    runtime, weights, alive = levels(found)
    limit = found["memory"]["limit_bytes"]
    peak = runtime + weights + max(alive)
    is_far = limit > FAR * peak
    top_gb = nice_ceiling((peak if is_far else max(peak, limit)) * 1.02 / BOARD_GB_BYTES)
    frame = {
        "left": LEFT,
        "right": width - RIGHT,
        "top": TOP + (34 if is_far else 0),
        "bottom": HEIGHT - BOTTOM,
        "high": top_gb * BOARD_GB_BYTES,
        "whole_ms": sum(step["total_ms"] or 0 for step in found["steps"]) or 1,
    }
    inside = (
        _axes(frame, top_gb)
        + _band(frame, "s5", 0, runtime)
        + _band(frame, "s1", runtime, runtime + weights)
        + _alive(frame, found, runtime + weights)
        + _capacity(frame, limit, peak, is_far)
    )
    label = "Memory over the run on {}: at most {} of {} GB".format(
        found["gpu"]["name"], board_gb(peak), board_gb(limit)
    )
    return picture("memory", width, HEIGHT, label, inside) + _legend(runtime, weights, alive)


def _y(frame, value):
    return placed(value, 0, frame["high"], frame["bottom"], frame["top"])


def _axes(frame, top_gb):
    parts = ["<g class='axis' aria-hidden='true'>"]
    for part in range(5):
        mark = top_gb * part / 4
        y = _y(frame, mark * BOARD_GB_BYTES)
        parts.append(
            "<line class='grid' x1='{}' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}'/>"
            "<text class='tick' x='{}' y='{:.1f}'>{}</text>".format(
                frame["left"],
                frame["right"],
                y,
                y,
                frame["left"] - 8,
                y + 4,
                exact(float("{:.3g}".format(mark))),
            )
        )
    for mark in even_marks(frame["whole_ms"]):
        x = placed(mark, 0, frame["whole_ms"], frame["left"], frame["right"])
        parts.append(
            "<text class='tick x' x='{:.1f}' y='{}'>{}</text>".format(
                x, frame["bottom"] + 18, exact(mark)
            )
        )
    parts.append(
        "<text class='unit' x='0' y='11'>GB</text>"
        "<text class='unit end' x='{:.0f}' y='{}'>ms since the start of the run</text></g>".format(
            frame["right"], frame["bottom"] + 38
        )
    )
    return "".join(parts)


def even_marks(whole):
    """Round numbers from 0 on that lie within a length, four to eight of them.

    >>> even_marks(0.897), even_marks(12)
    ([0.0, 0.2, 0.4, 0.6, 0.8], [0.0, 2.5, 5.0, 7.5, 10.0])
    """
    unit = 10.0 ** math.floor(math.log10(whole))
    step = next(unit * part for part in (2, 1, 0.5, 0.25, 0.2) if whole / (unit * part) >= 4)
    return [float("{:.6g}".format(step * part)) for part in range(int(whole / step + 1e-9) + 1)]


def _band(frame, kind, low, high):
    """Something that stays the whole time."""
    y = _y(frame, high)
    return (
        "<rect class='level {}' aria-hidden='true' x='{}' y='{:.1f}' width='{:.1f}' "
        "height='{:.1f}'/>"
    ).format(kind, frame["left"], y, frame["right"] - frame["left"], max(_y(frame, low) - y, 0))


def _alive(frame, found, below):
    """Activations: an outline over all steps, and a bar under it for each."""
    base = _y(frame, below)
    span = frame["right"] - frame["left"]
    x, outline, options = frame["left"], [], []
    layer_of = {at: place for place, layer in enumerate(found["layers"]) for at in layer["steps"]}
    for at, step in enumerate(found["steps"]):
        wide = (step["total_ms"] or 0) / frame["whole_ms"] * span
        y = _y(frame, below + step["alive_bytes"])
        outline.append("{:.2f},{:.1f} {:.2f},{:.1f}".format(x, y, x + wide, y))
        if len(found["steps"]) <= MOST_OPTIONS:
            bar = (
                "<rect class='level s0' x='{:.2f}' y='{:.1f}' width='{:.2f}' height='{:.1f}'/>"
            ).format(x, y, max(wide, 0.2), max(base - y, 0.5))
            options.append(
                option("memory", at, step["kernel"], _said(found, at), bar, (layer_of[at],))
            )
        x += wide
    path = "<polyline class='line s0' aria-hidden='true' points='{}'/>".format(" ".join(outline))
    if not options:
        options.append(
            "<polygon class='level s0' aria-hidden='true' "
            "points='{:.1f},{:.1f} {} {:.1f},{:.1f}'/>".format(
                frame["left"], base, " ".join(outline), x, base
            )
        )
    return "".join(options) + path


def _said(found, at):
    step = found["steps"][at]
    return "Launch {} of {}, {}: {} GB of activations alive, {}".format(
        at + 1, len(found["steps"]), found["kernels"][step["kernel"]]["op"],
        gigabytes(step["alive_bytes"]), duration(step["total_ms"]),
    )  # fmt: skip


def _capacity(frame, limit, peak, is_far):
    """The line of what the board has, above a break where it is far away."""
    y = TOP - 8 if is_far else _y(frame, limit)
    text = "the board has {} GB".format(board_gb(limit))
    if is_far:
        text += ", {} times what is used".format(exact(float("{:.2g}".format(limit / peak))))
    elif peak > limit:
        text += ", {} GB too few".format(gigabytes(peak - limit))
    parts = [
        "<g class='capacity' aria-hidden='true'><line x1='{}' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}'/>"
        "<text x='{}' y='{:.1f}'>{}</text>".format(
            frame["left"], frame["right"], y, y, frame["left"], y - 7, escaped(text)
        )
    ]
    if is_far:
        middle = (y + frame["top"]) / 2
        parts.append(
            "<path d='M{0} {1:.1f}V{2:.1f}l-5 3l10 4l-5 3V{3:.1f}'/>".format(
                frame["left"], y, middle - 5, frame["top"]
            )
        )
    return "".join(parts) + "</g>"


def _legend(runtime, weights, alive):
    sizes = {"runtime": runtime, "weights": weights, "alive": max(alive)}
    items = [
        "<li><svg class='chart swatch' width='14' height='14' aria-hidden='true'>"
        "<rect class='level {}' width='14' height='14' rx='2'/></svg>{}{}: {} GB</li>".format(
            kind, escaped(name), ", at most" if key == "alive" else "", gigabytes(sizes[key])
        )
        for key, kind, name in LAYERS
    ]
    return "<ul class='legend'>{}</ul>".format("".join(items))


def gigabytes(value):
    """Bytes in GB, with as many digits as say something.

    >>> gigabytes(812345678), gigabytes(2000000)
    ('0.76', '0.0019')
    """
    amount = value / BOARD_GB_BYTES
    return board_gb(value) if amount >= 0.095 else exact(float("{:.2g}".format(amount)))


STEP_COLUMNS = ("launch", "kernel", "graph nodes", "time, ms", "activations, GB", "in all, GB")


def step_rows(found):
    """Rows of the table of launches: place, op, nodes, total_ms, alive bytes, bytes in all."""
    runtime, weights, alive = levels(found)
    return [
        (
            at + 1,
            found["kernels"][step["kernel"]]["op"],
            " ".join(step["nodes"]),
            step["total_ms"],
            alive[at],
            runtime + weights + alive[at],
        )
        for at, step in enumerate(found["steps"])
    ]


def step_table(found):
    """The table equal to the chart."""
    rows = [
        (
            place, escaped(op), escaped(nodes), exact(total_ms), gigabytes(own), gigabytes(whole),
        )
        for place, op, nodes, total_ms, own, whole in step_rows(found)
    ]  # fmt: skip
    return table("Every launch in order", STEP_COLUMNS, rows)


def step_csv(found):
    """The same as CSV, in bytes."""
    columns = ("launch", "kernel", "nodes", "total_ms", "activation_bytes", "memory_bytes")
    return csv(columns, step_rows(found))
