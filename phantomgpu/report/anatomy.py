"""The time of one kernel in terms: each with its formula, its inputs, and where both come from.

The formulas are those of ``cost/``, in words people read; their sources are the ``Source:`` of the
very functions that compute them, and an input's source is the profile's own.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any, Final

from phantomgpu.comparison.point import Point, pass_of
from phantomgpu.cost.attention import attention_time
from phantomgpu.cost.bandwidth import cache_rate, cache_time, memory_time
from phantomgpu.cost.batched import batched_time
from phantomgpu.cost.cache import hit_share
from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.layout import transposing_time
from phantomgpu.cost.library import making_of, vector_product_time
from phantomgpu.cost.power import clock_slowdown
from phantomgpu.cost.product import product_time, step_time
from phantomgpu.cost.reach import reach_slowdown
from phantomgpu.cost.roofline import overlap_sharpness, smooth_maximum
from phantomgpu.cost.stream import stream_time
from phantomgpu.cost.terms import Terms, terms_of
from phantomgpu.cost.tiles import feeding_share, waves
from phantomgpu.cost.unfused import is_unfused
from phantomgpu.cost.winograd import fused_time, winograd_products
from phantomgpu.errors import RequestError
from phantomgpu.hardware.calibration import PARAMETERS, RUNTIME_PARAMETERS
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.report.kernels import kernel_times, longest_first, seconds_each
from phantomgpu.report.rounding import rounded
from phantomgpu.workload.workload import FAMILIES, PEAKS

Json = dict[str, Any]

_EFFICIENCY: Final = {
    "bf16": "efficiency_fp16",
    "int4": "efficiency_int8",
    "fp64": "efficiency_fp32",
    "fp4": "efficiency_fp8",
    "fp16_accumulate": "efficiency_fp16",
}
_PRODUCT: Final = (
    "fastest tiling: (waves · (2·tile_m·tile_n / rate + (tile_m + tile_n) · load) + step) · "
    "(k + depth); rate = peak · efficiency / SMs, less where rows are no multiple of 16 bytes"
)
_TENSOR_PRODUCT: Final = (
    "fastest tiling: (waves · ((2·tile_m·tile_n / rate)⁴ + ((tile_m + tile_n) · load)⁴)^(1/4) + "
    "step) · (k / parts + depth) + split; rate = peak · efficiency / SMs, less where rows are no "
    "multiple of 16 bytes; load = element / (shared memory / fill cycles)"
)
_FEW_ROWS: Final = "FLOPs / (4 · fp32 peak): int8 on the vector units"
_ATTENTION: Final = (
    "waves of query blocks · (keys · (block · (4·width / rate + softmax) + load) + start) "
    "+ step · keys, rate = peak · efficiency / SMs"
)
_WHOLE_HEADS: Final = (
    "waves of heads · (keys · (queries · (4·width / rate + score) + load) + start), "
    "rate = peak · efficiency / SMs"
)
_UNFUSED: Final = "two batched products, each as any product, and scores · score cycles / SMs"
_BY_CACHE: Final = "bytes of the model's graph, divided by what fits the cache"
_BY_STEPS: Final = "the more steps a product has, the better its loads hide"
_OVERLAP: Final = dict.fromkeys(
    ("matmul", "weight_only", "gemv", "conv", "grouped", "recurrent"),
    ("product_sharpness", "overlap_growth"),
) | {"decode": ("decode_sharpness",)}
"""Fitted values of the overlap, by kind of kernel; all others overlap as ``roofline_sharpness``."""
_OVERLAP_FP32: Final = dict.fromkeys(
    ("matmul", "weight_only", "gemv"), ("product_sharpness_fp32",)
) | {"decode": ("decode_sharpness",)}
"""The same on the vector units, which wait for no stages."""
_VECTOR: Final = "(vector FLOPs + special FLOPs · special cost) / (fp32 peak · efficiency)"
_HELD: Final = "elements · held cycles / SMs"
_DEPTHWISE: Final = "FLOPs / (fp32 peak · depthwise efficiency)"


def anatomy_json(point: Point, kernel: int) -> Json:
    """One kernel of a point.

    Args:
        point: What runs where.
        kernel: Its place among ``kernel_times``, the longest first.

    Returns:
        ``kernel`` (its row); ``terms`` in the order they are combined: name, time_us (or factor),
        formula, sources, inputs (name, value, unit, source).

    Raises:
        RequestError: There are not so many kernels.
    """
    order = longest_first(point.workload, point.estimate)
    if not 0 <= kernel < len(order):
        raise RequestError(
            f"there is no kernel {kernel}",
            where="kernel",
            fix=f"this run has {len(order)}: 0 to {len(order) - 1}",
        )
    part, at = pass_of(point, order[kernel])
    terms = terms_of(part.workload, part.gpu, part.runtime)
    return {
        "kernel": kernel_times(point.workload, point.estimate)[kernel],
        "kind": terms.kinds[at],
        "terms": [
            _arithmetic(part, terms, at),
            _traffic(part, terms, at),
            _overlap(part, terms, at),
            _waiting(part, at),
        ],
    }


def source_of(function: Callable[..., object]) -> str:
    r"""The ``Source:`` section of a function's docstring, on one line.

    >>> source_of(waves)
    'NVIDIA, "Matrix Multiplication Background User\'s Guide", section "Wave Quantization".'
    """
    found = re.search(r"Source:\n((?: {4,}.*\n?)+)", inspect.getdoc(function) or "")
    return " ".join(found[1].split()) if found else ""


def _arithmetic(point: Point, terms: Terms, at: int) -> Json:
    kernels, kind = point.workload.kernels, terms.kinds[at]
    peak = PEAKS[int(kernels.peak[at])]
    inputs = [
        _fact(name, float(column[at]), "FLOP")
        for name, column in (
            ("matrix FLOPs", kernels.matrix_flops),
            ("vector FLOPs", kernels.vector_flops),
            ("special FLOPs", kernels.special_flops),
        )
        if column[at] > 0
    ]
    functions: tuple[Callable[..., object], ...] = ()
    is_attention = FAMILIES[int(kernels.family[at])] == "attention"
    few_rows = peak == "int8" and kernels.m[at] <= point.runtime.vector_rows_most
    if kind == "depthwise":
        formula = _DEPTHWISE
        inputs += [_peak(point, "fp32"), _fitted(point, "depthwise_efficiency")]
    elif few_rows and not is_attention and kernels.matrix_flops[at] > 0:
        formula, functions = _FEW_ROWS, (vector_product_time,)
        inputs.append(_peak(point, "fp32"))
    elif kernels.matrix_flops[at] > 0:
        formula = _PRODUCT if peak == "fp32" else _TENSOR_PRODUCT
        functions = (product_time, step_time, making_of, feeding_share, waves)
        names = _inside(peak, kind, point.runtime)
        if is_attention:
            formula, functions, names = _attention(point, kind, peak, at)
        shape = "queries, keys, width, heads" if is_attention else "m, n, k, products"
        inputs += [
            _shape(shape, point, at),
            _peak(point, peak),
            _fitted(point, _EFFICIENCY.get(peak, f"efficiency_{peak}")),
            _spec(point, "sm_count", point.gpu.spec.sm_count, ""),
            *(_fitted(point, name) for name in names),
        ]
        if peak == "fp32" and kind == "matmul":
            functions = (*functions, batched_time, reach_slowdown)
        if peak == "fp32" and kernels.window[at] == 9.0:
            functions = (*functions, winograd_products, fused_time)
    elif kind == "norm" and 1.0 < kernels.n[at] <= point.runtime.held_columns_most:
        formula = _HELD
        inputs.append(_fitted(point, "held_cycles"))
    else:
        formula = _VECTOR
        inputs += [_peak(point, "fp32"), _fitted(point, "vector_efficiency")]
    if kernels.special_flops[at] > 0 and not is_attention:  # its term has its softmax
        inputs.append(_fitted(point, "special_flops_cost"))
    if kernels.matrix_flops[at] > 0 and kernels.vector_flops[at] > 0 and not is_attention:
        inputs.append(_fitted(point, "epilogue_share"))
    slower = terms.clock_slowdown
    if slower > 1.0005:
        inputs.append(
            _fact("slower clock: power limit", slower, "×", "the run's energy at boost clock")
        )
        functions = (*functions, clock_slowdown)
    inputs += _among(point)
    seconds = terms.core_s[at] * slower * _run_factor(point)
    return _term("arithmetic", seconds, formula, functions, inputs)


def _attention(
    point: Point, kind: str, peak: str, at: int
) -> tuple[str, tuple[Callable[..., object], ...], list[str]]:
    """Formula, functions and fitted values of attention, as the runtime's kernels are made."""
    runtime, kernels = point.runtime, point.workload.kernels
    if kind != "decode" and point.gpu.spec.architecture in runtime.unfused_on:
        names = ["score_cycles", *_inside(peak, "matmul", runtime)]
        return _UNFUSED, (product_time, is_unfused), names
    if kind != "decode" and kernels.m[at] <= runtime.whole_heads_most:
        narrow = ["narrow_score_cycles"] if kernels.element_bytes[at] < 2.0 else []
        names = ["whole_score_cycles", *narrow, "attention_block_cycles"]
        return _WHOLE_HEADS, (attention_time,), names
    return _ATTENTION, (attention_time,), _inside(peak, kind, runtime)


