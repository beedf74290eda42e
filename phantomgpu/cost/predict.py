"""Workloads on GPUs to Estimates: the only place where terms, profiles and runs meet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.beside import beside_s
from phantomgpu.cost.columns import Boards, boards_of, joined
from phantomgpu.cost.estimate import Estimate
from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.cost.host import Host, host_of, kernels_on
from phantomgpu.cost.interval import interval_ends, run_spread, unfamiliar_share
from phantomgpu.cost.kernels import Activities, activities
from phantomgpu.cost.kinds import FAMILY, kinds_of
from phantomgpu.cost.power import clock_slowdown, run_energy
from phantomgpu.cost.roofline import overlap_sharpness, smooth_maximum
from phantomgpu.cost.starting import PRODUCTS, gaps, start_times
from phantomgpu.cost.stream import stream_time
from phantomgpu.cost.unfused import PARTS, is_unfused
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import Kernels, Workload

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Times:
    """Kernels and runs: the first three [gpu, kernel], the last three [gpu, run]."""

    core_s: FloatArray
    traffic_s: FloatArray
    kernel_s: FloatArray
    device_s: FloatArray
    latency_s: FloatArray
    energy_j: FloatArray


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
        _estimate(workload, kernels, times, run, slice(start, end), kinds, boards, runtime)
        for run, (workload, start, end) in enumerate(
            zip(workloads, starts.tolist(), ends, strict=True)
        )
    ]


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
    in_use = per_kernel(per_run(kernels.weight_bytes))
    work = activities(kernels, kinds, boards, in_use, host.variants)
    unfused = is_unfused(kernels, boards, host.variants)
    slowdown, start_share = kernels_on(host, boards)
    slowdown = np.where(unfused, 1.0, slowdown)
    paced_s, other_s = start_times(kernels, kinds, boards, unfused)
    paced_s, other_s = paced_s * start_share, other_s * start_share
    other_s = other_s + gaps(boards, host.launch_s, host.slow_launch_s) * np.where(
        unfused, PARTS, 1.0
    )
    other_s = other_s + beside_s(kernels, boards, host.variants)
    full_clock = np.ones(())
    sharpness = sharpness_of(kinds, boards, work)
    at_boost = _kernel_time(work, full_clock, sharpness) * slowdown + work.transposing_s
    first = starts if boards.paired else slice(None)
    switching_j = per_run(work.energy_j)
    tdp_w, static_w = boards.tdp_w[first], values["static_power_w"][first]
    static_share = values["static_power_share"][first]
    clock = clock_slowdown(
        energy_j=switching_j,
        time_s=per_run(at_boost + paced_s + other_s),
        tdp_w=tdp_w,
        static_w=static_w,
        static_share=static_share,
        exponent=values["throttle_exponent"][first],
        settle_s=values["throttle_settle_s"][first],
    )
    slower = per_kernel(clock)
    least_s = work.least_s / per_kernel(host.run_slowdown)
    kernel_s = np.maximum(_kernel_time(work, slower, sharpness) * slowdown, least_s)
    kernel_s = kernel_s + work.transposing_s
    device_s = per_run(kernel_s + paced_s * slower + other_s) * host.run_slowdown
    launches = per_run(np.ones(len(kernels)))
    latency_s = stream_time(
        device_s=device_s,
        dispatch_s=per_run(host.dispatch_s) / launches,
        kernels=launches,
        start_s=host.start_s,
        behind_s=host.behind_s,
    )
    traffic_s = work.memory_s + work.cache_s * slower
    energy_j = run_energy(
        switching_j=switching_j,
        time_s=latency_s,
        tdp_w=tdp_w,
        static_w=static_w,
        static_share=static_share,
    )
    return Times(work.core_s * slower, traffic_s, kernel_s, device_s, latency_s, energy_j)


def sharpness_of(kinds: IndexArray, boards: Boards, work: Activities) -> FloatArray:
    """How well each kernel overlaps arithmetic and traffic. [gpu, kernel]."""
    values = boards.values
    of_product = overlap_sharpness(
        steps=work.steps, single=values["product_sharpness"], growth=values["overlap_growth"]
    )
    of_others = np.where(
        np.isin(kinds, PRODUCTS), values["product_sharpness_fp32"], values["roofline_sharpness"]
    )
    usual = np.where(np.isnan(work.steps), of_others, of_product)
    return np.where(kinds == FAMILY["decode"], values["decode_sharpness"], usual)


def _kernel_time(work: Activities, slower: FloatArray, sharpness: FloatArray) -> FloatArray:
    """Arithmetic and traffic, overlapped. [gpu, kernel]."""
    return smooth_maximum(
        work.core_s * slower,
        work.memory_s + work.cache_s * slower,
        sharpness=sharpness,
    )


def _estimate(
    workload: Workload,
    kernels: Kernels,
    times: Times,
    run: int,
    place: slice,
    kinds: IndexArray,
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
        spread=run_spread(
            boards,
            runtime,
            unfamiliar_share(kernel_s * count, kinds[place], runtime),
            is_fp32=workload.precision == "fp32",
        ),
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
        energy_j=times.energy_j[:, run],
        memory_bytes=np.full_like(latency_s, memory),
        mfu=ideal_s / latency_s,
        bound=_bounds(core_s, traffic_s, launch_s, count),
        supported=~np.isnan(latency_s),
    )


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
