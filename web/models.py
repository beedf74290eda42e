"""The models that are compared, from a state: what each is called, and what it is.

Runs in MicroPython and CPython, like `web.state`.
"""

from web.query import changed, is_on_hub, names
from web.text import file_size, plural

MOST_MODELS = 2

TABLE_NAME = "Kernel table of a model"


def model_name(state, model):
    """What a model is called."""
    if model in state["files"]:
        return state["files"][model]["name"]
    if model in state["request"]["tables"]:
        return TABLE_NAME + model.replace("kernel-table", "").replace("-", " ")
    return names(state["catalog"]["models"]).get(model, model)


def about_model(state, model):
    """A few words about a model: where it comes from."""
    if model in state["files"]:
        size = file_size(state["files"][model]["size"])
        return ("Hugging Face, {} read" if is_on_hub(model) else "your file, {}").format(size)
    if model in state["request"]["tables"]:
        return "{}, from a link or file".format(
            plural(launches(state["request"]["tables"][model]), "kernel")
        )
    for entry in state["catalog"]["models"]:
        if entry["id"] == model:
            return entry.get("task", "built in")
    return ""


def launches(table):
    """How many kernels a run of a kernel table's model launches.

    >>> launches({"parts": [{"kernels": 2, "count": [1, 52]}]})
    53
    >>> launches({"parts": [{"kernels": 3}]})
    3
    """
    part = table["parts"][0]
    count = part.get("count", 1)
    if isinstance(count, list):
        return int(sum(count))
    return int(count * part["kernels"])


def short_model(state, model):
    """A model's name where it stands beside another: without what all file names end in."""
    name = model_name(state, model)
    for end in (".gz", ".onnx"):
        if name.endswith(end):
            name = name[: -len(end)]
    return name


def own_files(state):
    """Models of the request that are files of one's own."""
    return [model for model in state["request"]["models"] if model in state["files"]]


def free_name(state, name):
    """A name for a file that no other model of the comparison has.

    >>> state = {"adding": True, "request": {"models": ["a.onnx"]}, "files": {"a.onnx": {}}}
    >>> free_name(state, "a.onnx"), free_name(state, "b.onnx")
    ('a.onnx (2)', 'b.onnx')
    """
    if not state["adding"] or name not in state["request"]["models"]:
        return name
    number = 2
    while "{} ({})".format(name, number) in state["request"]["models"]:
        number += 1
    return "{} ({})".format(name, number)


def with_model(state, model):
    """The models of the next request: one more where that is wanted, else this one alone."""
    models = state["request"]["models"]
    if state["adding"] and model not in models and len(models) < MOST_MODELS:
        return models + [model]  # noqa: RUF005 (MicroPython has no other way)
    return [model]


def without_model(state, model):
    """The request without one of its two models."""
    request = state["request"]
    left = [each for each in request["models"] if each != model]
    if not left:
        return request
    tables = {key: request["tables"][key] for key in request["tables"] if key != model}
    return changed(request, models=left, tables=tables, dims={})
