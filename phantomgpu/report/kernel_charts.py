"""The kernels of one run to charts as data: where they stand, and where the time goes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from phantomgpu.dtype import PRECISIONS
from phantomgpu.hardware import GpuProfile
from phantomgpu.report.rounding import rounded
from phantomgpu.report.vega import PALETTE, Spec, chart, colour, shape, tooltip

MOST_BARS: Final = 20
"""Kernels that get a bar of their own; the rest share one."""


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
            "color": colour("bound", bounds),
            "shape": shape("bound", bounds),
            "tooltip": tooltip("op", "nodes", "intensity", "flops_per_s", "share", "bound"),
        },
    }
    roof_layer = {
        "data": {"values": roof},
        "mark": {"type": "line", "color": "#888888"},
        "encoding": {"x": x, "y": y, "strokeDash": {"field": "roof", "type": "nominal"}},
    }
    return chart(
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
        "color": colour("bound", ("compute", "memory", "launch", "mixed")),
        "tooltip": tooltip("kernel", "count", "total_ms", "share", "bound"),
    }
    return chart("Time by kernel.", rows, {"mark": "bar", "encoding": encoding})


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
        "tooltip": tooltip("step", "kernel", "bytes"),
    }
    mark = {"type": "area", "interpolate": "step-after", "color": PALETTE[0], "opacity": 0.6}
    return chart("Memory over the run.", values, {"mark": mark, "encoding": encoding})


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
