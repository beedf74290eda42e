"""Workloads on GPUs to Estimates: the only place where terms, profiles and runs meet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards, boards_of, joined
from phantomgpu.cost.estimate import Estimate
from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.cost.interval import interval_ends
from phantomgpu.cost.kernels import Activities, activities
from phantomgpu.cost.kinds import FAMILY, KINDS, kinds_of
from phantomgpu.cost.power import clock_slowdown
from phantomgpu.cost.roofline import smooth_maximum
from phantomgpu.cost.stream import stream_time
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import Kernels, Workload

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Host:
    """A runtime as columns over kernels.

    Attributes:
        launch_s: Gap on the GPU before each. [kernel]
        dispatch_s: Host time to issue it. [kernel]
        slowdown: Of the runtime's kernel beside the best ones. [kernel]
        start_share: Part of a kernel's start and end that its neighbours leave. [kernel]
        start_s: Host and synchronisation time of a run. [run]
        run_slowdown: Of a run of several kernels beside the sum of kernels timed alone. [run]
    """

    launch_s: FloatArray
    dispatch_s: FloatArray
    slowdown: FloatArray
    start_share: FloatArray
    start_s: FloatArray
    run_slowdown: FloatArray


@dataclass(frozen=True, slots=True)
class Times:
    """Kernels and runs: the first three [gpu, kernel], the last two [gpu, run]."""

    core_s: FloatArray
    traffic_s: FloatArray
    kernel_s: FloatArray
    device_s: FloatArray
    latency_s: FloatArray


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
    kernels, starts = joined(workloads)
    kinds = kinds_of(kernels)
    host = host_of(runtime, kinds, len(workloads))
    times = run_times(kernels, kinds, starts, boards, host)
    among_others = float(host.run_slowdown[0])
    times = replace(
        times,
        core_s=times.core_s * among_others,
        traffic_s=times.traffic_s * among_others,
        kernel_s=times.kernel_s * among_others,
    )
    ends = [*starts[1:].tolist(), len(kernels)]
    return [
        _estimate(workload, kernels, times, run, slice(start, end), boards, runtime)
        for run, (workload, start, end) in enumerate(
            zip(workloads, starts.tolist(), ends, strict=True)
        )
    ]


def host_of(runtime: Runtime, kinds: IndexArray, runs: int) -> Host:
    """The runtime's columns for kernels of these kinds."""
    fitted = runtime.calibration
    slowdown = np.array([fitted.get(f"slowdown_{kind}", 1.0) for kind in KINDS])
    return Host(
        launch_s=np.full(len(kinds), runtime.launch_s),
        dispatch_s=np.full(len(kinds), runtime.dispatch_s),
        slowdown=slowdown[kinds],
        start_share=fitted.get("start_share", 1.0) * start_of(runtime)[kinds],
        start_s=np.full(runs, runtime.start_s),
        run_slowdown=np.full(runs, fitted.get("run_slowdown", 1.0)),
    )


def start_of(runtime: Runtime) -> FloatArray:
    """Start of its kernels beside the usual one of their kind. [kind]."""
    return np.array([runtime.calibration.get(f"start_{kind}", 1.0) for kind in KINDS])


def run_times(
    kernels: Kernels, kinds: IndexArray, starts: IndexArray, boards: Boards, host: Host
) -> Times:
    """Kernels at the clock the board sustains, and the runs they make up.

    Args:
        kernels: The table, run after run.
        kinds: From ``kinds_of``. [kernel]
        starts: Row each run begins at. [run]
        boards: The GPUs.
        host: The runtime.
    """
    # intp: the size numpy repeats and reduces by, 32 bits in WebAssembly.
    sizes = np.diff(np.append(starts, len(kernels))).astype(np.intp)
    firsts = starts.astype(np.intp)

    def per_run(column: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(column * kernels.count, firsts, axis=-1))

    def per_kernel(column: FloatArray) -> FloatArray:
        return np.repeat(column, sizes, axis=-1)

    values = boards.values
    work = activities(kernels, kinds, boards, per_kernel(per_run(kernels.weight_bytes)))
    start_s = _start_cycles(kernels, boards) * host.start_share / boards.clock_hz + host.launch_s
    full_clock = np.ones(())
    at_boost = _kernel_time(work, boards, full_clock) * host.slowdown
    first = starts if boards.paired else slice(None)
    slowdown = clock_slowdown(
        energy_j=per_run(work.energy_j),
        time_s=per_run(at_boost + start_s),
        tdp_w=boards.tdp_w[first],
        static_w=values["static_power_w"][first],
        static_share=values["static_power_share"][first],
        exponent=values["throttle_exponent"][first],
        settle_s=values["throttle_settle_s"][first],
    )
    slower = per_kernel(slowdown)
    kernel_s = np.maximum(_kernel_time(work, boards, slower) * host.slowdown, work.least_s)
    device_s = np.maximum(per_run(kernel_s + start_s) * host.run_slowdown, per_run(work.least_s))
    launches = per_run(np.ones(len(kernels)))
    latency_s = stream_time(
        device_s=device_s,
        dispatch_s=per_run(host.dispatch_s) / launches,
        kernels=launches,
        start_s=host.start_s,
    )
    traffic_s = work.memory_s + work.cache_s * slower
    return Times(work.core_s * slower, traffic_s, kernel_s, device_s, latency_s)


