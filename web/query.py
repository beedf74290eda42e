"""A state -> what is asked of it: the engine's next job, the lists to choose from, the rows."""

from phantomgpu.comparison.search import ranked
from web.served import SERVED_AS_LANGUAGE, kind_of, sort_value

CURVE_AXES = (("model", "models"), ("precision", "precisions"), ("runtime", "runtimes"))
"""What of a comparison the chart against batch size shows one at a time."""

HUB = "hf:"
"""What names of models of Hugging Face begin with."""

BATCH_CHOICES = (1, 2, 4, 8, 16, 32, 64, 128)


def changed(mapping, **fields):
    """A copy of a dict with some fields replaced."""
    copy = dict(mapping)
    copy.update(fields)
    return copy


def largest(values):
    """The largest of a list, 0 of an empty one."""
    return max(values) if values else 0


def wanted_grid(state):
    """Id of the built-in model whose grid would help while the engine is loading, or nothing."""
    if state["engine"]["phase"] == "ready" or not is_stale(state):
        return ""
    known = [entry["id"] for entry in state["catalog"]["models"]]
    for model in state["request"]["models"]:
        if model in known and model not in state["grids"]:
            return model
    return ""


def job(state):
    """What the engine should do next: ``(kind, request)``, or None when there is nothing.

    The comparison comes first, then where two models differ, what each is, and the curve.
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
    for kind, request, held in _further_jobs(state):
        is_there = held is not None and held["request"] == request
        if request is not None and not is_there and request not in state["refused"]:
            return (kind, request)
    return None


def _further_jobs(state):
    """What follows the comparison: kind, request, and what is held of it."""
    wanted = state["request"]
    jobs = [("differences", difference_request(state), state["differences"])]
    for model in wanted["models"]:
        jobs.append(("inspect", model_request(wanted, model), state["inspections"].get(model)))  # noqa: PERF401
    return jobs + [("curve", curve_request(state), state["curve"])]  # noqa: RUF005


def kept_request(state):
    """What a page that starts anew begins with: while work runs, the last that was answered."""
    is_working = state["work"] and state["result"] is not None
    return state["result"]["request"] if is_working else state["request"]


def awaited_file(state):
    """Name of the file that a link asks for and that nobody dropped yet, or nothing."""
    known = [entry["id"] for entry in state["catalog"]["models"]]
    for model in state["request"]["models"]:
        here = model in known or model in state["files"] or model in state["request"]["tables"]
        if known and not here:
            return model
    return ""


def is_settled(state):
    """Whether the engine is there and has nothing left to do."""
    return state["engine"]["phase"] == "ready" and not state["work"] and job(state) is None


def is_stale(state):
    """Whether what is shown answers an earlier request than the one on the controls."""
    return state["result"] is not None and state["result"]["request"] != state["request"]


def model_request(request, model=""):
    """What is asked of the engine to describe a model of a request, by default the first."""
    model = model or request["models"][0]
    return changed(
        request,
        models=[model] + [each for each in request["models"] if each != model],
        gpus=[],
        batches=[1],
        precisions=request["precisions"][:1],
        runtimes=request["runtimes"][:1],
        profiles={},
    )


def curve_request(state):
    """What is asked of the engine for the chart, or None where the batch cannot vary."""
    request, chosen = state["request"], curve_choice(state)
    if not has_batch(state, chosen["model"]):
        return None
    return changed(
        request,
        models=[chosen["model"]],
        batches=sorted(set(BATCH_CHOICES) | set(request["batches"])),
        precisions=[chosen["precision"]],
        runtimes=[chosen["runtime"]],
        dims=request["dims"] if len(request["models"]) < 2 else _own_dims(state, chosen["model"]),
        tables={key: request["tables"][key] for key in request["tables"] if key == chosen["model"]},
    )


def curve_choice(state):
    """Model, precision and runtime of the chart: what was chosen, where it is compared at all."""
    request, chosen = state["request"], {}
    for axis, field in CURVE_AXES:
        value = state["curve_of"].get(axis)
        chosen[axis] = value if value in request[field] else request[field][0]
    return chosen


def _own_dims(state, model):
    """Of the sizes that are set, those of one model's free dimensions."""
    held = state["inspections"].get(model)
    known = [dim["symbol"] for dim in free_dims(held["document"])] if held else []
    dims = state["request"]["dims"]
    return {key: dims[key] for key in dims if key in known}


def has_batch(state, model):
    """Whether a model has a batch dimension, as far as is known."""
    held = state["inspections"].get(model)
    if held is None:
        return True
    return any(dim["is_batch"] for dim in free_dims(held["document"]))


