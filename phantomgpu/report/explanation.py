"""One point taken apart, as data: its kernels, the board's roofs, its layers, its memory."""

from typing import Any

from phantomgpu.comparison.point import Point
from phantomgpu.cost.columns import boards_of
from phantomgpu.report.json import cell_json
from phantomgpu.report.kernel_charts import memory_over_run, roofline, time_by_kernel
from phantomgpu.report.kernels import kernel_times, longest_first, seconds_each
from phantomgpu.report.layers import layers_json
from phantomgpu.report.rounding import SUMMED_DIGITS, rounded
from phantomgpu.workload.workload import PEAKS

Json = dict[str, Any]


def explanation_json(point: Point) -> Json:
    """Why a cell takes the time it takes.

    Returns:
        ``cell``; ``gpu`` and ``runtime`` (id, name); ``kernels`` (work, times, share, the roof
        each is under and how much of it is reached; the longest first); ``roofs`` (the board's
        bandwidth and the peaks used, with their ridge points); ``steps`` (every launch in
        order: kernel, nodes, total_ms, alive_bytes); ``layers`` (steps by module); ``memory``;
        ``charts`` (Vega-Lite specs by name: roofline, time, memory). The total_ms of the
        kernels, of the steps and of the layers each add up to the cell's latency.
    """
    cell, workload = point.cell, point.workload
    order = longest_first(workload, point.estimate)
    rows = kernel_times(workload, point.estimate)
    roofs = roofs_json(point, rows)
    place = {kernel: at for at, kernel in enumerate(order)}
    each_s = seconds_each(point.estimate)
    steps = point.schedule.steps(cell.batch, cell.precision)
    spent_s = [float(each_s[step.kernel]) * step.repeats for step in steps]
    return {
        "cell": cell_json(cell),
        "gpu": {"id": point.gpu.id, "name": point.gpu.name},
        "runtime": {"id": point.runtime.id, "name": point.runtime.name},
        "kernels": rows,
        "roofs": roofs,
        "steps": [
            {
                "kernel": place[step.kernel],
                "nodes": list(step.nodes),
                "anchor": step.anchor,
                "repeats": step.repeats,
                "total_ms": rounded(seconds * 1e3, digits=SUMMED_DIGITS),
                "alive_bytes": step.alive_bytes,
            }
            for step, seconds in zip(steps, spent_s, strict=True)
        ],
        "layers": layers_json(steps, spent_s),
        "memory": {
            "weight_bytes": workload.weight_bytes,
            "workspace_bytes": point.runtime.workspace_bytes,
            "context_bytes": point.runtime.context_bytes,
            "peak_activation_bytes": workload.peak_activation_bytes,
            "limit_bytes": point.cell.memory_limit_bytes,
        },
        "charts": {
            "roofline": roofline(point.gpu, cell.precision, rows),
            "time": time_by_kernel(rows),
            "memory": memory_over_run(
                [(step.op, step.alive_bytes) for step in steps], workload.weight_bytes
            ),
        },
    }


def roofs_json(point: Point, rows: list[Json]) -> Json:
    """The roofline of the board, as far as the run uses it; each row learns its roof.

    Returns:
        bandwidth_bytes_per_s and its source, cache_bytes_per_s (of the last-level cache, which
        lets kernels rise above the slope of the memory) and its source; peaks: name,
        flops_per_s, ridge (the FLOP per byte from which on it can be reached), source.
    """
    gpu = point.gpu
    board = boards_of([gpu])
    table = board.peak_flops_per_s[0]
    bandwidth = gpu.spec.bandwidth_bytes_per_s
    peaks: dict[str, Json] = {}
    for row in rows:
        on_matrix = row["matrix_flops"] > 0
        name = row["peak"] if on_matrix else "fp32"
        flops_per_s = float(
            table[PEAKS.index(name)] if on_matrix else gpu.spec.peak_flops_per_s["fp32"]
        )
        label = name if on_matrix and name != "fp32" else "fp32, vector units"
        row["roof"] = label
        reachable = min(flops_per_s, (row["intensity"] or 0.0) * bandwidth)
        row["reached"] = rounded((row["flops_per_s"] or 0.0) / reachable if reachable else None)
        peaks[label] = {
            "name": label,
            "flops_per_s": rounded(flops_per_s),
            "ridge": rounded(flops_per_s / bandwidth),
            "source": gpu.sources.get(f"spec.peak_tflops.{name.removesuffix('_accumulate')}", ""),
        }
    return {
        "bandwidth_bytes_per_s": rounded(bandwidth),
        "source": gpu.sources.get("spec.bandwidth_gb_per_s", ""),
        "cache_bytes_per_s": rounded(float(board.cache_bytes_per_s[0, 0])),
        "cache_source": gpu.sources.get("calibration.cache_bytes_per_cycle", ""),
        "peaks": sorted(peaks.values(), key=lambda peak: -(peak["flops_per_s"] or 0.0)),
    }
