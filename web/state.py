"""The page's state as plain dicts, and `after(state, event)`, which is all that changes it.

Runs in MicroPython on the page and in CPython in the tests and at build time, so
it keeps to what both have: no dataclasses, enum or typing, and no reliance on the
order of a dict. Nothing here touches the document, the clock or the worker.
"""

from web import custom
from web.choose import CHOICES, FIRST_RUNTIMES, asked, with_error
from web.grid import BATCHES as GRID_BATCHES
from web.grid import covers, unpacked
from web.query import awaited_file, changed, curve_request, largest

FIRST_REQUEST = {
    "models": ["resnet50"],
    "gpus": ["h100-sxm-80gb", "a100-sxm-80gb", "l40s", "l4"],
    "runtimes": FIRST_RUNTIMES,
    "precisions": ["fp16"],
    "batches": [1, 8, 32],
    "dims": {},
    "profiles": {},
}

# What a request means by what it leaves out; comparison/request.py says the same.
LEFT_OUT = {
    "runtimes": FIRST_RUNTIMES,
    "precisions": ["fp16"],
    "batches": [1],
    "dims": {},
    "profiles": {},
}


def initial(catalog, request, comparison=None, inspection=None, curve=None):
    """The state of a page that has just opened.

    Args:
        catalog: What can be chosen, from `web.catalog.page_catalog`.
        request: The Request document to begin with.
        comparison: The finished comparison of that request, if there is one.
        inspection: What is known of its model: ``request`` and ``document``.
        curve: The cells of the chart: ``request`` and ``cells``.
    """
    return {
        "catalog": catalog,
        "request": request,
        "result": None if comparison is None else {"request": request, "comparison": comparison},
        "made": "build",
        "curve": curve,
        "engine": {"phase": "loading", "text": ""},
        "work": "",
        "error": None,
        "refused": [],
        "file": None,
        "inspection": inspection,
        "shown_batch": largest(request["batches"]),
        "sort": {"key": "latency_ms", "descending": False},
        "baseline": "",
        "metric": "throughput_per_s",
        "model_filter": "",
        "model_open": False,
        "model_active": 0,
        "gpu_filter": "",
        "notice": "",
        "theme": "",
        "saw": {},
        "grids": {},
        "custom": {},
        "from_link": False,
    }


def after(state, event):
    """The state that follows an event; the given one is left as it was.

    Args:
        state: From `initial` or an earlier `after`.
        event: A dict whose ``type`` is a key of `_AFTER`; the rest is that event's own.
    """
    return _answered_early(_AFTER[event["type"]](state, event))


def gone(said):
    """The error of an engine that no longer answers."""
    return {
        "code": "engine",
        "what": "the Python engine stopped: {}".format(said),
        "where": "this tab",
        "fix": "restart it; what you set is kept, a file of your own has to be dropped again",
    }


def _answered_early(state):
    """Until the engine is there, the comparison comes from what the build packed."""
    request = state["request"]
    if state["engine"]["phase"] == "ready" or not request["models"] or not request["gpus"]:
        return state
    if state["result"] is not None and state["result"]["request"] == request:
        return state
    grid = state["grids"].get(request["models"][0])
    if grid is None or not covers(grid, request):
        return state
    cells = unpacked(grid, request)
    curve = changed(curve_request(state), batches=list(GRID_BATCHES))
    return changed(
        state,
        result={"request": request, "comparison": {"cells": cells}},
        curve={"request": curve, "cells": unpacked(grid, curve)},
        made="build",
        error=None,
    )


def _sorted_by(state, event):
    sort = state["sort"]
    if sort["key"] == event["key"]:
        descending = not sort["descending"]
    else:
        descending = event["key"] in ("throughput_per_s", "mfu")
    return changed(state, sort={"key": event["key"], "descending": descending})


def _showed_batch(state, event):
    return changed(state, shown_batch=event["batch"])


def _showed_metric(state, event):
    return changed(state, metric=event["metric"])


