"""Series of figures -> an SVG chart as text, with an equal table beside it.

A chart is a function of its data and its width in pixels, so that the page can
redraw it at any size and the build can draw the first one.
"""

from web.scale import (
    decade_marks,
    linear_marks,
    nice_ceiling,
    placed,
    placed_log,
    spread,
)
from web.served import METRICS as SERVED_METRICS
from web.served import curve_point
from web.text import capital, escaped, exact, figure

HEIGHT = 320
TOP, BOTTOM, LEFT = 28, 44, 52
LABEL_GAP = 17
NARROW = 520

BATCH = ("batch size", "batch")
USERS = ("concurrent requests", "concurrency")
"""What a chart is drawn against: beside its axis, and with a number behind it."""

METRICS = {
    "throughput_per_s": {"name": "Throughput", "unit": "samples/s", "log": False, "axis": BATCH},
    "latency_ms": {"name": "Latency", "unit": "ms", "log": True, "axis": BATCH},
    "tokens_per_s": {"name": "Tokens", "unit": "tokens/s", "log": False, "axis": USERS},
    "tpot_ms": {"name": "Per token", "unit": "ms", "log": True, "axis": USERS},
    "ttft_ms": {"name": "First token", "unit": "ms", "log": True, "axis": USERS},
}


def series_of(cells, gpus, metric, precision, runtime):
    """One series for each GPU, in the order given, from the cells of a comparison.

    Args:
        cells: As in `compare --json`, at several batches.
        gpus: ``(id, name)`` pairs.
        metric: A key of `METRICS`.
        precision: Only cells at this one.
        runtime: Only cells of this one.

    Returns:
        Dicts of ``name``, ``place`` (in the list of GPUs), ``points`` of
        ``(batch, value, low, high)`` and ``full_at``, the first batch that
        does not fit, or None.
    """
    found = []
    for place, (gpu, name) in enumerate(gpus):
        own = sorted(
            (
                cell
                for cell in cells
                if cell["gpu"] == gpu
                and cell["precision"] == precision
                and cell["runtime"] == runtime
            ),
            key=lambda cell: cell["batch"],
        )
        points = [
            _point(cell, metric)
            for cell in own
            if cell["latency_ms"] and cell["fits"] and _has(cell, metric)
        ]
        full = [cell["batch"] for cell in own if cell["fits"] is False]
        found.append(
            {
                "name": name,
                "place": place,
                "points": points,
                "full_at": min(full) if full else None,
            }
        )
    return found


def _point(cell, metric):
    if metric in SERVED_METRICS:
        return curve_point(cell, metric)
    if metric == "latency_ms":
        return (cell["batch"], cell["latency_ms"], cell["latency_low_ms"], cell["latency_high_ms"])
    rate = 1000.0 * cell["batch"]
    return (
        cell["batch"],
        cell["throughput_per_s"],
        rate / cell["latency_high_ms"],
        rate / cell["latency_low_ms"],
    )


def _has(cell, metric):
    return metric not in SERVED_METRICS or bool(cell.get("serving"))


def batch_curve(series, metric, width):
    """Latency or throughput against batch, with the 80 % band of each GPU.

    Args:
        series: From `series_of`.
        metric: A key of `METRICS`.
        width: In pixels; below `NARROW` the names stand in a legend under the chart.

    Returns:
        SVG and legend as HTML, or a sentence where there is nothing to draw.
    """
    drawn = [one for one in series if one["points"]]
    if not drawn:
        return "<p class='empty'>None of these GPUs can run this, so there is no curve.</p>"
    frame = _frame(drawn, metric, width)
    what = METRICS[metric]
    parts = [
        "<svg class='chart' viewBox='0 0 {w} {h}' width='{w}' height='{h}' role='img' "
        "aria-labelledby='curve-title curve-text'>".format(w=width, h=HEIGHT),
        "<title id='curve-title'>{} against {}</title>".format(what["name"], what["axis"][0]),
        "<desc id='curve-text'>{}</desc>".format(escaped(_in_words(drawn, what))),
        _axes(frame, what),
    ]
    parts.extend(_band(frame, one) for one in drawn)
    parts.extend(_line(frame, one) for one in drawn)
    if width >= NARROW:
        parts.append(_labels(frame, drawn))
    parts.append(_columns(frame, drawn, what))
    parts.append("</svg>")
    if width < NARROW:
        parts.append(_legend(drawn))
    return "".join(parts)


