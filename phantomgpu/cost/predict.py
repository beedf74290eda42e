"""Workloads on GPUs to Estimates: the only place where terms, profiles and runs meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.beside import beside_s
from phantomgpu.cost.columns import Boards, boards_of, joined
from phantomgpu.cost.estimate import Estimate
from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.cost.interval import interval_ends
from phantomgpu.cost.kernels import Activities, activities
from phantomgpu.cost.kinds import FAMILY, KINDS, kinds_of
from phantomgpu.cost.power import clock_slowdown, run_energy
from phantomgpu.cost.roofline import overlap_sharpness, smooth_maximum
from phantomgpu.cost.starting import PRODUCTS, gaps, start_times
from phantomgpu.cost.stream import stream_time
from phantomgpu.cost.unfused import PARTS, is_unfused
from phantomgpu.cost.variants import Variants, listed
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import PEAKS, Kernels, Workload

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

LENT: Final = tuple(FAMILY[name] for name in ("attention", "decode"))
"""Kinds of kernels that a runtime may take from another: of heads wider than FlashAttention's each
has its own."""

_IS_LENT: Final = np.isin(np.arange(len(KINDS)), LENT)


@dataclass(frozen=True, slots=True)
class Lent:
    """Another library's attention kernels, which a runtime takes on one architecture.

    Attributes:
        architecture: Its id.
        slowdown: Of those kernels beside the runtime's own; 1 for all but ``LENT``. [kernel]
        start: Likewise of their start and end. [kernel]
    """

    architecture: str
    slowdown: FloatArray
    start: FloatArray


@dataclass(frozen=True, slots=True)
class Host:
    """A runtime as columns over kernels.

    Attributes:
        launch_s: Gap on the GPU before each. [kernel]
        dispatch_s: Host time to issue it. [kernel]
        slowdown: Of the runtime's kernel beside the best ones. [kernel]
        start_share: Part of a kernel's start and end that its neighbours leave. [kernel]
        start_s: Host and synchronisation time of a run. [run]
        variants: Which attention kernels it takes.
        run_slowdown: Of a run of several kernels beside the sum of kernels timed alone. [run]
        lent: Attention kernels that it takes from elsewhere.
        behind_s: Host time after the launch of a lone kernel that a stopwatch shows. [run]
        slow_launch_s: What the gap before each is longer by, by id of the architecture. [kernel]
    """

    launch_s: FloatArray
    dispatch_s: FloatArray
    slowdown: FloatArray
    start_share: FloatArray
    start_s: FloatArray
    variants: Variants
    run_slowdown: FloatArray
    lent: tuple[Lent, ...] = ()
    behind_s: FloatArray | float = 0.0
    slow_launch_s: Mapping[str, FloatArray] = field(default_factory=dict)


ENOUGH_RUNS: Final = 10
"""Measured runs, shaped by a kind of kernel, that tell how far off it is in a run."""


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


def host_of(runtime: Runtime, kinds: IndexArray, runs: int) -> Host:
    """The runtime's columns for kernels of these kinds."""
    fitted = runtime.calibration
    slowdown, start = slowdown_of(runtime), start_of(runtime)
    return Host(
        launch_s=np.full(len(kinds), runtime.launch_s),
        dispatch_s=np.full(len(kinds), runtime.dispatch_s),
        slowdown=slowdown[kinds],
        start_share=fitted.get("start_share", 1.0) * start[kinds],
        start_s=np.full(runs, runtime.start_s),
        variants=Variants(
            least_group=np.full(len(kinds), float(runtime.decode_groups[0])),
            most_group=np.full(len(kinds), float(runtime.decode_groups[1])),
            most_prompt_group=np.full(len(kinds), float(runtime.prompt_group_most)),
            packs_on=np.full(len(kinds), runtime.packs_prompts_on),
            prompt_least=np.full(len(kinds), float(runtime.prompt_least)),
            unpacks_on=np.full(len(kinds), runtime.unpacks_fp8_on),
            swaps_on=np.full(len(kinds), listed(runtime.swaps_groups_on)),
            alone_on=np.full(len(kinds), listed(runtime.decodes_alone_on)),
            fills_rows_on=np.full(len(kinds), listed(runtime.fills_rows_on)),
            narrows_queries_on=np.full(len(kinds), listed(runtime.narrows_queries_on)),
            narrow_on=np.full(len(kinds), listed(runtime.multiplies_fp8_on)),
            splits=np.tile(splits_of(runtime), (len(kinds), 1)),
            vector_rows=np.full(len(kinds), float(runtime.vector_rows_most)),
            transposes_on=np.full(len(kinds), listed(runtime.transposes_convs_on)),
            unfused_on=np.full(len(kinds), listed(runtime.unfused_on)),
            held_most=np.full(len(kinds), float(runtime.held_columns_most)),
            whole_most=np.full(len(kinds), float(runtime.whole_heads_most)),
        ),
        run_slowdown=np.full(runs, fitted.get("run_slowdown", 1.0)),
        slow_launch_s={
            name: np.full(len(kinds), fitted.get("slow_launch_us", 0.0) * 1e-6)
            for name in runtime.slow_launch_on
        },
        lent=tuple(
            Lent(
                architecture,
                np.where(_IS_LENT, slowdown_of(lender) / slowdown, 1.0)[kinds],
                np.where(_IS_LENT, start_of(lender) / start, 1.0)[kinds],
            )
            for architecture, lender in runtime.attention_on.items()
        ),
    )


