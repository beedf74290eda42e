"""The page's state as plain dicts, and `after(state, event)`, which is all that changes it.

Runs in MicroPython on the page and in CPython in the tests and at build time, so
it keeps to what both have: no dataclasses, enum or typing, and no reliance on the
order of a dict. Nothing here touches the document, the clock or the worker.
"""

from web import custom
from web.grid import BATCHES as GRID_BATCHES
from web.grid import covers, unpacked

MOST_GPUS = 8
BATCH_CHOICES = (1, 2, 4, 8, 16, 32, 64, 128)

FIRST_REQUEST = {
    "models": ["resnet50"],
    "gpus": ["h100-sxm-80gb", "a100-sxm-80gb", "l40s", "l4"],
    "runtimes": ["tensorrt"],
    "precisions": ["fp16"],
    "batches": [1, 8, 32],
    "dims": {},
    "profiles": {},
}

# What a request means by what it leaves out; comparison/request.py says the same.
LEFT_OUT = {
    "runtimes": ["tensorrt"],
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


def largest(values):
    """The largest of a list, 0 of an empty one."""
    return max(values) if values else 0


def changed(mapping, **fields):
    """A copy of a dict with some fields replaced."""
    copy = dict(mapping)
    copy.update(fields)
    return copy


def after(state, event):
    """The state that follows an event; the given one is left as it was.

    Args:
        state: From `initial` or an earlier `after`.
        event: A dict whose ``type`` is a key of `_AFTER`; the rest is that event's own.
    """
    return _answered_early(_AFTER[event["type"]](state, event))


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


def wanted_grid(state):
    """Id of the built-in model whose grid would help while the engine is loading, or nothing."""
    if state["engine"]["phase"] == "ready" or not is_stale(state):
        return ""
    model = state["request"]["models"][0]
    known = [entry["id"] for entry in state["catalog"]["models"]]
    return model if model in known and model not in state["grids"] else ""


def job(state):
    """What the engine should do next: ``(kind, request)``, or None when there is nothing.

    The comparison comes first, then what is known of its model, then the curve.
    """
    wanted = state["request"]
    if state["engine"]["phase"] != "ready" or state["work"]:
        return None
    if not wanted["models"] or not wanted["gpus"] or wanted in state["refused"]:
        return None
    if awaited_file(state):
        return None
    if state["result"] is None or state["result"]["request"] != wanted:
        return ("compare", wanted)
    model = model_request(wanted)
    if state["inspection"] is None or state["inspection"]["request"] != model:
        return None if model in state["refused"] else ("inspect", model)
    curve = curve_request(state)
    if curve is not None and (state["curve"] is None or state["curve"]["request"] != curve):
        return None if curve in state["refused"] else ("curve", curve)
    return None


def awaited_file(state):
    """Name of the file that a link asks for and that nobody dropped yet, or nothing."""
    model = state["request"]["models"][0] if state["request"]["models"] else ""
    opened = state["file"]
    if opened is not None and opened["id"] == model:
        return ""
    known = [entry["id"] for entry in state["catalog"]["models"]]
    return "" if model in known or not known else model


def is_settled(state):
    """Whether the engine is there and has nothing left to do."""
    return state["engine"]["phase"] == "ready" and not state["work"] and job(state) is None


def model_request(request):
    """What is asked of the engine to describe the model of a request."""
    return changed(
        request,
        gpus=[],
        batches=[1],
        precisions=request["precisions"][:1],
        runtimes=request["runtimes"][:1],
        profiles={},
    )


def curve_request(state):
    """What is asked of the engine for the chart, or None where the batch cannot vary."""
    request = state["request"]
    if not has_batch(state):
        return None
    return changed(
        request,
        batches=sorted(set(BATCH_CHOICES) | set(request["batches"])),
        precisions=request["precisions"][:1],
        runtimes=request["runtimes"][:1],
    )


def has_batch(state):
    """Whether the model has a batch dimension, as far as is known."""
    if state["inspection"] is None:
        return True
    return any(dim["is_batch"] for dim in free_dims(state["inspection"]["document"]))


def free_dims(document):
    """The free dimensions of a model, each once, as its inspection lists them."""
    found, seen = [], []
    for entry in document["inputs"]:
        for dim in entry.get("free", []):
            if dim["symbol"] not in seen:
                seen.append(dim["symbol"])
                found.append(dim)
    return found


def is_stale(state):
    """Whether what is shown answers an earlier request than the one on the controls."""
    return state["result"] is not None and state["result"]["request"] != state["request"]


def shown_cells(state):
    """The cells of the result at the batch that is shown, in the order of the sort."""
    if state["result"] is None:
        return []
    cells = [
        cell
        for cell in state["result"]["comparison"]["cells"]
        if cell["batch"] == state["shown_batch"]
    ]
    return in_order(cells, state["sort"], names(state["catalog"]["gpus"]))


def in_order(cells, sort, gpu_names):
    """Cells sorted by a column; those without a figure come last either way.

    Args:
        cells: As in `compare --json`.
        sort: ``{"key": column, "descending": bool}``.
        gpu_names: Name of each GPU by id, which is what the GPU column sorts by.
    """
    key = sort["key"]

    def value(cell):
        if key == "gpu":
            return gpu_names.get(cell["gpu"], cell["gpu"]).lower()
        if key == "memory_bytes":
            return cell["memory_bytes"] / max(cell["memory_limit_bytes"], 1)
        return cell[key]

    with_figure = [cell for cell in cells if key == "gpu" or cell.get(key) is not None]
    without = [cell for cell in cells if not (key == "gpu" or cell.get(key) is not None)]
    return sorted(with_figure, key=value, reverse=sort["descending"]) + without


def names(entries):
    """Name by id of a list of catalogue entries."""
    return {entry["id"]: entry["name"] for entry in entries}


def model_choices(state):
    """Built-in models whose id, name or task contains every word that was typed."""
    words = state["model_filter"].lower().split()
    return [
        model
        for model in state["catalog"]["models"]
        if all(word in model_text(model) for word in words)
    ]


def offered_runtimes(state):
    """The runtimes that serve the kind of model that is chosen."""
    is_language = serves_language(state)
    return [
        runtime
        for runtime in state["catalog"]["runtimes"]
        if is_language or runtime.get("models", "any") == "any"
    ]


def serves_language(state):
    """Whether the model generates text; of a file, whether it takes whole numbers: tokens."""
    model = state["request"]["models"][0] if state["request"]["models"] else ""
    for entry in state["catalog"]["models"]:
        if entry["id"] == model:
            return entry["task"].startswith("text generation")
    inspection = state["inspection"]
    if inspection is None or inspection["request"]["models"] != [model]:
        return False
    return any(one["dtype"].startswith("int") for one in inspection["document"]["inputs"])


def _with_offered_runtimes(state):
    """The request without runtimes that do not serve its model."""
    offered = [runtime["id"] for runtime in offered_runtimes(state)]
    kept = [name for name in state["request"]["runtimes"] if name in offered]
    if kept == state["request"]["runtimes"]:
        return state
    return _asked(state, runtimes=kept or FIRST_REQUEST["runtimes"])


def model_text(model):
    """What a search for a model looks in."""
    return " ".join((model["id"], model["name"], model.get("task", ""))).lower()


def gpu_choices(state):
    """The chosen GPUs, then those whose name, id, vendor or architecture has every word typed."""
    words = state["gpu_filter"].lower().split()
    ids = state["request"]["gpus"]
    by_id = {gpu["id"]: gpu for gpu in state["catalog"]["gpus"]}
    others = [
        gpu
        for gpu in state["catalog"]["gpus"]
        if gpu["id"] not in ids and all(word in gpu_text(gpu) for word in words)
    ]
    return [by_id[name] for name in ids if name in by_id] + others


def gpu_text(gpu):
    """What a search for a GPU looks in."""
    return " ".join((gpu["id"], gpu["name"], gpu["vendor"], gpu["architecture"])).lower()


def _asked(state, **fields):
    return changed(state, request=changed(state["request"], **fields), notice="")


def _toggled(values, value, order):
    """A list with a value added or taken out, in the order of ``order``."""
    kept = [item for item in values if item != value]
    if len(kept) == len(values):
        kept.append(value)
    known = [item for item in order if item in kept]
    return known + [item for item in kept if item not in known]


def _chose_model(state, event):
    model = event["id"]
    opened = state["file"] if state["file"] and state["file"]["id"] == model else None
    state = changed(state, model_open=False, model_filter="", file=opened, inspection=None)
    state = changed(_asked(state, models=[model], dims={}), error=None, refused=[])
    return _with_offered_runtimes(state)


def _typed_model(state, event):
    return changed(state, model_filter=event["text"], model_open=True, model_active=0)


def _moved_in_models(state, event):
    last = len(model_choices(state)) - 1
    if not state["model_open"]:
        return changed(state, model_open=True, model_active=0)
    active = max(0, min(last, state["model_active"] + event["by"]))
    return changed(state, model_active=active)


def _closed_models(state, event):
    return changed(state, model_open=False, model_filter="", model_active=0)


def _toggled_gpu(state, event):
    gpus = _toggled(state["request"]["gpus"], event["id"], [])
    if len(gpus) > MOST_GPUS:
        return changed(state, notice="Eight GPUs at a time: take one out first.")
    baseline = state["baseline"] if state["baseline"] in gpus else ""
    state = changed(_asked(state, gpus=gpus), baseline=baseline)
    return changed(state, request=custom.with_profiles(state["request"], state["custom"]))


def _typed_gpu(state, event):
    return changed(state, gpu_filter=event["text"])


def _toggled_batch(state, event):
    batches = sorted(_toggled(state["request"]["batches"], event["batch"], []))
    if not batches:
        return changed(state, notice="At least one batch size is needed.")
    shown = state["shown_batch"]
    if shown not in batches:
        shown = largest(batches)
    return changed(_asked(state, batches=batches), shown_batch=shown)


def _typed_batches(state, event):
    """Further batch sizes: whole numbers, apart from each other by commas or spaces."""
    batches = list(state["request"]["batches"])
    for part in event["text"].replace(",", " ").split():
        if not part.lstrip("-").isdigit():
            return _with_error(
                state,
                "batch '{}' is not a whole number".format(part),
                "Batch sizes",
                "write whole numbers, such as 1, 8, 32",
            )
        if int(part) not in batches:
            batches.append(int(part))
    return _asked(state, batches=sorted(batches))


def _with_error(state, what, where, fix):
    error = {"code": "request", "what": what, "where": where, "fix": fix}
    return changed(state, error=error)


def _toggled_precision(state, event):
    chosen = _toggled(state["request"]["precisions"], event["id"], state["catalog"]["precisions"])
    if not chosen:
        return changed(state, notice="At least one precision is needed.")
    return _asked(state, precisions=chosen)


def _toggled_runtime(state, event):
    order = [runtime["id"] for runtime in state["catalog"]["runtimes"]]
    chosen = _toggled(state["request"]["runtimes"], event["id"], order)
    if not chosen:
        return changed(state, notice="At least one runtime is needed.")
    return _asked(state, runtimes=chosen)


def _set_dim(state, event):
    text = event["text"].strip()
    dims = dict(state["request"]["dims"])
    if not text:
        dims.pop(event["symbol"], None)
    elif text.isdigit() and int(text) > 0:
        dims[event["symbol"]] = int(text)
    else:
        return _with_error(
            state,
            "{} is '{}', which is not a size".format(event["symbol"], text),
            "Inputs, {}".format(event["symbol"]),
            "write a whole number of at least 1, or nothing for the guess",
        )
    return _asked(state, dims=dims)


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
        _asked(state, models=[event["id"]], dims=dims), refused=[], result=_kept(state, event)
    )
    if event["batch"] is not None:
        return state
    return changed(
        _asked(state, batches=[1]),
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
    return _with_error(
        state,
        "this link compares {}, a file on its sender's machine".format(name),
        "the link you opened",
        "drop that file here; all else that the link asks for is set",
    )


_AFTER = {
    "model_chosen": _chose_model,
    "model_typed": _typed_model,
    "model_moved": _moved_in_models,
    "model_closed": _closed_models,
    "gpu_toggled": _toggled_gpu,
    "gpu_typed": _typed_gpu,
    "batch_toggled": _toggled_batch,
    "batches_typed": _typed_batches,
    "precision_toggled": _toggled_precision,
    "runtime_toggled": _toggled_runtime,
    "dim_set": _set_dim,
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
