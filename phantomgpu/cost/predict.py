"""Workloads on GPUs to Estimates: the only place where the terms are combined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.bandwidth import traffic_time
from phantomgpu.cost.columns import Boards, boards_of, joined
from phantomgpu.cost.estimate import Estimate
from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.cost.roofline import smooth_maximum
from phantomgpu.cost.stream import stream_time
from phantomgpu.cost.tiles import tile_count
from phantomgpu.cost.waves import waves
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import FAMILIES, PEAKS, Kernels, Workload

FloatArray = NDArray[np.float64]

TILES: Final[tuple[tuple[int, int], ...]] = ((128, 128), (128, 64), (64, 64), (32, 32))
"""Output tiles a matrix kernel may choose from (rows, columns)."""

_MATRIX: Final[tuple[int, ...]] = tuple(
    FAMILIES.index(name) for name in ("matmul", "conv", "attention", "recurrent")
)
_VECTOR_PEAK: Final[int] = PEAKS.index("fp32")


@dataclass(frozen=True, slots=True)
class KernelTimes:
    """Seconds of one kernel of each kind. Each [gpu, kernel]."""

    compute_s: FloatArray
    memory_s: FloatArray
    kernel_s: FloatArray


def predict(
    workloads: Sequence[Workload], gpus: Sequence[GpuProfile], runtime: Runtime
) -> list[Estimate]:
    """What each workload costs on each GPU.

    Args:
        workloads: Any number of points of a sweep; they are evaluated as one table.
        gpus: Profiles.
        runtime: The one whose fusion made the workloads.

    Returns:
        One estimate for each workload, over all ``gpus`` in their order. A GPU that lacks a
        precision has ``supported`` False and NaN times.
    """
    if not workloads:
        return []
    boards = boards_of(gpus)
    kernels, places = joined(workloads)
    times = kernel_times(kernels, boards)
    return [
        _estimate(workload, kernels, times, place, boards, runtime)
        for workload, place in zip(workloads, places, strict=True)
    ]


def kernel_times(kernels: Kernels, boards: Boards) -> KernelTimes:
    """Seconds of one kernel of each kind on each GPU, launch and dispatch left out."""
    compute_s = np.maximum(_matrix_time(kernels, boards), _vector_time(kernels, boards))
    memory_s = traffic_time(
        traffic_bytes=kernels.read_bytes + kernels.write_bytes,
        bandwidth_bytes_per_s=boards.bandwidth_bytes_per_s,
        efficiency=boards.values["bandwidth_efficiency"],
    )
    sharpness = boards.values["roofline_sharpness"]
    return KernelTimes(
        compute_s, memory_s, smooth_maximum(compute_s, memory_s, sharpness=sharpness)
    )


def _matrix_time(kernels: Kernels, boards: Boards) -> FloatArray:
    """Seconds of the tensor-core work, with the fastest tile, [gpu, kernel]."""
    slots = boards.sm_count
    efficiency = np.where(
        kernels.peak == _VECTOR_PEAK,
        boards.values["vector_efficiency"],
        boards.values["matrix_efficiency"],
    )
    rate = boards.peak_flops_per_s[:, kernels.peak] * efficiency
    padded = np.full(rate.shape, np.inf)
    for tile_m, tile_n in TILES:
        tiles = tile_count(
            m=kernels.m, n=kernels.n, batch=kernels.batch, tile_m=tile_m, tile_n=tile_n
        )
        work = waves(tiles=tiles, slots=slots) * slots * float(tile_m * tile_n)
        padded = np.minimum(padded, work)
    stretch = np.maximum(padded / (kernels.m * kernels.n * kernels.batch), 1.0)
    is_tiled = np.isin(kernels.family, _MATRIX) & (kernels.matrix_flops > 0.0)
    time = np.where(is_tiled, kernels.matrix_flops * stretch, 0.0) / rate
    return np.asarray(np.where(kernels.matrix_flops > 0.0, time, 0.0))


def _vector_time(kernels: Kernels, boards: Boards) -> FloatArray:
    """Seconds of the work of the ordinary units, [gpu, kernel]."""
    rate = boards.peak_flops_per_s[:, [_VECTOR_PEAK]] * boards.values["vector_efficiency"]
    time = (kernels.vector_flops + kernels.special_flops) / rate
    return np.asarray(np.where(np.isnan(rate), 0.0, time))


def _estimate(
    workload: Workload,
    kernels: Kernels,
    times: KernelTimes,
    place: slice,
    boards: Boards,
    runtime: Runtime,
) -> Estimate:
    """The part of the table that belongs to one workload, summed up."""
    count = kernels.count[place]
    kernel_s = times.kernel_s[:, place]
    device_s = np.sum(kernel_s * count, axis=1) + runtime.launch_s * np.sum(count)
    host_s = np.full_like(device_s, runtime.dispatch_s * np.sum(count))
    latency_s = stream_time(device_s=device_s, host_s=host_s, start_s=runtime.start_s)
    launch_s = np.broadcast_to(
        ((latency_s - np.sum(kernel_s * count, axis=1)) / np.sum(count))[:, None], kernel_s.shape
    )
    peaks = boards.peak_flops_per_s[:, kernels.peak[place]]
    flops = kernels.matrix_flops[place]
    ideal_s = np.sum(np.where(flops > 0.0, flops * count / peaks, 0.0), axis=1)
    memory = footprint_bytes(
        weights=workload.weight_bytes,
        activations=workload.peak_activation_bytes,
        workspace=runtime.workspace_bytes,
        context=runtime.context_bytes,
    )
    return Estimate(
        compute_s=times.compute_s[:, place],
        memory_s=times.memory_s[:, place],
        launch_s=launch_s,
        kernel_s=kernel_s,
        latency_s=latency_s,
        low_s=latency_s * np.exp(boards.values["interval_log_low"][:, 0]),
        high_s=latency_s * np.exp(boards.values["interval_log_high"][:, 0]),
        memory_bytes=np.full_like(latency_s, memory),
        mfu=ideal_s / latency_s,
        bound=_bounds(times.compute_s[:, place], times.memory_s[:, place], launch_s, count),
        supported=~np.isnan(latency_s),
    )


def _bounds(
    compute_s: FloatArray, memory_s: FloatArray, launch_s: FloatArray, count: FloatArray
) -> tuple[str, ...]:
    """Which activity takes the largest share of each GPU's time."""
    is_compute = compute_s >= memory_s
    shares = np.stack(
        [
            np.sum(np.where(is_compute, compute_s, 0.0) * count, axis=1),
            np.sum(np.where(is_compute, 0.0, memory_s) * count, axis=1),
            np.sum(launch_s * count, axis=1),
        ]
    )
    names = ("compute", "memory", "launch")
    return tuple(names[index] for index in np.argmax(np.nan_to_num(shares), axis=0))
