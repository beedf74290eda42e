"""The page's state as plain dicts, and `after(state, event)`, which is all that changes it.

Runs in MicroPython on the page and in CPython in the tests and at build time, so
it keeps to what both have: no dataclasses, enum or typing, and no reliance on the
order of a dict. Nothing here touches the document, the clock or the worker.
"""

from web import custom
from web.choose import CHOICES, FIRST_RUNTIMES, asked, with_error
from web.grid import covers, grid_batches, unpacked
from web.models import with_model
from web.query import awaited_file, changed, curve_request, is_on_hub, largest
from web.served import METRICS as SERVED_METRICS
from web.served import USUAL, has_served

FIRST_REQUEST = {
    "models": ["resnet50"],
    "gpus": ["h100-sxm-80gb", "a100-sxm-80gb", "l40s", "l4"],
    "runtimes": FIRST_RUNTIMES,
    "precisions": ["fp16"],
    "batches": [1, 8, 32],
    "dims": {},
    "profiles": {},
    "tables": {},
    "prompt_tokens": USUAL["prompt_tokens"],
    "output_tokens": USUAL["output_tokens"],
    "kv_precision": USUAL["kv_precision"],
    "steps": USUAL["steps"],
}

# What a request means by what it leaves out; comparison/request.py says the same.
LEFT_OUT = {
    "runtimes": FIRST_RUNTIMES,
    "precisions": ["fp16"],
    "batches": [1],
    "dims": {},
    "profiles": {},
    "tables": {},
    "prompt_tokens": USUAL["prompt_tokens"],
    "output_tokens": USUAL["output_tokens"],
    "kv_precision": USUAL["kv_precision"],
    "steps": USUAL["steps"],
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
        "files": {},
        "inspections": {} if inspection is None else {request["models"][0]: inspection},
        "adding": False,
        "differences": None,
        "chosen": None,
        "coming": None,
        "curve_of": {},
        "with_table": False,
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
    cells = []
    for model in request["models"]:
        grid = state["grids"].get(model)
        if grid is None or not covers(grid, request):
            return state
        cells += unpacked(grid, request)
    wanted = curve_request(state)
    curve = changed(wanted, batches=grid_batches(state["grids"][wanted["models"][0]]))
    return changed(
        _fitting_metric(state, cells),
        result={"request": request, "comparison": {"cells": cells}},
        curve={"request": curve, "cells": unpacked(state["grids"][curve["models"][0]], curve)},
        made="build",
        error=None,
    )


def _sorted_by(state, event):
    sort = state["sort"]
    if sort["key"] == event["key"]:
        descending = not sort["descending"]
    else:
        descending = event["key"] in ("throughput_per_s", "tokens_per_s", "mfu")
    return changed(state, sort={"key": event["key"], "descending": descending})


def _showed_batch(state, event):
    return changed(state, shown_batch=event["batch"])


def _showed_metric(state, event):
    return changed(state, metric=event["metric"])


def _pinned(state, event):
    return changed(state, baseline="" if state["baseline"] == event["id"] else event["id"])


def _chose_row(state, event):
    return changed(state, chosen=event["row"])


def _chose_curve(state, event):
    chosen = dict(state["curve_of"])
    chosen[event["axis"]] = event["id"]
    return changed(state, curve_of=chosen)


def _engine(state, event):
    engine = {"phase": event["phase"], "text": event.get("text", "")}
    return changed(state, engine=engine, work="" if event["phase"] == "failed" else state["work"])


def _catalog(state, event):
    return custom.after_catalog(changed(state, catalog=event["catalog"]))


def _working(state, event):
    return changed(state, work=event["text"])


def _compared(state, event):
    comparison = event["comparison"]
    state = _fitting_metric(state, comparison["cells"])
    batches = [cell["batch"] for cell in comparison["cells"]]
    shown = state["shown_batch"]
    return changed(
        state,
        result={"request": event["request"], "comparison": comparison},
        made=event["made"],
        work="",
        error=None,
        refused=[],
        coming=None,
        shown_batch=shown if shown in batches else largest(batches),
    )


def _fitting_metric(state, cells):
    """The state with a metric of the chart that its models have."""
    served = has_served(cells)
    if served == (state["metric"] in SERVED_METRICS):
        return state
    return changed(state, metric=SERVED_METRICS[0] if served else "throughput_per_s")


def _streamed(state, event):
    """Some of the cells of a comparison that is being worked out."""
    if event["request"] != state["request"] or not state["work"]:
        return state
    coming = state["coming"]
    held = coming["cells"] if coming and coming["request"] == event["request"] else []
    return changed(state, coming={"request": event["request"], "cells": held + event["cells"]})


def _grid(state, event):
    grids = dict(state["grids"])
    grids[event["model"]] = event["grid"]
    return changed(state, grids=grids)


def _inspected(state, event):
    held = dict(state["inspections"])
    model = event["request"]["models"][0]
    held[model] = {"request": event["request"], "document": event["document"]}
    return changed(state, inspections=held, work="")


def _told_apart(state, event):
    told = {"request": event["request"], "document": event["document"]}
    return changed(state, differences=told, work="")


def _curved(state, event):
    curve = {"request": event["request"], "cells": event["comparison"]["cells"]}
    return changed(state, curve=curve, work="")


def _opened(state, event):
    """A file was read: it becomes the model, or the second one; its free dims start as guessed.

    Where a link awaits a file, it takes that one's place. A batch that the file fixes is left as
    it is: the request then asks for no other.
    """
    model, awaited = event["id"], awaited_file(state)
    files, inspections = dict(state["files"]), dict(state["inspections"])
    files[model] = {"id": model, "name": model, "size": event["size"]}
    inspections.pop(model, None)
    models = with_model(state, model)
    if awaited:
        models = [model if each == awaited else each for each in state["request"]["models"]]
    dims = state["request"]["dims"] if awaited or len(models) > 1 else {}
    tables = state["request"]["tables"]
    tables = {key: tables[key] for key in tables if key in models}
    state = changed(
        state, files=files, inspections=inspections, curve=None, work="", error=None, adding=False
    )
    if len(models) > 1:
        state = changed(state, baseline="")
    state = changed(
        asked(state, models=models, dims=dims, tables=tables),
        refused=[],
        result=_kept(state, event),
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
    return changed(state, error=event["error"], work="", refused=refused, coming=None)


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
        adding=False,
        from_link=event.get("from_link", False),
    )
    state = custom.after_restored(state)
    name = awaited_file(state)
    if not name:
        return state
    if is_on_hub(name):
        state = with_error(
            state,
            "this link compares {}, a model of Hugging Face".format(name),
            "the link you opened",
            "read it from there: a link alone makes this page ask no other site; "
            "all else that the link asks for is set",
        )
        return changed(state, error=dict(state["error"], read=name))
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
    "streamed": _streamed,
    "told_apart": _told_apart,
    "row_chosen": _chose_row,
    "curve_chosen": _chose_curve,
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
