"""What a share link says beside its request, and what the page says about the link."""

from web.models import own_files
from web.query import shown_cells
from web.text import grouped, listed, milliseconds

LONG = 4000
"""Characters from which on mail programs and chats cut links."""


def seen(state):
    """What the sender sees: the fastest figure, to be held against the receiver's."""
    able = [cell for cell in shown_cells(state) if cell["latency_ms"]]
    if not able or state["result"]["request"] != state["request"]:
        return {}
    best = min(able, key=lambda cell: cell["latency_ms"])
    said = {
        "engine": state["catalog"]["engine"],
        "batch": state["shown_batch"],
        "gpu": best["gpu"],
        "latency_ms": best["latency_ms"],
    }
    place = state["request"]["models"].index(best["model"])
    if place:
        said["model"] = place
    return said


def said_of_link(state, length):
    """What to say when a link was copied: how long it is, and what it does not hold."""
    said = "Link copied: {} characters.".format(grouped(length))
    files = own_files(state)
    if files and state["with_table"]:
        said += " The model travels as what its kernels do, without weights and names."
    elif files:
        said += " It names {}, and does not hold it.".format(listed(files))
    if length > LONG:
        said += " Mail programs may cut it: save the comparison as a file instead."
    return said


def difference(state):
    """How what this engine says differs from what the sender of the link saw, if it does."""
    saw, result = state["saw"], state["result"]
    if not saw or result is None or result["request"] != state["request"]:
        return ""
    at = saw.get("model", 0)
    models = result["request"]["models"]
    model = models[at] if isinstance(at, int) and 0 <= at < len(models) else ""
    for cell in result["comparison"]["cells"]:
        if (cell["gpu"], cell["batch"], cell["model"]) == (saw.get("gpu"), saw.get("batch"), model):
            return _said(cell["latency_ms"], saw)
    return ""


def _said(now_ms, saw):
    then_ms = saw.get("latency_ms")
    if not now_ms or not then_ms or now_ms == then_ms:
        return ""
    return "The sender saw {} (engine {}), this engine says {}".format(
        milliseconds(then_ms), saw.get("engine", "?"), milliseconds(now_ms)
    )
