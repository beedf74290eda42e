"""An explanation -> the HTML of the section "Why", region by region; files to save.

Runs in the worker's Python and at build time. The page puts the regions in place.
"""

import json

from web.text import capital, duration, escaped, listed, plural, short_name
from web.why_kernel import kernel_card
from web.why_layers import bars, layer_csv, layer_table, treemap
from web.why_memory import memory_chart, step_csv, step_table
from web.why_parts import BOUNDS, percent
from web.why_roofline import kernel_csv, kernel_table, roofline

BESIDE = 700
"""Width from which on bars and areas stand beside each other."""


def why_regions(found, anatomy, width):
    """HTML by element id.

    Args:
        found: From ``App.explain``.
        anatomy: From ``App.explain_kernel`` of the longest kernel; None where nothing ran.
        width: Of a card's inside, in pixels.
    """
    if anatomy is None:
        return {"why-head": _nothing(found)}
    narrow = width < BESIDE
    half = width if narrow else (width - 24) // 2
    rows = len(found["layers"])
    return {
        "why-head": _head(found),
        "why-bars": bars(found, half),
        "why-tree": treemap(found, half, 300 if narrow else max(300, min(30 + 22 * rows, 560))),
        "why-roof": roofline(found, width),
        "why-kernel": kernel_card(found, anatomy, 0),
        "why-memory": memory_chart(found, width),
        "why-layer-table": layer_table(found),
        "why-kernel-table": kernel_table(found),
        "why-step-table": step_table(found),
    }


def _nothing(found):
    problem = found["cell"]["problem"]
    return "<h3>Why</h3><p class='reason'>{}: {}.</p>".format(
        escaped(short_name(found["gpu"]["name"])), escaped(problem["what"])
    )


def _head(found):
    whole_ms = sum(kernel["total_ms"] for kernel in found["kernels"])
    return "<h3>Why {} on {}</h3><p class='reason'>{}</p>".format(
        "<span class='nobreak'>{}</span>".format(duration(whole_ms)),
        "<span class='nobreak'>{}</span>".format(escaped(short_name(found["gpu"]["name"]))),
        _reason(found, whole_ms),
    )


def _reason(found, whole_ms):
    """What the time goes to, in two sentences."""
    spent = dict.fromkeys(BOUNDS, 0.0)
    for kernel in found["kernels"]:
        waiting = kernel["launch_us"] * kernel["count"] / 1000
        spent["launch"] += waiting
        busy = "compute" if kernel["compute_us"] >= kernel["memory_us"] else "memory"
        spent[busy] += kernel["total_ms"] - waiting
    words = {
        "compute": "arithmetic",
        "memory": "memory traffic",
        "launch": "starting kernels and waiting for the host",
    }
    parts = [
        "{} {} {}".format(words[bound], "is" if bound == "launch" else "sets the pace for",
                          percent(spent[bound] / whole_ms))
        for bound in sorted(spent, key=lambda name: -spent[name])
        if spent[bound] > 0.005 * whole_ms
    ]  # fmt: skip
    longest = max(found["layers"], key=lambda layer: layer["total_ms"])
    launches = sum(kernel["count"] for kernel in found["kernels"])
    text = "{} of the time. It is {} launches of {} in {}; {} takes the longest, {}.".format(
        capital(listed(parts)),
        launches,
        plural(len(found["kernels"]), "distinct kernel"),
        plural(len(found["layers"]), "layer"),
        longest["name"],
        percent(longest["share"]),
    )
    problem = found["cell"]["problem"]
    if problem is not None:
        text = "It does not fit: {}. If it did: {}".format(problem["what"], text)
    return escaped(text)


FILES = {"bars": layer_csv, "tree": layer_csv, "roof": kernel_csv, "memory": step_csv}
"""The CSV behind each chart."""


def why_csv(found, chart):
    """The figures of a chart as CSV."""
    return FILES[chart](found)


class Explained:
    """The explanation that the page shows, kept so that asking for a kernel costs little.

    Args:
        app: The engine.
    """

    def __init__(self, app):
        self._app = app
        self._request = None
        self._found = None

    def found(self, request):
        """The explanation of a request given as JSON text."""
        if request != self._request:
            self._found = self._app.explain(json.loads(request))
            self._request = request
        return self._found

    def regions(self, request, width):
        """The section, drawn anew."""
        self._request = None
        found = self.found(request)
        problem = found["cell"]["problem"]
        runs = problem is None or problem["code"] == "memory"
        asked = json.loads(request)
        anatomy = self._app.explain_kernel(asked, 0) if runs else None
        return why_regions(found, anatomy, width)

    def kernel(self, request, place):
        """The card of one kernel."""
        anatomy = self._app.explain_kernel(json.loads(request), place)
        return kernel_card(self.found(request), anatomy, place)

    def csv(self, request, chart):
        """The figures of a chart."""
        return why_csv(self.found(request), chart)

    def netron(self, request):
        """The attachment for Netron, as text."""
        return json.dumps(self._app.netron(json.loads(request)), indent=1)