def _inside(peak: str, kind: str, runtime: Runtime) -> list[str]:
    """Fitted values of the inside of a matrix kernel."""
    if kind == "decode":
        return ["decode_efficiency", "decode_step_cycles", "decode_block_cycles"]
    if kind in ("attention", "wide"):
        of_peak = ["attention_fp8"] if peak == "fp8" else []
        names = ["attention_efficiency", "softmax_cycles", "attention_step_cycles"]
        return [*of_peak, *names, "attention_block_cycles"]
    names = ["operand_bytes_per_cycle", "step_cycles", "pipeline_depth", "misalignment"]
    if peak == "fp32":
        of_fp32 = [f"{name}_fp32" for name in (*names, "wave_smoothing")]
        batched = [f"batched_{name}_fp32" for name in ("tile_m", "tile_n", "efficiency")]
        return [*of_fp32, *batched, "reach_bytes", "reach_cost"] if kind == "matmul" else of_fp32
    library = ["fill_cycles", "step_cycles", "split_cycles"]
    if kind == "weight_only" or peak in runtime.whole_products:
        library = [f"template_{name}" for name in library]
    of_image = ["image_misalignment"] if kind == "conv" and runtime.transposes_convs_on else []
    return [*library, *names[2:], *of_image, "tile_overhead", "wave_smoothing"]


