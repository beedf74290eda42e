"""Profiles and workloads to columns: the last place that knows either as objects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.workload.workload import PEAKS, Kernels, Workload

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Boards:
    """GPUs as columns, each of shape ``[gpu, 1]`` so that it broadcasts over kernels.

    Attributes:
        sm_count: Streaming multiprocessors or compute units.
        bandwidth_bytes_per_s: Peak of the memory.
        l2_bytes: Last-level cache.
        tdp_w: Board power limit.
        peak_flops_per_s: Dense peak by index into ``PEAKS``; NaN where not supported. [gpu, peak]
        values: Fitted values by parameter name. each [gpu, 1]
    """

    sm_count: FloatArray
    bandwidth_bytes_per_s: FloatArray
    l2_bytes: FloatArray
    tdp_w: FloatArray
    peak_flops_per_s: FloatArray
    values: dict[str, FloatArray]


def boards_of(gpus: Sequence[GpuProfile]) -> Boards:
    """Columns of a list of GPUs."""

    def column(value_of: Callable[[GpuProfile], float]) -> FloatArray:
        return np.array([[value_of(gpu)] for gpu in gpus], dtype=np.float64)

    return Boards(
        sm_count=column(lambda gpu: max(gpu.spec.sm_count, 1)),
        bandwidth_bytes_per_s=column(lambda gpu: gpu.spec.bandwidth_bytes_per_s),
        l2_bytes=column(lambda gpu: gpu.spec.l2_bytes),
        tdp_w=column(lambda gpu: gpu.spec.tdp_w),
        peak_flops_per_s=np.array(
            [[gpu.spec.peak_flops_per_s.get(peak, np.nan) for peak in PEAKS] for gpu in gpus]
        ),
        values={
            name: np.array([[gpu.calibration.values[name]] for gpu in gpus]) for name in PARAMETERS
        },
    )


def joined(workloads: Sequence[Workload]) -> tuple[Kernels, list[slice]]:
    """The kernels of all workloads as one table, and where each workload's lie in it."""
    table = Kernels(
        **{
            column.name: np.concatenate([getattr(w.kernels, column.name) for w in workloads])
            for column in fields(Kernels)
        }
    )
    ends = np.cumsum([len(w.kernels) for w in workloads]).tolist()
    starts = [0, *ends[:-1]]
    return table, [slice(start, end) for start, end in zip(starts, ends, strict=True)]