def difference_request(state):
    """What is asked of the engine to say where two models differ, or None.

    The point is the one that is explained, else the fastest that both models reach.
    """
    result = state["result"]
    if result is None or len(result["request"]["models"]) < 2:
        return None
    cell = common_cell(shown_cells(state), state["chosen"])
    if cell is None:
        return None
    request = result["request"]
    return changed(
        request,
        models=request["models"][:2],
        gpus=[cell["gpu"]],
        runtimes=[cell["runtime"]],
        precisions=[cell["precision"]],
        batches=[cell["batch"]],
        profiles={key: text for key, text in request["profiles"].items() if key == cell["gpu"]},
    )


def common_cell(cells, chosen):
    """The fastest cell among those whose GPU, runtime and precision every model can run at.

    Args:
        cells: Those that are shown, of several models.
        chosen: ``gpu``, ``runtime`` and ``precision`` of a row that wins where it is one of them.
    """
    able = {}
    for cell in cells:
        if cell["latency_ms"]:
            able.setdefault(point_of(cell), []).append(cell)
    models = len({cell["model"] for cell in cells})
    common = [held for held in able.values() if len(held) == models]
    if chosen is not None:
        asked = tuple(chosen.get(axis) for axis in ("gpu", "runtime", "precision"))
        for held in common:
            if point_of(held[0]) == asked:
                return held[0]
    first = [held[0] for held in common]
    return min(first, key=lambda cell: cell["latency_ms"]) if first else None


def point_of(cell):
    """What two cells of different models must share to be held against each other."""
    return (cell["gpu"], cell["runtime"], cell["precision"])


def free_dims(document):
    """The free dimensions of a model, each once, as its inspection lists them."""
    found, seen = [], []
    for entry in document["inputs"]:
        for dim in entry.get("free", []):
            if dim["symbol"] not in seen:
                seen.append(dim["symbol"])
                found.append(dim)
    return found


def shown_cells(state):
    """The cells of the result at the batch that is shown, in the order of the sort."""
    if state["result"] is None:
        return []
    return _in_sight(state, state["result"]["comparison"]["cells"])


def coming_cells(state):
    """Likewise of a comparison that is being worked out; None where none is."""
    coming = state["coming"]
    if coming is None or coming["request"] != state["request"]:
        return None
    return _in_sight(state, coming["cells"])


def _in_sight(state, cells):
    cells = [cell for cell in cells if cell["batch"] == state["shown_batch"]]
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
            return (gpu_names.get(cell["gpu"], cell["gpu"]).lower(), cell["model"])
        if key == "memory_bytes":
            return cell["memory_bytes"] / max(cell["memory_limit_bytes"], 1)
        return sort_value(cell, key)

    with_figure = [cell for cell in cells if key == "gpu" or sort_value(cell, key) is not None]
    without = [cell for cell in cells if not (key == "gpu" or sort_value(cell, key) is not None)]
    return sorted(with_figure, key=value, reverse=sort["descending"]) + without


def names(entries):
    """Name by id of a list of catalogue entries."""
    return {entry["id"]: entry["name"] for entry in entries}


def model_choices(state):
    """Built-in models that what was typed may mean, best first, in any usual spelling."""
    models = {model["id"]: model for model in state["catalog"]["models"]}
    entries = [model["search"] for model in state["catalog"]["models"]]
    found = [models[key] for key in ranked(state["model_filter"], entries)]
    if state["model_filter"].strip():
        return found
    tasks = []
    for model in found:
        if model.get("task") not in tasks:
            tasks.append(model.get("task"))
    shelves = [(group, task) for group in GROUPS for task in tasks]
    return [
        model
        for group, task in shelves
        for model in found
        if group_of(model) == group and model.get("task") == task
    ]


GROUPS = ("Vision", "Language", "Image generation", "Audio")


def group_of(model):
    """The shelf a model stands on, by its task.

    >>> [group_of({"task": task}) for task in ("object detection", "text encoding")]
    ['Vision', 'Language']
    """
    task = model.get("task", "")
    if "speech" in task or "audio" in task:
        return "Audio"
    if task.startswith("images from"):
        return "Image generation"
    return "Language" if task.startswith(("text", "question")) else "Vision"


def is_address(text):
    """Whether what was typed is where a model lies on the web, or its name on the hub."""
    return text.strip().lower().startswith(("https://", "http://", HUB))


def is_on_hub(model):
    """Whether a model is a repository of Hugging Face."""
    return model.lower().startswith(HUB)


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
    tasks = {entry["id"]: entry["task"] for entry in state["catalog"]["models"]}
    for model in state["request"]["models"]:
        held = state["inspections"].get(model)
        if kind_of(state, model) in SERVED_AS_LANGUAGE:
            return True
        if model in tasks:
            if tasks[model].startswith("text generation"):
                return True
        elif held and any(one["dtype"].startswith("int") for one in held["document"]["inputs"]):
            return True
    return False


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