def splits_of(runtime: Runtime) -> NDArray[np.bool_]:
    """Whether it splits products along the reduced dimension. [peak]."""
    return np.array([peak not in runtime.whole_products for peak in PEAKS])


def slowdown_of(runtime: Runtime) -> FloatArray:
    """Its kernels beside the best of their kind. [kind]."""
    return np.array([runtime.calibration.get(f"slowdown_{kind}", 1.0) for kind in KINDS])


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


def kernels_on(host: Host, boards: Boards) -> tuple[FloatArray, FloatArray]:
    """Slowdown and start of the kernels that a runtime takes on each board. Each [gpu, kernel]."""
    slowdown, start_share = host.slowdown, host.start_share
    for lent in host.lent:
        is_there = boards.architecture == lent.architecture
        slowdown = slowdown * np.where(is_there, lent.slowdown, 1.0)
        start_share = start_share * np.where(is_there, lent.start, 1.0)
    return slowdown, start_share


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
            _unfamiliar(kernel_s * count, kinds[place], runtime),
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


def run_spread(
    boards: Boards,
    runtime: Runtime,
    unfamiliar: FloatArray | float = 0.0,
    *,
    is_fp32: bool = False,
) -> FloatArray:
    """Spread of a run: of board or runtime, whichever is known less well. [gpu].

    A runtime under which no whole model was measured has none of its own and must not look sure;
    nor must one on an architecture that none of its runs was measured on, or in kinds of kernels
    that no measured run of it consists of.

    Args:
        boards: The GPUs.
        runtime: Its profile.
        unfamiliar: Share of the run's time in such kinds. [gpu]
        is_fp32: Whether it runs in fp32, whose boards and kernels are others.
    """
    of_board = boards.values["spread_run"][:, 0]
    unmeasured = boards.values["spread_unmeasured_runtime"][:, 0]
    said = [
        runtime.run_spread(name, is_fp32=is_fp32) for name in boards.architecture[:, 0].tolist()
    ]
    of_runtime = np.array([
        other if known is None else known for known, other in zip(said, unmeasured, strict=True)
    ])  # fmt: skip
    widened = of_runtime + unfamiliar * np.maximum(unmeasured - of_runtime, 0.0)
    return np.asarray(np.maximum(of_board, widened))


def _unfamiliar(time_s: FloatArray, kinds: IndexArray, runtime: Runtime) -> FloatArray:
    """Share of a run's time in kinds that shaped too few of the runtime's measured runs. [gpu]."""
    runs = np.array([runtime.calibration.get(f"runs_{kind}", 0.0) for kind in KINDS])
    share = np.sum(time_s * (runs[kinds] < ENOUGH_RUNS), axis=1) / np.sum(time_s, axis=1)
    return np.asarray(np.nan_to_num(share))


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