def _traffic(point: Point, terms: Terms, at: int) -> Json:
    spec = point.gpu.spec
    inputs = [
        _fact("served by the last-level cache", float(terms.cached_bytes[at]), "B", _BY_CACHE),
        _fact("served by the memory", float(terms.memory_bytes[at]), "B", _BY_CACHE),
        _spec(point, "bandwidth_gb_per_s", spec.bandwidth_bytes_per_s / 1e9, "GB/s"),
        _fitted(point, "bandwidth_efficiency"),
        *([_fitted(point, "ecc_bandwidth")] if spec.ecc_in_memory else []),
        _fitted(point, "cache_bytes_per_cycle"),
        _spec(point, "l2_mb", spec.l2_bytes / 2**20, "MB"),
        _fitted(point, "cache_share"),
        *_among(point),
    ]
    return _term(
        "traffic",
        (terms.memory_s[at] + terms.cache_s[at] * terms.clock_slowdown) * _run_factor(point),
        "memory bytes / (bandwidth · efficiency) + "
        "cached bytes / √(bytes per cycle · SMs · clock · bandwidth)",
        (memory_time, cache_time, cache_rate, hit_share),
        inputs,
    )


def _run_factor(point: Point) -> float:
    """What a run of many kernels makes of each."""
    return point.runtime.calibration.get("run_slowdown", 1.0)


def _among(point: Point) -> list[Json]:
    """That factor as an input, where there is one."""
    factor, meaning = _run_factor(point), RUNTIME_PARAMETERS["run_slowdown"].meaning
    source = _runtime_source(point.runtime, "run_slowdown")
    return [] if factor == 1.0 else [_fact(f"factor: {meaning}", factor, "×", source)]


def _overlap(point: Point, terms: Terms, at: int) -> Json:
    slowdown = float(terms.runtime_slowdown[at])
    kind, peak = terms.kinds[at], PEAKS[int(point.workload.kernels.peak[at])]
    overlaps = _OVERLAP_FP32 if peak == "fp32" else _OVERLAP
    names = overlaps.get(kind, ("roofline_sharpness",))
    inputs = [_fitted(point, name) for name in names]
    inputs.append(_fact("p: how well they overlap", float(terms.sharpness[at]), "", _BY_STEPS))
    if slowdown != 1.0:
        source = _runtime_source(point.runtime, f"slowdown_{terms.kinds[at]}")
        inputs.append(_fact("the runtime's kernel beside the best", slowdown, "×", source))
    formula = "runtime factor · (arithmetic^p + traffic^p)^(1/p)"
    functions: tuple[Callable[..., object], ...] = (smooth_maximum, overlap_sharpness)
    if transposing_s := float(terms.transposing_s[at]):
        source = point.runtime.sources.get("kernels.transposes_convs_on", "")
        inputs.append(_fact("copies in the other layout", transposing_s * 1e6, "µs", source))
        formula, functions = f"{formula} + copies", (*functions, transposing_time)
    seconds = float(point.estimate.kernel_s[0, at])
    return _term("both, overlapped", seconds, formula, functions, inputs)


