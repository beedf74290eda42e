"""Comparisons made at build time, packed: what the page answers from until the engine is there.

A grid holds one built-in model on every GPU, at the usual batches and precisions under one
runtime; of a language model at the usual lengths. It is fetched when its model is chosen.
Packing loses nothing: what comes out is what `compare` said, cell for cell.
"""

from web.served import CSV_COLUMNS as SERVED
from web.served import LANGUAGE_RUNTIME, SERVED_AS_LANGUAGE, USUAL

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
PRECISIONS = ("fp32", "fp16", "int8")
RUNTIME = "tensorrt"
LANGUAGE_BATCHES = (1, 8, 32)
LANGUAGE_PRECISIONS = ("fp16", "fp8", "int4")
FIGURES = (
    "latency_ms",
    "latency_low_ms",
    "latency_high_ms",
    "throughput_per_s",
    "memory_bytes",
    "bound",
    "mfu",
)
PROBLEM = ("code", "what", "where", "fix")


def grid_request(model, gpus, asks=""):
    """The request whose answer a grid holds.

    Args:
        model: Its id.
        gpus: Ids of all GPUs.
        asks: Of it, see `web.served.kind_of`.
    """
    is_language = asks in SERVED_AS_LANGUAGE
    request = {
        "models": [model],
        "gpus": list(gpus),
        "runtimes": [LANGUAGE_RUNTIME if is_language else RUNTIME],
        "precisions": list(LANGUAGE_PRECISIONS if is_language else PRECISIONS),
        "batches": list(LANGUAGE_BATCHES if is_language else BATCHES),
        "dims": {},
        "profiles": {},
        "tables": {},
    }
    request.update(USUAL)
    return request


def packed(cells, request):
    """The cells of one model, by GPU, then precision and batch in their order.

    Args:
        cells: Of the comparison.
        request: From `grid_request`.
    """
    gpus = {}
    for cell in cells:
        gpu = gpus.setdefault(
            cell["gpu"],
            {"limit": cell["memory_limit_bytes"], "basis": cell["basis"], "cells": []},
        )
        gpu["cells"].append(_packed_cell(cell))
    return {
        "model": request["models"][0],
        "runtime": request["runtimes"][0],
        "precisions": request["precisions"],
        "batches": request["batches"],
        "gpus": gpus,
    }


def _packed_cell(cell):
    served = cell.get("serving")
    tail = [[served[key] for key in SERVED]] if served else []
    problem = cell["problem"]
    if problem is None:
        return [cell[key] for key in FIGURES] + tail
    told = [problem[key] for key in PROBLEM]
    if problem["where"] == _where(cell, bool(served)):
        told[PROBLEM.index("where")] = 0
    return [cell["memory_bytes"], told] + tail  # noqa: RUF005 (MicroPython has no other way)


def _where(cell, is_served):
    """Where a model does not fit, as the engine says it."""
    return "{} under {}, {}, {} {}".format(
        cell["gpu"],
        cell["runtime"],
        cell["precision"],
        "concurrency" if is_served else "batch",
        cell["batch"],
    )


def covers(grid, request):
    """Whether a grid answers all that a request asks of its model."""
    return (
        grid["model"] in request["models"]
        and not request["dims"]
        and not request["profiles"]
        and not request["tables"]
        and all(request.get(name, USUAL[name]) == USUAL[name] for name in USUAL)
        and request["runtimes"] == [grid["runtime"]]
        and all(gpu in grid["gpus"] for gpu in request["gpus"])
        and all(precision in grid["precisions"] for precision in request["precisions"])
        and all(batch in grid["batches"] for batch in request["batches"])
    )


def grid_batches(grid):
    """The batches that a grid holds."""
    return list(grid["batches"])


def unpacked(grid, request):
    """The cells of a request, in the order in which `compare` gives them."""
    return [
        _cell(grid, gpu, precision, batch)
        for gpu in request["gpus"]
        for precision in request["precisions"]
        for batch in request["batches"]
    ]


def _cell(grid, gpu, precision, batch):
    held = grid["gpus"][gpu]
    batches = grid["batches"]
    place = grid["precisions"].index(precision) * len(batches) + batches.index(batch)
    values = held["cells"][place]
    cell = {
        "model": grid["model"],
        "gpu": gpu,
        "runtime": grid["runtime"],
        "precision": precision,
        "batch": batch,
        "memory_limit_bytes": held["limit"],
        "basis": held["basis"],
        "problem": None,
        "serving": None,
    }
    if isinstance(values[-1], list) and len(values[-1]) == len(SERVED):
        cell["serving"] = {key: values[-1][at] for at, key in enumerate(SERVED)}
    if len(values) >= len(FIGURES):
        for at, key in enumerate(FIGURES):
            cell[key] = values[at]
    else:
        for key in FIGURES:
            cell[key] = None
        cell["memory_bytes"] = values[0]
        cell["problem"] = {key: values[1][at] for at, key in enumerate(PROBLEM)}
        if cell["problem"]["where"] == 0:
            cell["problem"]["where"] = _where(cell, cell["serving"] is not None)
    cell["fits"] = cell["memory_bytes"] <= held["limit"]
    return cell
