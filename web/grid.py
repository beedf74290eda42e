"""Comparisons made at build time, packed: what the page answers from until the engine is there.

A grid holds one built-in model on every GPU, at the usual batches and precisions
under the first runtime. Packing loses nothing: what comes out is what `compare`
said, cell for cell.
"""

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
PRECISIONS = ("fp32", "fp16", "int8")
RUNTIMES = ("tensorrt",)
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


def grid_request(model, gpus):
    """The request whose answer a grid holds."""
    return {
        "models": [model],
        "gpus": list(gpus),
        "runtimes": list(RUNTIMES),
        "precisions": list(PRECISIONS),
        "batches": list(BATCHES),
        "dims": {},
        "profiles": {},
        "tables": {},
    }


def packed(cells):
    """The cells of one model, by GPU, then runtime, precision and batch in their order."""
    gpus = {}
    for cell in cells:
        gpu = gpus.setdefault(
            cell["gpu"],
            {"limit": cell["memory_limit_bytes"], "basis": cell["basis"], "cells": []},
        )
        gpu["cells"].append(_packed_cell(cell))
    return {"model": cells[0]["model"], "gpus": gpus}


def _packed_cell(cell):
    problem = cell["problem"]
    if problem is not None:
        return [cell["memory_bytes"], [problem[key] for key in PROBLEM]]
    return [cell[key] for key in FIGURES]


def covers(grid, request):
    """Whether a grid answers all of a request."""
    return (
        grid["model"] in request["models"]
        and not request["dims"]
        and not request["profiles"]
        and not request["tables"]
        and all(gpu in grid["gpus"] for gpu in request["gpus"])
        and all(runtime in RUNTIMES for runtime in request["runtimes"])
        and all(precision in PRECISIONS for precision in request["precisions"])
        and all(batch in BATCHES for batch in request["batches"])
    )


def unpacked(grid, request):
    """The cells of a request, in the order in which `compare` gives them."""
    return [
        _cell(grid, gpu, runtime, precision, batch)
        for gpu in request["gpus"]
        for runtime in request["runtimes"]
        for precision in request["precisions"]
        for batch in request["batches"]
    ]


def _cell(grid, gpu, runtime, precision, batch):
    held = grid["gpus"][gpu]
    place = RUNTIMES.index(runtime) * len(PRECISIONS) + PRECISIONS.index(precision)
    values = held["cells"][place * len(BATCHES) + BATCHES.index(batch)]
    cell = {
        "model": grid["model"],
        "gpu": gpu,
        "runtime": runtime,
        "precision": precision,
        "batch": batch,
        "memory_limit_bytes": held["limit"],
        "basis": held["basis"],
        "problem": None,
        "serving": None,
    }
    if len(values) == len(FIGURES):
        for at, key in enumerate(FIGURES):
            cell[key] = values[at]
    else:
        for key in FIGURES:
            cell[key] = None
        cell["memory_bytes"] = values[0]
        cell["problem"] = {key: values[1][at] for at, key in enumerate(PROBLEM)}
    cell["fits"] = cell["memory_bytes"] <= held["limit"]
    return cell
