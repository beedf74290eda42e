"""What the charts of "Why" share: bounds as colour, pattern and shape; options; words.

Drawn by the engine's Python in the worker and when the site is built, so that a
model of a thousand kernels costs the page's own thread nothing.
"""

from web.text import escaped, figure, trimmed

BOUNDS = {
    "compute": ("arithmetic", "s0", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"),
    "memory": ("memory", "s1", "M-4 -4h8v8h-8z"),
    "launch": ("launches", "s2", "M0 -5l5 9h-10z"),
}
"""Per bound: what people read, the class of its colour, its shape."""


def bound_name(bound):
    """What limits a kernel, in the table's word."""
    return BOUNDS[bound][0]


def bound_class(bound):
    """The class that gives an element the bound's colour."""
    return BOUNDS[bound][1]


def shape(bound, x, y, size=1.0):
    """The bound's shape at a place."""
    return (
        "<path class='dot {}' transform='translate({:.1f} {:.1f}) scale({:.2f})' d='{}'/>".format(
            bound_class(bound), x, y, size, BOUNDS[bound][2]
        )
    )


def swatches(bounds):
    """A legend as HTML: the shapes and patterns of the bounds that occur."""
    items = [
        "<li><svg class='chart swatch' width='14' height='14' aria-hidden='true'>{}</svg>"
        "bound by {}</li>".format(shape(bound, 7, 7), escaped(BOUNDS[bound][0]))
        for bound in BOUNDS
        if bound in bounds
    ]
    return "<ul class='legend'>{}</ul>".format("".join(items))


def patterns(name):
    """Fills that tell bounds apart without colour, for one chart: its ids begin with ``name``."""
    lines = {"memory": "M-1 1l2 -2M0 6l6 -6M5 7l2 -2", "launch": "M3 0v6"}
    return "<defs>{}</defs>".format(
        "".join(
            "<pattern id='{0}-{1}' class='{2}' width='6' height='6' "
            "patternUnits='userSpaceOnUse'><rect class='weave' width='6' height='6'/>"
            "<path class='thread' d='{3}'/></pattern>".format(
                name, bound, bound_class(bound), lines[bound]
            )
            for bound in lines
        )
    )


def fill(name, bound):
    """The fill of a bound in the chart of that name, as an attribute."""
    if bound == "compute":
        return "class='solid {}'".format(bound_class(bound))
    return "class='{}' fill='url(#{}-{})'".format(bound_class(bound), name, bound)


def option(chart, place, kernel, label, inside, layers=()):
    """One thing of a chart that can be selected.

    Args:
        chart: Name of the chart.
        place: Its number there.
        kernel: The kernel that it shows, or the longest of several.
        label: In words, for those who do not see it; as a title, since a label of its own
            would have to repeat the words and the title inside.
        inside: SVG.
        layers: The layers it belongs to.
    """
    return (
        "<g role='option' class='opt' id='{}-{}' data-k='{}' data-g=' {} ' aria-selected='false'>"
        "{}<title>{}</title></g>"
    ).format(
        chart, place, kernel, " ".join(str(layer) for layer in layers), inside, escaped(label),
    )  # fmt: skip


def picture(chart, width, height, label, inside):
    """A chart whose parts can be selected: one stop for Tab, arrows within."""
    return (
        "<svg class='chart why-chart' id='why-svg-{0}' role='listbox' tabindex='0' "
        "aria-label='{1}' viewBox='0 0 {2} {3}' width='{2}' height='{3}' data-name='{0}'>{4}</svg>"
    ).format(chart, escaped(label), int(width), int(height), inside)


def percent(share):
    """A share as people read it.

    >>> percent(0.1234), percent(0.0004), percent(None)
    ('12.3 %', '0.04 %', '–')
    """
    if share is None:
        return "–"
    value = 100 * share
    if value >= 9.95:
        return "{:.1f} %".format(value)
    return "{} %".format(trimmed(figure(value)) if value < 0.1 else "{:.1f}".format(value))


def cut(text, room):
    """Text of at most so many characters; the beginning gives way, since names differ at the end.

    >>> cut("encoder.layer.11", 8)
    '…ayer.11'
    """
    return text if len(text) <= room else "…" + text[len(text) - room + 1 :]


def table(caption, columns, rows):
    """A table of figures.

    Args:
        caption: What it shows.
        columns: Names, the first that of the row's own name.
        rows: Texts in the order of the columns, as HTML.
    """
    head = "".join("<th scope='col'>{}</th>".format(escaped(name)) for name in columns)
    body = "".join(
        "<tr><th scope='row'>{}</th>{}</tr>".format(
            row[0], "".join("<td>{}</td>".format(cell) for cell in row[1:])
        )
        for row in rows
    )
    return (
        "<table class='figures'><caption>{}</caption><thead><tr>{}</tr></thead>"
        "<tbody>{}</tbody></table>"
    ).format(escaped(caption), head, body)


def csv(columns, rows):
    """Rows as CSV (RFC 4180)."""
    return "".join(",".join(_field(cell) for cell in row) + "\r\n" for row in [columns, *rows])


def _field(value):
    if value is None:
        return ""
    text = "{:.12g}".format(value) if isinstance(value, float) else str(value)
    if any(mark in text for mark in ',"\r\n'):
        return '"{}"'.format(text.replace('"', '""'))
    return text
