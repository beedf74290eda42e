"""Profiles and workloads to columns: the last place that knows either as an object."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.bandwidth import cache_rate, copy_efficiency
from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.hardware.gpu import GpuProfile, Spec
from phantomgpu.workload.workload import PEAKS, Kernels, Workload

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_EFFICIENCY: Final[Mapping[str, str]] = {
    "fp32": "efficiency_fp32", "tf32": "efficiency_tf32", "fp16": "efficiency_fp16",
    "bf16": "efficiency_fp16", "fp8": "efficiency_fp8", "int8": "efficiency_int8",
    "int4": "efficiency_int8", "fp64": "efficiency_fp32", "fp4": "efficiency_fp8",
    "fp16_accumulate": "efficiency_fp16",
}  # fmt: skip
"""The fitted share of each peak."""

_OPERAND_BITS: Final[Mapping[str, float]] = {
    "tf32": 32.0, "fp16": 16.0, "bf16": 16.0, "fp8": 8.0, "int8": 8.0, "int4": 4.0,
    "fp4": 4.0, "fp16_accumulate": 16.0,
}  # fmt: skip
"""Width of a tensor core's operand: its energy is proportional to it. The others are vector."""

_IS_MATRIX: Final = np.array([name in _OPERAND_BITS for name in PEAKS])
"""Peaks that may be stated at ``tensor_clock_hz``. [peak]"""


@dataclass(frozen=True, slots=True)
class Boards:
    """GPUs as columns that broadcast over kernels.

    Attributes:
        sm_count: Streaming multiprocessors or compute units. [gpu, 1]
        clock_hz: What the board boosts to, which may be above the stated boost clock. [gpu, 1]
        bandwidth_bytes_per_s: Peak of the memory. [gpu, 1]
        copy_efficiency: Share of it that a long copy reaches. [gpu, 1]
        cache_bytes: Last-level cache. [gpu, 1]
        shared_bytes: Shared memory of one SM. [gpu, 1]
        tdp_w: Board power limit. [gpu, 1]
        vector_flops_per_s: fp32 peak of the ordinary units at that clock. [gpu, 1]
        peak_flops_per_s: Dense matrix peak by index into ``PEAKS``; NaN where there is none.
            [gpu, peak]
        sustained_flops_per_s: What a large tile reaches at that clock: a share of the peak,
            which may be stated at a lower one. [gpu, peak]
        cache_bytes_per_s: Of the last-level cache, to all SMs. [gpu, 1]
        joule_per_flop: Switching energy at boost clock. [gpu, peak]
        widening: Width at which the operands of a peak run there, over the one it is named for: 2
            for int8 on boards that multiply faster in fp16. [gpu, peak]
        architecture: Id of each one's architecture. [gpu, 1]
        values: Fitted values by parameter name. Each [gpu, 1]
        paired: The columns are [kernel] instead, one board for each kernel, as in a fit.
    """

    sm_count: FloatArray
    clock_hz: FloatArray
    bandwidth_bytes_per_s: FloatArray
    copy_efficiency: FloatArray
    cache_bytes: FloatArray
    shared_bytes: FloatArray
    tdp_w: FloatArray
    vector_flops_per_s: FloatArray
    peak_flops_per_s: FloatArray
    sustained_flops_per_s: FloatArray
    cache_bytes_per_s: FloatArray
    joule_per_flop: FloatArray
    widening: FloatArray
    architecture: NDArray[np.str_]
    values: Mapping[str, FloatArray]
    paired: bool = False

    def at(self, table: FloatArray, peak: IndexArray) -> FloatArray:
        """A ``[gpu, peak]`` table at the peak of each kernel. [gpu, kernel]."""
        if self.paired:
            return np.asarray(table[np.arange(len(peak)), peak])
        return np.asarray(table[:, peak])

    def of(self, rows: IndexArray) -> "Boards":
        """The boards of some kernels: all of them, but for paired columns."""
        if not self.paired:
            return self
        picked: dict[str, Any] = {
            column.name: getattr(self, column.name)[rows]
            for column in fields(self)
            if column.name not in ("values", "paired")
        }
        picked["values"] = {name: value[rows] for name, value in self.values.items()}
        return replace(self, **picked)


def boards_of(gpus: Sequence[GpuProfile]) -> Boards:
    """Columns of a list of GPUs."""
    values = {
        name: np.array([[gpu.calibration.values[name]] for gpu in gpus]) for name in PARAMETERS
    }
    return boards_with([gpu.spec for gpu in gpus], values)


