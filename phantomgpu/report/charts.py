"""Comparison and kernels to charts as data: Vega-Lite specs that any surface can draw.

Every spec carries its values, so nothing is fetched to draw it, and its
description says in words what is to be seen. Colours are of the Okabe-Ito
palette, which colour-blind people can tell apart; shapes repeat what colours say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from phantomgpu.comparison import Cell, Comparison
from phantomgpu.dtype import PRECISIONS
from phantomgpu.hardware import GpuProfile
from phantomgpu.report.rounding import rounded

Spec = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
PALETTE: Final = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442",
)  # fmt: skip
"""Okabe and Ito, "Color Universal Design" (2008)."""

MOST_BARS: Final = 20
"""Kernels that get a bar of their own; the rest share one."""


def latency_by_gpu(comparison: Comparison) -> Spec:
    """Latency of each GPU with its interval, one row for each batch."""
    values = [_latency_value(cell) for cell in comparison.cells if cell.problem is None]
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
            "color": _colour("gpu", comparison.request.gpus),
            "tooltip": _tooltip("gpu", "batch", "latency_ms", "latency_low_ms", "latency_high_ms"),
        },
    }
    return _chart(
        "Latency by GPU, with the 80 % prediction interval.",
        values,
        {
            "facet": {"row": {"field": "run", "title": None}},
            "spec": {"layer": [interval, point]},
            "resolve": {"scale": {"x": "independent"}},
        },
    )


def against_batch(comparison: Comparison, quantity: Literal["latency", "throughput"]) -> Spec:
    """Latency or throughput of each GPU against the batch, with its 80 % band.

    Where a batch does not fit, a dotted rule stands at the first one that does not.
    """
    values = [_latency_value(cell) for cell in comparison.cells if cell.problem is None]
    limits = _out_of_memory(comparison.cells)
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
    colour = _colour("gpu", comparison.request.gpus)
    series = {"field": "run_without_batch", "type": "nominal", "title": "run"}
    layers = [
        {
            "mark": {"type": "area", "opacity": 0.18},
            "encoding": {
                "x": x, "y": {**y, "field": low}, "y2": {"field": high}, "color": colour,
                "detail": series,
            },
        },
        {
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": x, "y": y, "color": colour, "detail": series, "shape": colour | {"scale": {}},
                "tooltip": _tooltip("gpu", "batch", field, low, high),
            },
        },
    ]  # fmt: skip
    if limits:
        layers.append(
            {
                "data": {"values": limits},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": x, "color": colour, "tooltip": _tooltip("gpu", "note")},
            }
        )
    return _chart(f"{quantity.capitalize()} against batch.", values, {"layer": layers})


def roofline(gpu: GpuProfile, precision: str, kernels: Sequence[Mapping[str, Any]]) -> Spec:
    """Achieved FLOP/s of each kernel against its arithmetic intensity, under the GPU's roof.

    Args:
        gpu: Whose roof.
        precision: Whose matrix peak is drawn; kernels may run at others.
        kernels: Rows of ``report.kernels.kernel_times``; points are sized by share of time.
    """
    points = [
        {
            "op": row["op"],
            "intensity": row["intensity"],
            "flops_per_s": row["flops_per_s"],
            "share": row["share"],
            "bound": row["bound"],
            "nodes": ", ".join(row["nodes"][:3]),
        }
        for row in kernels
        if row["intensity"] and row["flops_per_s"]
    ]
    roof = _roof(gpu, precision, [point["intensity"] for point in points])
    x = {
        "field": "intensity",
        "type": "quantitative",
        "title": "arithmetic intensity, FLOP per byte",
        "scale": {"type": "log"},
    }
    y = {
        "field": "flops_per_s",
        "type": "quantitative",
        "title": "FLOP/s",
        "scale": {"type": "log"},
        "axis": {"format": "~s"},
    }
    bounds = ("compute", "memory", "launch")
    point_layer = {
        "mark": {"type": "point", "filled": True, "opacity": 0.75},
        "encoding": {
            "x": x,
            "y": y,
            "size": {"field": "share", "type": "quantitative", "title": "share of time"},
            "color": _colour("bound", bounds),
            "shape": {"field": "bound", "type": "nominal", "sort": list(bounds)},
            "tooltip": _tooltip("op", "nodes", "intensity", "flops_per_s", "share", "bound"),
        },
    }
    roof_layer = {
        "data": {"values": roof},
        "mark": {"type": "line", "color": "#888888"},
        "encoding": {"x": x, "y": y, "strokeDash": {"field": "roof", "type": "nominal"}},
    }
    return _chart(
        f"Roofline of {gpu.name} in {precision}: kernels below the slope are limited by memory, "
        "those below the flat part by arithmetic.",
        points,
        {"layer": [roof_layer, point_layer]},
    )


def time_by_kernel(kernels: Sequence[Mapping[str, Any]]) -> Spec:
    """Time of each distinct kernel over all its occurrences, the longest first."""
    rows = [
        {
            "kernel": f"{at + 1}. {row['op']} {row['shape']}",
            "total_ms": row["total_ms"],
            "count": row["count"],
            "bound": row["bound"],
            "share": row["share"],
        }
        for at, row in enumerate(kernels[:MOST_BARS])
    ]
    rest = kernels[MOST_BARS:]
    if rest:
        rows.append(
            {
                "kernel": f"{len(rest)} other kernels",
                "total_ms": rounded(sum(row["total_ms"] or 0.0 for row in rest)),
                "count": sum(row["count"] for row in rest),
                "bound": "mixed",
                "share": rounded(sum(row["share"] or 0.0 for row in rest)),
            }
        )
    names = [row["kernel"] for row in rows]
    encoding = {
        "y": {"field": "kernel", "type": "nominal", "sort": names, "title": None},
        "x": {"field": "total_ms", "type": "quantitative", "title": "time in the run, ms"},
        "color": _colour("bound", ("compute", "memory", "launch", "mixed")),
        "tooltip": _tooltip("kernel", "count", "total_ms", "share", "bound"),
    }
    return _chart("Time by kernel.", rows, {"mark": "bar", "encoding": encoding})


def memory_over_run(timeline: Sequence[tuple[str, int]], weight_bytes: int) -> Spec:
    """Device memory while the model runs: live activations on top of the weights.

    Args:
        timeline: What each kernel is, and activation bytes alive while it runs, in order.
        weight_bytes: Resident all the time.
    """
    values = [
        {"step": at, "kernel": name, "bytes": alive + weight_bytes}
        for at, (name, alive) in enumerate(timeline, start=1)
    ]
    encoding = {
        "x": {"field": "step", "type": "quantitative", "title": "kernel, in order"},
        "y": {
            "field": "bytes",
            "type": "quantitative",
            "title": "weights and activations, bytes",
            "axis": {"format": "~s"},
        },
        "tooltip": _tooltip("step", "kernel", "bytes"),
    }
    mark = {"type": "area", "interpolate": "step-after", "color": PALETTE[0], "opacity": 0.6}
    return _chart("Memory over the run.", values, {"mark": mark, "encoding": encoding})


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
    }


def _out_of_memory(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """The first batch that no longer fits, for each GPU and run that has one."""
    found = {}
    for cell in cells:
        if cell.problem is not None and cell.problem.largest_batch is not None:
            key = (cell.gpu, cell.model, cell.runtime, cell.precision)
            found[key] = {
                "gpu": cell.gpu,
                "batch": cell.problem.largest_batch + 1,
                "note": f"{cell.model} in {cell.precision} fits at batch "
                f"{cell.problem.largest_batch} or less",
            }
    return list(found.values())


def _roof(gpu: GpuProfile, precision: str, intensities: Sequence[float]) -> list[dict[str, Any]]:
    """Corners of the roof: along the bandwidth up to the ridge point, then flat."""
    peaks = gpu.spec.peak_flops_per_s
    names = dict.fromkeys([PRECISIONS[precision].matrix_peak, "fp32"])
    bandwidth = gpu.spec.bandwidth_bytes_per_s
    lowest = min([*intensities, 1.0]) / 2
    corners = []
    for name in names:
        if name not in peaks:
            continue
        ridge = peaks[name] / bandwidth
        highest = 2 * max([*intensities, ridge])
        for intensity in (lowest, ridge, highest):
            rate = min(peaks[name], intensity * bandwidth)
            corners.append(
                {
                    "roof": f"{name} peak",
                    "intensity": rounded(intensity),
                    "flops_per_s": rounded(rate),
                }
            )
    return corners


def _chart(description: str, values: Sequence[Mapping[str, Any]], body: Spec) -> Spec:
    return {
        "$schema": SCHEMA,
        "description": description,
        "data": {"values": list(values)},
        **body,
    }


def _colour(field: str, order: Sequence[str]) -> Spec:
    colours = [PALETTE[at % len(PALETTE)] for at in range(len(order))]
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(order), "range": colours},
    }


def _tooltip(*fields: str) -> list[Spec]:
    return [{"field": field} for field in fields]