def _frame(drawn, metric, width):
    """Where the axes lie and what they span."""
    batches = sorted({point[0] for one in drawn for point in one["points"]})
    lows = [point[2] for one in drawn for point in one["points"]]
    highs = [point[3] for one in drawn for point in one["points"]]
    log = METRICS[metric]["log"]
    longest = max(len(one["name"]) for one in drawn)
    right = 16 if width < NARROW else min(170, 26 + 7 * longest)
    return {
        "log": log,
        "batches": batches,
        "low": min(lows) * 0.9 if log else 0,
        "high": max(highs) * 1.1 if log else nice_ceiling(max(highs)),
        "left": LEFT,
        "right": width - right,
        "top": TOP,
        "bottom": HEIGHT - BOTTOM,
        "width": width,
    }


def _x(frame, batch):
    batches = frame["batches"]
    if len(batches) == 1:
        return (frame["left"] + frame["right"]) / 2
    inset = 10
    return placed_log(batch, batches[0], batches[-1], frame["left"] + inset, frame["right"] - inset)


def _y(frame, value):
    place = placed_log if frame["log"] else placed
    return place(value, frame["low"], frame["high"], frame["bottom"], frame["top"])


def _axes(frame, what):
    if frame["log"]:
        marks = decade_marks(frame["low"], frame["high"])
    else:
        marks = linear_marks(frame["high"])
    parts = ["<g class='axis' aria-hidden='true'>"]
    for mark in marks:
        y = _y(frame, mark)
        parts.append(
            "<line class='grid' x1='{:.0f}' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}'/>"
            "<text class='tick' x='{:.0f}' y='{:.1f}'>{}</text>".format(
                frame["left"], frame["right"], y, y, frame["left"] - 8, y + 4, _mark(mark)
            )
        )
    parts.extend(
        "<text class='tick x' x='{:.1f}' y='{:.0f}'>{}</text>".format(
            _x(frame, batch), frame["bottom"] + 20, batch
        )
        for batch in frame["batches"]
    )
    parts.append(
        "<text class='unit' x='0' y='10'>{}</text>"
        "<text class='unit end' x='{:.0f}' y='{:.0f}'>{}</text></g>".format(
            escaped(what["unit"] + (", log scale" if frame["log"] else "")),
            frame["right"],
            frame["bottom"] + 40,
            what["axis"][0],
        )
    )
    return "".join(parts)


def _mark(value):
    if value >= 10000:
        return "{}k".format(exact(value / 1000))
    return exact(value)


def _band(frame, one):
    points = one["points"]
    if len(points) < 2:
        return ""
    upper = ["{:.1f},{:.1f}".format(_x(frame, p[0]), _y(frame, p[3])) for p in points]
    lower = ["{:.1f},{:.1f}".format(_x(frame, p[0]), _y(frame, p[2])) for p in points]
    lower.reverse()
    return "<polygon class='band s{}' points='{}'/>".format(one["place"], " ".join(upper + lower))


def _line(frame, one):
    places = [(_x(frame, p[0]), _y(frame, p[1])) for p in one["points"]]
    path = " ".join("{:.1f},{:.1f}".format(x, y) for x, y in places)
    parts = ["<polyline class='line s{}' points='{}'/>".format(one["place"], path)]
    parts.extend(_marker(one["place"], x, y) for x, y in places)
    if one["full_at"]:
        x, y = places[-1]
        parts.append(
            "<g class='full s{0}'><path d='M{1:.1f} {2:.1f}l8 8m0 -8l-8 8'/>"
            "<title>Out of memory at batch {3}</title></g>".format(
                one["place"], x + 8, y - 4, one["full_at"]
            )
        )
    return "".join(parts)


def _marker(place, x, y):
    """A shape for each place, so that colour never stands alone."""
    shapes = (
        "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        "M-4 -4h8v8h-8z",
        "M0 -5l5 9h-10z",
        "M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
        "M0 5l5 -9h-10z",
        "M-5 -1.5h3.5v-3.5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5z",
        "M-5 -2.5h10v5h-10z",
        "M-2.5 -5h5v10h-5z",
    )
    return "<path class='dot s{}' transform='translate({:.1f} {:.1f})' d='{}'/>".format(
        place, x, y, shapes[place % len(shapes)]
    )


def swatch(place):
    """The marker of the GPU at a place of the list, as it stands in the chart."""
    return "<svg class='swatch' width='14' height='14' aria-hidden='true'>{}</svg>".format(
        _marker(place, 7, 7)
    )


