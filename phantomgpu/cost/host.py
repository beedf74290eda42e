"""A runtime as columns over kernels: what it launches, how fast, and whose kernels it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY, KINDS
from phantomgpu.cost.variants import Variants, listed
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import PEAKS

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
        variants=variants_of([runtime], np.zeros(len(kinds), dtype=np.intp)),
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


def variants_of(runtimes: Sequence[Runtime], of: NDArray[np.integer]) -> Variants:
    """What the profiles of runtimes say of their kernels.

    Args:
        runtimes: Profiles.
        of: Index of each kernel's among them. [kernel]
    """

    def numbers(values: Iterable[float]) -> FloatArray:
        return np.asarray(np.array(list(values), dtype=np.float64)[of])

    def names(values: Iterable[str]) -> NDArray[np.str_]:
        return np.asarray(np.array(list(values), dtype=np.str_)[of])

    def lists(values: Iterable[Iterable[str]]) -> NDArray[np.str_]:
        return names(listed(each) for each in values)

    return Variants(
        least_group=numbers(r.decode_groups[0] for r in runtimes),
        most_group=numbers(r.decode_groups[1] for r in runtimes),
        most_prompt_group=numbers(r.prompt_group_most for r in runtimes),
        packs_on=names(r.packs_prompts_on for r in runtimes),
        prompt_least=numbers(r.prompt_least for r in runtimes),
        unpacks_on=names(r.unpacks_fp8_on for r in runtimes),
        swaps_on=lists(r.swaps_groups_on for r in runtimes),
        alone_on=lists(r.decodes_alone_on for r in runtimes),
        fills_rows_on=lists(r.fills_rows_on for r in runtimes),
        narrows_queries_on=lists(r.narrows_queries_on for r in runtimes),
        narrow_on=lists(r.multiplies_fp8_on for r in runtimes),
        splits=np.array([[p not in r.whole_products for p in PEAKS] for r in runtimes])[of],
        vector_rows=numbers(r.vector_rows_most for r in runtimes),
        transposes_on=lists(r.transposes_convs_on for r in runtimes),
        unfused_on=lists(r.unfused_on for r in runtimes),
        held_most=numbers(r.held_columns_most for r in runtimes),
        whole_most=numbers(r.whole_heads_most for r in runtimes),
    )


def slowdown_of(runtime: Runtime) -> FloatArray:
    """Its kernels beside the best of their kind. [kind]."""
    return np.array([runtime.calibration.get(f"slowdown_{kind}", 1.0) for kind in KINDS])


def start_of(runtime: Runtime) -> FloatArray:
    """Start of its kernels beside the usual one of their kind. [kind]."""
    return np.array([runtime.calibration.get(f"start_{kind}", 1.0) for kind in KINDS])


def kernels_on(host: Host, boards: Boards) -> tuple[FloatArray, FloatArray]:
    """Slowdown and start of the kernels that a runtime takes on each board. Each [gpu, kernel]."""
    slowdown, start_share = host.slowdown, host.start_share
    for lent in host.lent:
        is_there = boards.architecture == lent.architecture
        slowdown = slowdown * np.where(is_there, lent.slowdown, 1.0)
        start_share = start_share * np.where(is_there, lent.start, 1.0)
    return slowdown, start_share