def _start_cycles(kernels: Kernels, boards: Boards) -> FloatArray:
    """Cycles to start and end each kernel; attention prepares and combines. [gpu, kernel]."""
    values = boards.values
    product = kernels.family == FAMILY["matmul"]
    usual = np.where(product, values["product_start_cycles"], values["start_cycles"])
    is_attention = kernels.family == FAMILY["attention"]
    return np.where(is_attention, values["attention_start_cycles"], usual)


def _kernel_time(work: Activities, boards: Boards, slower: FloatArray) -> FloatArray:
    """Arithmetic and traffic, overlapped. [gpu, kernel]."""
    return smooth_maximum(
        work.core_s * slower,
        work.memory_s + work.cache_s * slower,
        sharpness=boards.values["roofline_sharpness"],
    )


def _estimate(
    workload: Workload,
    kernels: Kernels,
    times: Times,
    run: int,
    place: slice,
    boards: Boards,
    runtime: Runtime,
) -> Estimate:
    """The part of the table that belongs to one workload."""
    count = kernels.count[place]
    kernel_s, latency_s = times.kernel_s[:, place], times.latency_s[:, run]
    waiting_s = latency_s - np.sum(kernel_s * count, axis=1)
    launch_s = np.broadcast_to((waiting_s / np.sum(count))[:, None], kernel_s.shape)
    peaks = boards.at(boards.peak_flops_per_s, kernels.peak[place])
    flops = kernels.matrix_flops[place]
    ideal_s = np.sum(np.where(flops > 0.0, flops * count / peaks, 0.0), axis=1)
    memory = footprint_bytes(
        weights=workload.weight_bytes,
        activations=workload.peak_activation_bytes,
        workspace=runtime.workspace_bytes,
        context=runtime.context_bytes,
    )
    low_s, high_s = interval_ends(
        time_s=latency_s,
        spread=_run_spread(boards, runtime),
        scale=np.ones(()),
    )
    core_s, traffic_s = times.core_s[:, place], times.traffic_s[:, place]
    return Estimate(
        compute_s=core_s,
        memory_s=traffic_s,
        launch_s=launch_s,
        kernel_s=kernel_s,
        latency_s=latency_s,
        low_s=low_s,
        high_s=high_s,
        memory_bytes=np.full_like(latency_s, memory),
        mfu=ideal_s / latency_s,
        bound=_bounds(core_s, traffic_s, launch_s, count),
        supported=~np.isnan(latency_s),
    )


def _run_spread(boards: Boards, runtime: Runtime) -> FloatArray:
    """Spread of a run: of board or runtime, whichever is known less well. [gpu].

    A runtime under which no whole model was measured has none of its own and must not look sure.
    """
    of_board = boards.values["spread_run"][:, 0]
    unmeasured = boards.values["spread_unmeasured_runtime"][:, 0]
    of_runtime = runtime.calibration.get("spread_run", unmeasured)
    return np.maximum(of_board, of_runtime)


def _bounds(
    core_s: FloatArray, traffic_s: FloatArray, launch_s: FloatArray, count: FloatArray
) -> tuple[str, ...]:
    """Which activity takes the largest share of each GPU's time."""
    is_compute = core_s >= traffic_s
    shares = np.stack(
        [
            np.sum(np.where(is_compute, core_s, 0.0) * count, axis=1),
            np.sum(np.where(is_compute, 0.0, traffic_s) * count, axis=1),
            np.sum(launch_s * count, axis=1),
        ]
    )
    names = ("compute", "memory", "launch")
    return tuple(names[index] for index in np.argmax(np.nan_to_num(shares), axis=0))