def _labels(frame, drawn):
    ends = [_y(frame, one["points"][-1][1]) for one in drawn]
    places = spread(ends, LABEL_GAP, frame["top"] + 4, frame["bottom"] - 4)
    parts = []
    for at, one in enumerate(drawn):
        end, y = ends[at], places[at]
        x = _x(frame, one["points"][-1][0])
        start = max(x + (20 if one["full_at"] else 8), x)
        parts.append(
            "<path class='lead s{}' d='M{:.1f} {:.1f}L{:.1f} {:.1f}'/>"
            "<text class='name s{}' x='{:.1f}' y='{:.1f}'>{}</text>".format(
                one["place"],
                start,
                end,
                frame["right"] + 8,
                y,
                one["place"],
                frame["right"] + 12,
                y + 4,
                escaped(one["name"]),
            )
        )
    return "".join(parts)


def _columns(frame, drawn, what):
    """What the pointer finds: for each batch a column with every GPU's figure."""
    batches = frame["batches"]
    edges = [_x(frame, batch) for batch in batches]
    parts = ["<g aria-hidden='true'>"]
    for place, batch in enumerate(batches):
        left = frame["left"] if place == 0 else (edges[place - 1] + edges[place]) / 2
        right = frame["right"] if place == len(edges) - 1 else (edges[place] + edges[place + 1]) / 2
        parts.append(
            "<g class='column'><rect x='{:.1f}' y='{}' width='{:.1f}' height='{}'/>"
            "<line x1='{:.1f}' x2='{:.1f}' y1='{}' y2='{}'/>{}</g>".format(
                left,
                frame["top"],
                right - left,
                frame["bottom"] - frame["top"],
                edges[place],
                edges[place],
                frame["top"],
                frame["bottom"],
                _tip(frame, drawn, what, batch, edges[place]),
            )
        )
    parts.append("</g>")
    return "".join(parts)


def _tip(frame, drawn, what, batch, x):
    lines = [(point[1], one) for one in drawn for point in one["points"] if point[0] == batch]
    lines.sort(key=lambda line: line[0], reverse=not frame["log"])
    wide, high = 232, 32 + 18 * len(lines)
    left = x + 12 if x + 12 + wide <= frame["width"] else max(0, x - 12 - wide)
    top = max(0, min(frame["top"] + 6, HEIGHT - high))
    parts = [
        "<g class='tip' transform='translate({:.1f} {:.1f})'>"
        "<rect class='card' width='{}' height='{}' rx='6'/>"
        "<text class='head' x='12' y='20'>{} {}, {}</text>".format(
            left, top, wide, high, capital(what["axis"][1]), batch, escaped(what["unit"])
        )
    ]
    for row, (value, one) in enumerate(lines):
        y = 40 + 18 * row
        parts.append(
            "{}<text x='30' y='{}'>{}</text><text class='value' x='{}' y='{}'>{}</text>".format(
                _marker(one["place"], 17, y - 4),
                y,
                escaped(one["name"]),
                wide - 12,
                y,
                figure(value),
            )
        )
    parts.append("</g>")
    return "".join(parts)


def _legend(drawn):
    items = ["<li>{}{}</li>".format(swatch(one["place"]), escaped(one["name"])) for one in drawn]
    return "<ul class='legend'>{}</ul>".format("".join(items))


def _in_words(drawn, what):
    parts = []
    for one in drawn:
        first, last = one["points"][0], one["points"][-1]
        parts.append(
            "{}: {} {} at {at} {}, {} at {at} {}{}.".format(
                one["name"],
                figure(first[1]),
                what["unit"],
                first[0],
                figure(last[1]),
                last[0],
                ", out of memory at {}".format(one["full_at"]) if one["full_at"] else "",
                at=what["axis"][1],
            )
        )
    return " ".join(parts)


def curve_table(series, metric):
    """The same figures as a table."""
    batches = sorted({point[0] for one in series for point in one["points"]})
    head = "".join("<th scope='col'>{}</th>".format(batch) for batch in batches)
    rows = []
    for one in series:
        values = {point[0]: point[1] for point in one["points"]}
        cells = "".join("<td>{}</td>".format(figure(values.get(batch))) for batch in batches)
        rows.append("<tr><th scope='row'>{}</th>{}</tr>".format(escaped(one["name"]), cells))
    what = METRICS[metric]
    return (
        "<table class='figures'><caption>{} in {} by {}</caption>"
        "<thead><tr><th scope='col'>GPU</th>{}</tr></thead><tbody>{}</tbody></table>"
    ).format(what["name"], what["unit"], what["axis"][0], head, "".join(rows))