def _waiting(point: Point, at: int) -> Json:
    runtime = point.runtime
    inputs = [
        _fact(name, seconds * 1e6, "µs", runtime.sources.get(f"cost.{key}", ""))
        for name, seconds, key in (
            ("gap before a kernel", runtime.launch_s, "launch_us"),
            ("host time to issue one", runtime.dispatch_s, "dispatch_us"),
            ("start of a run", runtime.start_s, "start_us"),
        )
    ]
    kernels = point.workload.kernels
    is_fp32 = PEAKS[int(kernels.peak[at])] == "fp32"
    of_product = "product_start_cycles_fp32" if is_fp32 else "product_start_cycles"
    product = FAMILIES[kernels.family[at]] == "matmul"
    inputs.append(_fitted(point, of_product if product else "start_cycles"))
    inputs += [
        _fact(RUNTIME_PARAMETERS[name].meaning, value, "", _runtime_source(runtime, name))
        for name in ("start_share",)
        if (value := runtime.calibration.get(name)) is not None
    ]
    if point.gpu.spec.architecture in runtime.slow_launch_on:
        longer = runtime.calibration.get("slow_launch_us", 0.0)
        source = runtime.sources.get("kernels.slow_launch_on", runtime.origin)
        inputs.append(_fact("longer gap on this architecture", longer, "µs", source))
    inputs.append(_fact("launches in a run", float(point.workload.kernels.count.sum()), ""))
    term = _term(
        "starting and waiting",
        float(point.estimate.launch_s[0, at]),
        "(run − all kernels) / launches: what starting, gaps and the host add, shared evenly",
        (stream_time,),
        inputs,
    )
    return term | {"total_us": rounded(float(seconds_each(point.estimate)[at]) * 1e6)}


def _runtime_source(runtime: Runtime, name: str) -> str:
    """Where a fitted value of the runtime comes from."""
    return runtime.sources.get(f"calibration.{name}", runtime.origin)


def _term(
    name: str,
    seconds: float,
    formula: str,
    functions: tuple[Callable[..., object], ...],
    inputs: list[Json],
) -> Json:
    return {
        "name": name,
        "time_us": rounded(float(seconds) * 1e6),
        "formula": formula,
        "sources": [source for function in functions if (source := source_of(function))],
        "inputs": inputs,
    }


def _fact(name: str, value: float, unit: str, source: str = "the model's graph") -> Json:
    return {"name": name, "value": rounded(value), "unit": unit, "source": source}


def _shape(names: str, point: Point, at: int) -> Json:
    kernels = point.workload.kernels
    sizes = (kernels.m[at], kernels.n[at], kernels.k[at], kernels.batch[at])
    text = " × ".join(f"{size:.0f}" for size in sizes)
    return {"name": names, "value": text, "unit": "", "source": "the model's graph"}


def _spec(point: Point, key: str, value: float, unit: str) -> Json:
    names = {"sm_count": "multiprocessors", "bandwidth_gb_per_s": "bandwidth", "l2_mb": "cache"}
    return _fact(names[key], value, unit, point.gpu.sources.get(f"spec.{key}", ""))


def _peak(point: Point, name: str) -> Json:
    table = boards_of([point.gpu]).peak_flops_per_s[0]
    source = point.gpu.sources.get(f"spec.peak_tflops.{name.removesuffix('_accumulate')}", "")
    return _fact(f"{name} peak", float(table[PEAKS.index(name)]) / 1e12, "TFLOPS", source)


def _fitted(point: Point, name: str) -> Json:
    parameter = PARAMETERS[name]
    source = point.gpu.sources.get(f"calibration.{name}", "")
    unit = "" if parameter.unit == "1" else parameter.unit
    return _fact(parameter.meaning, point.gpu.calibration.values[name], unit, source)