def boards_with(specs: Sequence[Spec], values: Mapping[str, FloatArray]) -> Boards:
    """Columns of published figures and of fitted values that come from elsewhere.

    Args:
        specs: One for each GPU.
        values: By parameter name. Each [gpu, 1]
    """

    def column(value_of: Callable[[Spec], float]) -> FloatArray:
        return np.array([[value_of(spec)] for spec in specs], dtype=np.float64)

    headroom = values["clock_headroom"]
    peaks = np.array([[_matrix_peak(spec, name) for name in PEAKS] for spec in specs])
    boost = column(lambda spec: spec.boost_clock_hz / (spec.tensor_clock_hz or spec.boost_clock_hz))
    sm_count = column(lambda spec: max(spec.sm_count, 1))
    clock_hz = column(lambda spec: spec.boost_clock_hz) * headroom
    bandwidth = column(lambda spec: spec.bandwidth_bytes_per_s)
    widening = np.array([[_widening(spec, name) for name in PEAKS] for spec in specs])
    efficiency = _as_run([values[_EFFICIENCY[name]] for name in PEAKS], widening)
    return Boards(
        sm_count=sm_count,
        clock_hz=clock_hz,
        bandwidth_bytes_per_s=bandwidth,
        copy_efficiency=copy_efficiency(
            efficiency=values["bandwidth_efficiency"],
            ecc_bandwidth=values["ecc_bandwidth"],
            has_ecc_inside=np.array([[spec.ecc_in_memory] for spec in specs]),
        ),
        cache_bytes=column(lambda spec: max(spec.l2_bytes, 1)),
        shared_bytes=column(lambda spec: spec.shared_bytes_per_sm),
        tdp_w=column(lambda spec: spec.tdp_w),
        vector_flops_per_s=column(lambda spec: spec.peak_flops_per_s["fp32"]) * headroom,
        peak_flops_per_s=peaks,
        sustained_flops_per_s=peaks * headroom * efficiency * np.where(_IS_MATRIX, boost, 1.0),
        cache_bytes_per_s=cache_rate(
            bytes_per_cycle=values["cache_bytes_per_cycle"],
            sm_count=sm_count,
            clock_hz=clock_hz,
            bandwidth_bytes_per_s=bandwidth,
        ),
        joule_per_flop=_as_run([_energy(values, name) for name in PEAKS], widening),
        widening=widening,
        architecture=np.array([[spec.architecture] for spec in specs], dtype=np.str_),
        values=values,
    )


def _matrix_peak(spec: Spec, name: str) -> float:
    """The peak of matrix products, on matrix units where they take such operands.

    Sums in fp16 are as fast as in fp32 where nothing else is stated.
    """
    peaks = spec.peak_flops_per_s
    if name == "fp16_accumulate":
        return spec.fp16_accumulate_flops_per_s or peaks.get("fp16", np.nan)
    if _widening(spec, name) > 1.0:
        return peaks["fp16"]
    return peaks.get(f"{name}_matrix", peaks.get(name, np.nan))


def _widening(spec: Spec, name: str) -> float:
    """Width at which operands run, over the one asked for.

    A board whose int8 runs on its vector units (DP4A) multiplies faster in fp16, and libraries
    do that instead.
    """
    peaks = spec.peak_flops_per_s
    is_slow = name == "int8" and name in peaks and peaks.get("fp16", 0.0) > peaks[name]
    return 2.0 if is_slow else 1.0


def _as_run(by_peak: Sequence[FloatArray], widening: FloatArray) -> FloatArray:
    """A table by peak, with fp16's column where operands run in fp16. [gpu, peak]."""
    table = np.hstack(by_peak)
    return np.where(widening > 1.0, by_peak[PEAKS.index("fp16")], table)


def _energy(values: Mapping[str, FloatArray], name: str) -> FloatArray:
    """Joule per FLOP at a peak. [gpu, 1]."""
    if name in _OPERAND_BITS:
        return values["joule_per_flop_fp16"] * (_OPERAND_BITS[name] / _OPERAND_BITS["fp16"])
    return values["joule_per_flop_fp32"]


def joined(workloads: Sequence[Workload]) -> tuple[Kernels, IndexArray]:
    """The kernels of all workloads as one table, and the row each workload's begin at."""
    table = Kernels(
        **{
            column.name: np.concatenate([getattr(w.kernels, column.name) for w in workloads])
            for column in fields(Kernels)
        }
    )
    ends = np.cumsum([len(w.kernels) for w in workloads])
    return table, np.concatenate([[0], ends[:-1]]).astype(np.int64)
