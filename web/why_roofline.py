"""The roofline: where each kernel stands between the board's bandwidth and its peaks."""

import math

from web.scale import placed_log
from web.text import duration, escaped, exact, figure
from web.why_parts import (
    bound_name,
    csv,
    option,
    percent,
    picture,
    shape,
    swatches,
    table,
)

TOP, BOTTOM, LEFT, RIGHT = 30, 46, 56, 20
NARROW = 520
NUMBERED = 0.06
"""Share of the time from which on a point carries the kernel's number."""


def on_roofline(found):
    """Places in ``kernels`` of those with a place on it: some arithmetic, some traffic, a time."""
    return [
        place
        for place, kernel in enumerate(found["kernels"])
        if kernel["intensity"] and kernel["flops_per_s"]
    ]


def roofline(found, width):
    """The chart.

    Args:
        found: An explanation, as ``App.explain`` gives it.
        width: In pixels.
    """
    places = on_roofline(found)
    frame = _frame(found, places, width)
    layers = _layers_of(found)
    points = [
        _point(frame, found, place, layers.get(place, ()))
        for place in sorted(places, key=lambda place: -found["kernels"][place]["share"])
    ]
    label = "Roofline of {}: kernels by arithmetic intensity and achieved rate".format(
        found["gpu"]["name"]
    )
    inside = _axes(frame) + _roofs(frame, found["roofs"]) + "".join(points)
    legend = swatches({found["kernels"][place]["bound"] for place in places})
    left = len(found["kernels"]) - len(places)
    note = "Area: share of the time. Numbers are those of the table."
    if left:
        note += " {} without arithmetic, which {} no place here.".format(
            "1 kernel is" if left == 1 else "{} kernels are".format(left),
            "has" if left == 1 else "have",
        )
    return "{}{}<p class='note'>{}</p>".format(
        picture("roof", width, frame["height"], label, inside), legend, escaped(note)
    )


def _layers_of(found):
    """The layers that each kernel runs in."""
    layers = {}
    for place, layer in enumerate(found["layers"]):
        for at in layer["steps"]:
            kernel = found["steps"][at]["kernel"]
            layers.setdefault(kernel, {})[place] = True
    return {kernel: list(places) for kernel, places in layers.items()}


def _frame(found, places, width):
    kernels = [found["kernels"][place] for place in places]
    roofs = found["roofs"]
    ridges = [peak["ridge"] for peak in roofs["peaks"]]
    peaks = [peak["flops_per_s"] for peak in roofs["peaks"]]
    intensities = [kernel["intensity"] for kernel in kernels] + [min(ridges), max(ridges)]
    rates = [kernel["flops_per_s"] for kernel in kernels] + [max(peaks)]
    rates.append(min(intensities) * roofs["bandwidth_bytes_per_s"])
    return {
        "x": (min(intensities) / 2, max(intensities) * 2.5),
        "y": (min(rates) / 2, max(peaks) * 2.5),
        "left": LEFT,
        "right": width - RIGHT,
        "top": TOP,
        "bottom": (320 if width < NARROW else 420) - BOTTOM,
        "height": 320 if width < NARROW else 420,
        "narrow": width < NARROW,
    }


def _x(frame, intensity):
    return placed_log(intensity, *frame["x"], frame["left"], frame["right"])


def _y(frame, rate):
    return placed_log(rate, *frame["y"], frame["bottom"], frame["top"])


def _decades(low, high):
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**power for power in range(first, last + 1)]


def _rate(flops_per_s, gap=""):
    """A rate with its prefix."""
    for size, unit in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")):
        if flops_per_s >= size * 0.9995:
            short = exact(float("{:.3g}".format(flops_per_s / size)))
            return "{}{}{}".format(short, gap, unit)
    return exact(float("{:.3g}".format(flops_per_s)))


def _axes(frame):
    parts = ["<g class='axis' aria-hidden='true'>"]
    for rate in _decades(*frame["y"]):
        y = _y(frame, rate)
        parts.append(
            "<line class='grid' x1='{}' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}'/>"
            "<text class='tick' x='{}' y='{:.1f}'>{}</text>".format(
                frame["left"], frame["right"], y, y, frame["left"] - 8, y + 4, _rate(rate)
            )
        )
    for intensity in _decades(*frame["x"]):
        x = _x(frame, intensity)
        parts.append(
            "<line class='grid' x1='{0:.1f}' x2='{0:.1f}' y1='{1}' y2='{2}'/>"
            "<text class='tick x' x='{0:.1f}' y='{3}'>{4}</text>".format(
                x, frame["top"], frame["bottom"], frame["bottom"] + 18, exact(intensity)
            )
        )
    parts.append(
        "<text class='unit' x='0' y='11'>FLOP/s, log scale</text>"
        "<text class='unit end' x='{:.0f}' y='{}'>FLOP per byte, log scale</text></g>".format(
            frame["right"], frame["bottom"] + 38
        )
    )
    return "".join(parts)


