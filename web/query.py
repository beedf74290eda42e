"""A state -> what is asked of it: the engine's next job, the lists to choose from, the rows."""

from phantomgpu.comparison.search import ranked

CURVE_AXES = (("model", "models"), ("precision", "precisions"), ("runtime", "runtimes"))
"""What of a comparison the chart against batch size shows one at a time."""

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


def kept_request(state):
    """What a page that starts anew begins with: while work runs, the last that was answered."""
    is_working = state["work"] and state["result"] is not None
    return state["result"]["request"] if is_working else state["request"]


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


def is_stale(state):
    """Whether what is shown answers an earlier request than the one on the controls."""
    return state["result"] is not None and state["result"]["request"] != state["request"]


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
    """Built-in models that what was typed may mean, best first, in any usual spelling."""
    models = {model["id"]: model for model in state["catalog"]["models"]}
    entries = [model["search"] for model in state["catalog"]["models"]]
    return [models[key] for key in ranked(state["model_filter"], entries)]


def is_address(text):
    """Whether what was typed is where a model lies on the web."""
    return text.strip().lower().startswith(("https://", "http://"))


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
