"""The engine's lists -> the catalogue that the page holds: what one chooses by, and no more."""

from phantomgpu.comparison.search import searched

MOST_EXAMPLES = 50
"""Approximated nodes that the page names."""

MOST_OPERATORS = 8
"""Kinds of kernel that the page lists by their share of the arithmetic."""


def page_catalog(engine, models, gpus, runtimes, precisions):
    """The catalogue of the page's state.

    Args:
        engine: Its version.
        models: From ``App.models``.
        gpus: From ``App.gpus``.
        runtimes: From ``App.runtimes``.
        precisions: Names, widest first.
    """
    return {
        "engine": engine,
        "models": [_model(model) for model in models if model["builtin"]],
        "gpus": [page_gpu(gpu) for gpu in gpus],
        "runtimes": [
            {"id": one["id"], "name": one["name"], "models": one["models"]} for one in runtimes
        ],
        "precisions": list(precisions),
    }


def _model(model):
    return {
        "id": model["id"],
        "name": model["title"],
        "task": model["task"],
        "parameters": model["parameters"],
        "asks": _asks(model["task"], model["file"]),
        "search": searched(
            model["id"], [model["id"], model["title"], *model["aliases"]], model["task"]
        ),
    }


def _asks(task, file):
    """What a request to a model says besides: tokens, words, sound, steps, or nothing.

    Only a model that a configuration describes generates anything.
    """
    kinds = {
        "text generation": "tokens",
        "text to text": "words",
        "speech recognition": "sound",
        "images from text": "steps",
    }
    return kinds.get(task, "") if file.endswith(".json") else ""


def _asked_of(document):
    """Likewise of a model that was opened."""
    generation = document.get("generation")
    if not generation:
        return ""
    return "sound" if generation.get("sound_s") else "tokens"


def page_gpu(gpu):
    """What the page knows of a GPU.

    Args:
        gpu: From ``App.gpus`` or ``App.gpu``.
    """
    spec = gpu["spec"]
    return {
        "id": gpu["id"],
        "name": gpu["name"],
        "vendor": gpu["vendor"],
        "architecture": gpu["architecture"],
        "basis": gpu["basis"],
        "memory_gb": spec["memory_gb"],
        "bandwidth_gb_per_s": spec["bandwidth_gb_per_s"],
        "peak_tflops": spec["peak_tflops"],
    }


def page_inspection(document):
    """What the page shows of the document of ``inspect --json``: all but its kernels."""
    shapes = document["shapes"]
    return {
        "operators": _operators(document["kernels"]),
        "model": document["model"],
        "asks": _asked_of(document),
        "notes": (document.get("definition") or {}).get("notes"),
        "inputs": document["inputs"],
        "parameters": (document.get("definition") or document)["parameters"],
        "macs": document["macs"],
        "approximate": len(shapes["approximate"]),
        "examples": shapes["approximate"][:MOST_EXAMPLES],
    }


def _operators(kernels):
    """Kinds of kernel with how many a run launches and their share of FLOPs, largest first."""
    found = {}
    for kernel in kernels:
        entry = found.setdefault(kernel["op"], {"op": kernel["op"], "launches": 0, "flops": 0})
        entry["launches"] += kernel["count"]
        entry["flops"] += kernel["count"] * kernel["flops"]
    whole = sum(entry["flops"] for entry in found.values()) or 1
    ordered = sorted(found.values(), key=lambda entry: -entry["flops"])
    return [
        {
            "op": entry["op"],
            "launches": entry["launches"],
            "share": round(entry["flops"] / whole, 4),
        }
        for entry in ordered[:MOST_OPERATORS]
    ]
