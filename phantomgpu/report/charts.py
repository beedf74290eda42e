"""Comparison to charts as data: Vega-Lite specs that any surface can draw."""

from collections.abc import Sequence
from typing import Any, Literal

from phantomgpu.comparison import Cell, Comparison
from phantomgpu.report.rounding import rounded
from phantomgpu.report.vega import Spec, chart, colour, shape, tooltip


def latency_by_gpu(comparison: Comparison) -> Spec:
    """Latency of each GPU with its interval, one row for each run and batch.

    A GPU that cannot run says why in the place of its latency.
    """
    values = [_latency_value(cell) for cell in comparison.cells]
    x = {"field": "latency_ms", "type": "quantitative", "title": "latency, ms"}
    y = {"field": "gpu", "type": "nominal", "title": None, "sort": list(comparison.request.gpus)}
    interval = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {
            "x": {**x, "field": "latency_low_ms"},
            "x2": {"field": "latency_high_ms"},
            "y": y,
        },
    }
    point = {
        "mark": {"type": "point", "filled": True, "size": 70},
        "encoding": {
            "x": x,
            "y": y,
            "color": {**colour("gpu", comparison.request.gpus), "legend": None},
            "tooltip": tooltip("gpu", "batch", "latency_ms", "latency_low_ms", "latency_high_ms"),
        },
    }
    problem = {
        "transform": [{"filter": "datum.problem"}],
        "mark": {"type": "text", "align": "left", "dx": 4},
        "encoding": {"x": {"value": 0}, "y": y, "text": {"field": "problem"}},
    }
    runs = list(dict.fromkeys(value["run"] for value in values))
    header = {"title": None, "labelAnchor": "start"}
    return chart(
        "Latency by GPU, with the 80 % prediction interval.",
        values,
        {
            "facet": {"field": "run", "type": "nominal", "sort": runs, "header": header},
            "columns": 1,
            "spec": {"layer": [interval, point, problem]},
            "resolve": {"scale": {"x": "independent"}},
        },
    )


def against_batch(comparison: Comparison, quantity: Literal["latency", "throughput"]) -> Spec:
    """Latency or throughput of each GPU against the batch, with its 80 % band.

    Where a batch does not fit, a dotted rule stands at the first one that does not.
    """
    values = [_latency_value(cell) for cell in comparison.cells if cell.problem is None]
    limits = out_of_memory(comparison.cells)
    field, title = {
        "latency": ("latency_ms", "latency, ms"),
        "throughput": ("throughput_per_s", "throughput, samples/s"),
    }[quantity]
    low, high = {
        "latency": ("latency_low_ms", "latency_high_ms"),
        "throughput": ("throughput_low_per_s", "throughput_high_per_s"),
    }[quantity]
    x = {"field": "batch", "type": "quantitative", "scale": {"type": "log", "base": 2}}
    y = {"field": field, "type": "quantitative", "title": title, "scale": {"type": "log"}}
    colours = colour("gpu", comparison.request.gpus)
    series = {"field": "run_without_batch", "type": "nominal", "title": "run"}
    layers = [
        {
            "mark": {"type": "area", "opacity": 0.18},
            "encoding": {
                "x": x, "y": {**y, "field": low}, "y2": {"field": high}, "color": colours,
                "detail": series,
            },
        },
        {
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": x, "y": y, "color": colours, "detail": series,
                "shape": shape("gpu", comparison.request.gpus),
                "tooltip": tooltip("gpu", "batch", field, low, high),
            },
        },
    ]  # fmt: skip
    if limits:
        layers.append(
            {
                "data": {"values": limits},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": x, "color": colours, "tooltip": tooltip("gpu", "note")},
            }
        )
    return chart(f"{quantity.capitalize()} against batch.", values, {"layer": layers})


def _latency_value(cell: Cell) -> dict[str, Any]:
    latency, low, high = (
        None if seconds is None else rounded(seconds * 1e3)
        for seconds in (cell.latency_s, cell.low_s, cell.high_s)
    )
    run = f"{cell.model}, {cell.precision}, {cell.runtime}"
    return {
        "gpu": cell.gpu,
        "batch": cell.batch,
        "run": f"{run}, batch {cell.batch}",
        "run_without_batch": f"{cell.gpu}, {run}",
        "latency_ms": latency,
        "latency_low_ms": low,
        "latency_high_ms": high,
        "throughput_per_s": rounded(cell.throughput_per_s),
        "throughput_low_per_s": rounded(cell.batch / cell.high_s) if cell.high_s else None,
        "throughput_high_per_s": rounded(cell.batch / cell.low_s) if cell.low_s else None,
        "basis": cell.basis,
        "problem": cell.problem.what if cell.problem else None,
    }


def out_of_memory(cells: Sequence[Cell], *, noun: str = "batch") -> list[dict[str, Any]]:
    """The first batch that no longer fits, for each GPU and run that has one."""
    found = {}
    for cell in cells:
        if cell.problem is not None and cell.problem.largest_batch is not None:
            key = (cell.gpu, cell.model, cell.runtime, cell.precision)
            found[key] = {
                "gpu": cell.gpu,
                "batch": cell.problem.largest_batch + 1,
                "note": f"{cell.model} in {cell.precision} fits at {noun} "
                f"{cell.problem.largest_batch} or less",
            }
    return list(found.values())
