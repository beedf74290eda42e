"""Comparison to the JSON document of the command line, the page and the service."""

from typing import Any, Final

import phantomgpu
from phantomgpu.comparison import Cell, Comparison, Problem, request_as_dict
from phantomgpu.report.rounding import rounded
from phantomgpu.serving import Served

SCHEMA: Final = 1
"""Version of the document; grows when a field changes its meaning or goes."""

_MILLI: Final = 1e3


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The document, in the order of the contract; figures at 6 significant digits."""
    return {
        "schema": SCHEMA,
        "engine": phantomgpu.__version__,
        "request": request_as_dict(comparison.request),
        "models": [
            {"id": model.id, "sha256": model.sha256, "nodes": model.nodes}
            for model in comparison.models
        ],
        "cells": [cell_json(cell) for cell in comparison.cells],
    }


def cell_json(cell: Cell) -> dict[str, Any]:
    """One point; its figures are null where it cannot run, memory excepted."""
    return {
        "model": cell.model,
        "gpu": cell.gpu,
        "runtime": cell.runtime,
        "precision": cell.precision,
        "batch": cell.batch,
        "latency_ms": _milliseconds(cell.latency_s),
        "latency_low_ms": _milliseconds(cell.low_s),
        "latency_high_ms": _milliseconds(cell.high_s),
        "throughput_per_s": rounded(cell.throughput_per_s),
        "memory_bytes": cell.memory_bytes,
        "memory_limit_bytes": cell.memory_limit_bytes,
        "fits": cell.fits,
        "bound": cell.bound or None,
        "basis": cell.basis,
        "mfu": rounded(cell.mfu),
        "problem": None if cell.problem is None else problem_json(cell.problem),
        "serving": None if cell.serving is None else serving_json(cell.serving),
    }


def serving_json(served: Served) -> dict[str, Any]:
    """What users wait for; times and rates are null where it cannot run."""
    return {
        "ttft_ms": _milliseconds(served.ttft_s),
        "ttft_low_ms": _milliseconds(served.ttft_low_s),
        "ttft_high_ms": _milliseconds(served.ttft_high_s),
        "tpot_ms": _milliseconds(served.tpot_s),
        "tpot_low_ms": _milliseconds(served.tpot_low_s),
        "tpot_high_ms": _milliseconds(served.tpot_high_s),
        "tokens_per_s": rounded(served.tokens_per_s),
        "tokens_per_s_per_user": rounded(served.tokens_per_s_per_user),
        "requests_per_s": rounded(served.requests_per_s),
        "kv_bytes": served.kv_bytes,
        "kv_bytes_per_token": served.kv_bytes_per_token,
        "weight_bytes": served.weight_bytes,
        "largest_batch": served.largest_batch,
    }


def problem_json(problem: Problem) -> dict[str, str]:
    """Why a point cannot run."""
    return {
        "code": problem.code,
        "what": problem.what,
        "where": problem.where,
        "fix": problem.fix,
    }


def _milliseconds(seconds: float | None) -> float | int | None:
    return None if seconds is None else rounded(seconds * _MILLI)
