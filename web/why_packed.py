"""HTML by element id <-> one text, on its way from the worker to the page."""

APART, NAMED = "\x1e", "\x1f"
"""Between regions, and between a region's name and its HTML. JSON is as clear, but reading a
quarter of a megabyte of it takes MicroPython a tenth of a second, on the page's own thread."""


def why_packed(regions):
    """HTML by element id as one text."""
    return APART.join("{}{}{}".format(name, NAMED, regions[name]) for name in regions)


def why_unpacked(text):
    """The regions in that text, as pairs of name and HTML.

    >>> why_unpacked(why_packed({"why-head": "<h3>", "why-bars": "<svg>"}))
    [('why-head', '<h3>'), ('why-bars', '<svg>')]
    """
    found = []
    for part in text.split(APART):
        name, html = part.split(NAMED)
        found.append((name, html))
    return found
