"""GPUs, runtimes and workloads that are valid as they come; a test says what it changes."""

import numpy as np

from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.host import host_of
from phantomgpu.cost.kernels import activities
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.hardware.gpu import Calibration, GpuProfile, Spec
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import FAMILIES, PEAKS, KernelNames, Kernels, Workload

_IDEAL = {
    # Nothing but arithmetic, bandwidth and whole waves: what a test adds is all there is.
    "step_cycles": 0.0, "step_cycles_fp32": 0.0, "pipeline_depth": 0.0, "pipeline_depth_fp32": 0.0,
    "operand_bytes_per_cycle": 1e4, "operand_bytes_per_cycle_fp32": 1e4, "wave_smoothing": 0.0,
    "split_cycles": 0.0, "split_traffic": 0.0, "softmax_cycles": 0.0, "attention_step_cycles": 0.0,
    "attention_block_cycles": 0.0, "decode_block_cycles": 0.0, "decode_step_cycles": 0.0,
    "head_block_cycles": 0.0, "head_key_cycles": 0.0, "attention_split_cycles": 0.0,
    "unpack_cycles": 0.0, "unpack_block_cycles": 0.0, "decode_start_cycles": 0.0,
    "attention_start_cycles": 0.0, "start_cycles": 0.0, "product_start_cycles": 0.0,
    "product_start_cycles_fp32": 0.0, "wave_smoothing_fp32": 0.0, "split_cycles_fp32": 0.0,
    "batched_tile_m_fp32": 0.0, "batched_tile_n_fp32": 0.0, "reach_cost": 0.0,
    "product_sharpness_fp32": 8.0,
    "quantize_row_cycles": 0.0, "product_sharpness": 8.0, "overlap_growth": 0.0,
    "tile_overhead": 0.0, "template_step_cycles": 0.0, "template_split_cycles": 0.0,
    "fill_cycles": 10.0, "template_fill_cycles": 10.0,
    "whole_score_cycles": 0.0, "narrow_score_cycles": 0.0, "score_cycles": 0.0, "held_cycles": 0.0,
    "cache_share": 0.01, "cache_sharpness": 10.0, "roofline_sharpness": 8.0,
    "decode_sharpness": 8.0,
    "joule_per_flop_fp32": 0.0, "joule_per_flop_fp16": 0.0, "joule_per_byte": 0.0,
    "static_power_share": 0.0, "static_power_w": 0.0, "clock_headroom": 1.0,
    "nominal_clock_hz": 1e9,
    "throttle_exponent": 1.0, "throttle_settle_s": 0.0,
    "interval_scale": 1.0, "spread_run": 0.2,
}  # fmt: skip


def a_gpu(*, calibration=None, **spec):
    """A made-up board of round numbers: 100 SMs, 100 TFLOPS fp16, 10 TFLOPS fp32, 1 TB/s."""
    values = {name: (1.0 if p.low <= 1.0 <= p.high else p.low) for name, p in PARAMETERS.items()}
    values.update(_IDEAL)
    values.update(calibration or {})
    figures = {
        "vendor": "nvidia", "architecture": "Roundness", "sm_count": 100,
        "base_clock_hz": 1e9, "boost_clock_hz": 1e9, "memory_bytes": 16 * 10**9,
        "bandwidth_bytes_per_s": 1e12, "l2_bytes": 10**7, "shared_bytes_per_sm": 10**5,
        "peak_flops_per_s": {"fp32": 1e13, "fp16": 1e14, "int8": 2e14},
        "fp16_accumulate_flops_per_s": 0.0, "tdp_w": 300.0, "idle_w": 30.0,
    }  # fmt: skip
    figures.update(spec)
    return GpuProfile("round", "Round", Spec(**figures), Calibration(values, "calibrated"))


def a_runtime(**changes):
    """A runtime that costs nothing by itself."""
    figures = {
        "id": "plain", "name": "Plain", "fusion": (), "casts": "none", "launch_s": 0.0,
        "dispatch_s": 0.0, "start_s": 0.0, "context_bytes": 0, "workspace_bytes": 0,
        "precisions": ("fp32", "fp16", "int8"), "vendors": ("nvidia",),
    }  # fmt: skip
    figures.update(changes)
    return Runtime(**figures)


def a_kernel(*, family="matmul", peak="fp16", **columns):
    """One kernel as a row: by default a 4096-cubed fp16 matrix product."""
    row = {
        "m": 4096.0, "n": 4096.0, "k": 4096.0, "batch": 1.0, "window": 1.0, "stride": 1.0,
        "kv_groups": 1.0, "steps": 1.0, "causal": 0.0, "element_bytes": 2.0, "count": 1.0,
        "height": 1.0, "width": 1.0, "vector_flops": 0.0, "special_flops": 0.0, "weight_bytes": 0.0,
    }  # fmt: skip
    row.update(columns)
    size = row["batch"] * row["element_bytes"]
    row.setdefault("matrix_flops", 2.0 * row["batch"] * row["m"] * row["n"] * row["k"])
    row.setdefault("read_bytes", size * (row["m"] + row["n"]) * row["k"])
    row.setdefault("write_bytes", size * row["m"] * row["n"])
    return {"family": FAMILIES.index(family), "peak": PEAKS.index(peak), **row}


def a_copy(*, traffic_bytes=1e9, **columns):
    """A kernel that only moves bytes."""
    return a_kernel(
        family="move", m=traffic_bytes / 4, n=1.0, k=1.0, matrix_flops=0.0,
        read_bytes=traffic_bytes / 2, write_bytes=traffic_bytes / 2, **columns,
    )  # fmt: skip


def kernels_of(*rows):
    """Rows as columns."""
    whole = ("family", "peak")
    return Kernels(
        **{
            name: np.array([row[name] for row in rows], dtype=np.int64 if name in whole else float)
            for name in rows[0]
        }
    )


def a_workload(*rows, batch=1, precision="fp16", **changes):
    """A workload of these rows; of one matrix product when none is given."""
    rows = rows or (a_kernel(),)
    figures = {
        "kernels": kernels_of(*rows),
        "names": tuple(KernelNames("Op", (("node",),), "[]") for _ in rows),
        "batch": batch, "precision": precision, "runtime": "plain", "weight_bytes": 1000,
        "peak_activation_bytes": 100, "input_bytes": 10, "output_bytes": 1,
    }  # fmt: skip
    figures.update(changes)
    return Workload(**figures)


def variants_of(table, **runtime):
    """What a made-up runtime says of the kernels of a table."""
    return host_of(a_runtime(**runtime), kinds_of(table), 1).variants


def work_of(*rows, gpu=None, weights_in_use=None, **runtime):
    """What rows keep busy on one board, under a made-up runtime."""
    table = kernels_of(*rows)
    in_use = table.weight_bytes if weights_in_use is None else np.array([weights_in_use])
    boards = boards_of([gpu or a_gpu()])
    return activities(table, kinds_of(table), boards, in_use, variants_of(table, **runtime))