def _roofs(frame, roofs):
    """The slope of the memory, the flat peaks, and the ridge points between them."""
    bandwidth = roofs["bandwidth_bytes_per_s"]
    low, high = frame["x"]
    parts = ["<g class='roofs' aria-hidden='true'>"]
    best = max(peak["ridge"] for peak in roofs["peaks"])
    start = max(low, frame["y"][0] / bandwidth)
    parts.append(_line(frame, "roof-line", start, start * bandwidth, best, best * bandwidth))
    for number, peak in enumerate(roofs["peaks"]):
        x, y = _x(frame, peak["ridge"]), _y(frame, peak["flops_per_s"])
        short = peak["name"].split(",")[0] if frame["narrow"] else peak["name"]
        name = "{}: {}FLOP/s".format(short, _rate(peak["flops_per_s"], " "))
        kind = "roof-line" if number == 0 else "roof-line lower"
        parts.append(
            _line(frame, kind, peak["ridge"], peak["flops_per_s"], high, peak["flops_per_s"])
        )
        parts.append(
            "<line class='ridge' x1='{0:.1f}' x2='{0:.1f}' y1='{1:.1f}' y2='{2}'/>"
            "<circle class='ridge-point' cx='{0:.1f}' cy='{1:.1f}' r='4'/>"
            "<text class='ridge-name' x='{0:.1f}' y='{3}'>{4} {5}</text>"
            "<text class='roof-name end' x='{6:.0f}' y='{7:.1f}'>{8}</text>".format(
                x,
                y,
                frame["bottom"],
                frame["bottom"] - 6,
                "" if frame["narrow"] else "ridge",
                figure(peak["ridge"]),
                frame["right"],
                y - 8,
                escaped(name),
            )
        )
    parts.append(_slope_name(frame, bandwidth, start))
    return "".join(parts) + "</g>"


def _slope_name(frame, bandwidth, start):
    """The name of the slope, along it."""
    rise = _y(frame, start * bandwidth) - _y(frame, start * bandwidth * 10)
    run = _x(frame, start * 10) - _x(frame, start)
    angle = -math.degrees(math.atan2(rise, run))
    at = start * 1.6
    return (
        "<text class='roof-name' transform='translate({:.1f} {:.1f}) rotate({:.1f})'>"
        "memory: {}B/s</text>"
    ).format(_x(frame, at) - 6, _y(frame, at * bandwidth) - 8, angle, _rate(bandwidth, " "))


def _line(frame, kind, x1, y1, x2, y2):
    return "<line class='{}' x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}'/>".format(
        kind, _x(frame, x1), _y(frame, y1), _x(frame, x2), _y(frame, y2)
    )


def _point(frame, found, place, layers):
    kernel = found["kernels"][place]
    x, y = _x(frame, kernel["intensity"]), _y(frame, kernel["flops_per_s"])
    size = max(0.9, 7.0 * math.sqrt(kernel["share"]) * (0.8 if frame["narrow"] else 1.0))
    inside = "<circle class='reach' cx='{:.1f}' cy='{:.1f}' r='12'/>".format(x, y)
    inside += shape(kernel["bound"], x, y, size)
    if kernel["share"] >= NUMBERED:
        inside += ("<text class='rank' aria-hidden='true' x='{:.1f}' y='{:.1f}'>{}</text>").format(
            x, y + 4, place + 1
        )
    label = "{}. {} {}: {} of the time, {} FLOP per byte, {}FLOP/s, bound by {}".format(
        place + 1, kernel["op"], kernel["shape"], percent(kernel["share"]),
        figure(kernel["intensity"]), _rate(kernel["flops_per_s"], " "), bound_name(kernel["bound"]),
    )  # fmt: skip
    return option("roof", place, place, label, inside, layers)


KERNEL_COLUMNS = (
    "kernel", "shape", "launches", "FLOPs", "bytes", "FLOP per byte", "TFLOP/s", "of its roof",
    "each, µs", "all, ms", "share", "bound by",
)  # fmt: skip
KERNEL_FIELDS = (
    "op", "shape", "count", "matrix_flops", "vector_flops", "special_flops", "read_bytes",
    "weight_bytes", "write_bytes", "intensity", "flops_per_s", "peak", "roof", "reached",
    "compute_us", "memory_us", "launch_us", "time_us", "total_ms", "share", "bound",
)  # fmt: skip


def kernel_table(found):
    """The table equal to the roofline; each name chooses its kernel."""
    rows = [
        (
            "<button type='button' class='link' data-do='why-kernel' data-k='{0}' id='why-row-{0}'>"
            "{1}. {2}</button>".format(place, place + 1, escaped(kernel["op"])),
            escaped(kernel["shape"]),
            kernel["count"],
            counted(kernel["flops"]),
            counted(kernel["read_bytes"] + kernel["write_bytes"]),
            figure(kernel["intensity"]),
            figure((kernel["flops_per_s"] or 0) / 1e12),
            percent(kernel["reached"]),
            figure(kernel["time_us"]),
            exact(kernel["total_ms"]),
            percent(kernel["share"]),
            bound_name(kernel["bound"]),
        )
        for place, kernel in enumerate(found["kernels"])
    ]
    return table("Kernels, the longest first", KERNEL_COLUMNS, rows)


def kernel_csv(found):
    """All that is known of each kernel, as CSV."""
    rows = [[kernel[name] for name in KERNEL_FIELDS] for kernel in found["kernels"]]
    return csv(KERNEL_FIELDS, rows)


def counted(value):
    """A large count with its prefix.

    >>> counted(1850089472), counted(1500), counted(12)
    ('1.85 G', '1.50 k', '12')
    """
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return "{} {}".format(figure(value / size), unit)
    return exact(value)


def duration_us(value):
    """Microseconds in the unit that reads best."""
    return duration(value / 1000)