def _pinned(state, event):
    return changed(state, baseline="" if state["baseline"] == event["id"] else event["id"])


def _engine(state, event):
    engine = {"phase": event["phase"], "text": event.get("text", "")}
    return changed(state, engine=engine, work="" if event["phase"] == "failed" else state["work"])


def _catalog(state, event):
    return custom.after_catalog(changed(state, catalog=event["catalog"]))


def _working(state, event):
    return changed(state, work=event["text"])


def _compared(state, event):
    comparison = event["comparison"]
    batches = [cell["batch"] for cell in comparison["cells"]]
    shown = state["shown_batch"]
    return changed(
        state,
        result={"request": event["request"], "comparison": comparison},
        made=event["made"],
        work="",
        error=None,
        refused=[],
        shown_batch=shown if shown in batches else largest(batches),
    )


def _grid(state, event):
    grids = dict(state["grids"])
    grids[event["model"]] = event["grid"]
    return changed(state, grids=grids)


def _inspected(state, event):
    inspection = {"request": event["request"], "document": event["document"]}
    return changed(state, inspection=inspection, work="")


def _curved(state, event):
    curve = {"request": event["request"], "cells": event["comparison"]["cells"]}
    return changed(state, curve=curve, work="")


def _opened(state, event):
    """A file was read: it becomes the model, and its free dims start as guessed.

    A batch that the file fixes is left as it is: the request then asks for no other.
    """
    opened = {"id": event["id"], "name": event["id"], "size": event["size"]}
    dims = state["request"]["dims"] if awaited_file(state) else {}
    state = changed(state, file=opened, inspection=None, curve=None, work="", error=None)
    state = changed(
        asked(state, models=[event["id"]], dims=dims), refused=[], result=_kept(state, event)
    )
    if event["batch"] is not None:
        return state
    return changed(
        asked(state, batches=[1]),
        shown_batch=1,
        notice="This file fixes its batch, so there is one batch to compare. Export it with a "
        "free batch dimension for more.",
    )


def _kept(state, event):
    """The last result, unless it is of an earlier file of the same name."""
    result = state["result"]
    if result is not None and event["id"] in result["request"]["models"]:
        return None
    return result


def _failed(state, event):
    """An error ends the work; the last result stays, and the same request is not sent again."""
    refused = state["refused"] + ([event["request"]] if "request" in event else [])
    return changed(state, error=event["error"], work="", refused=refused)


def _dismissed(state, event):
    return changed(state, error=None, notice="")


def _noticed(state, event):
    return changed(state, notice=event["text"])


def _themed(state, event):
    return changed(state, theme=event["theme"])


def _restored(state, event):
    """A whole request from a link, with what its sender saw."""
    request = dict(LEFT_OUT)
    request.update(event["request"])
    state = changed(
        state,
        request=request,
        saw=event["saw"],
        shown_batch=event["saw"].get("batch", largest(request["batches"])),
        refused=[],
        error=None,
        work="",
        from_link=event.get("from_link", False),
    )
    state = custom.after_restored(state)
    name = awaited_file(state)
    if not name:
        return state
    return with_error(
        state,
        "this link compares {}, a file on its sender's machine".format(name),
        "the link you opened",
        "drop that file here; all else that the link asks for is set",
    )


_AFTER = {
    "sorted": _sorted_by,
    "batch_shown": _showed_batch,
    "metric_shown": _showed_metric,
    "pinned": _pinned,
    "engine": _engine,
    "catalog": _catalog,
    "working": _working,
    "compared": _compared,
    "grid": _grid,
    "inspected": _inspected,
    "curved": _curved,
    "opened": _opened,
    "failed": _failed,
    "dismissed": _dismissed,
    "noticed": _noticed,
    "themed": _themed,
    "restored": _restored,
    "profile_set": custom.after_set,
    "profile_reset": custom.after_reset,
    "profiles_remembered": custom.after_remembered,
}
_AFTER.update(CHOICES)
