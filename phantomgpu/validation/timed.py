"""Measured operators to outcomes: what the stopwatch of each row would have shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards, boards_of
from phantomgpu.cost.host import Host, host_of, start_of
from phantomgpu.cost.interval import interval_ends
from phantomgpu.cost.kinds import FAMILY, KINDS, kinds_of
from phantomgpu.cost.predict import run_times
from phantomgpu.hardware import Catalog, Runtime
from phantomgpu.validation.baseline import roofline_s
from phantomgpu.validation.operators import Measured, measured, table_of
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.rows import Row
from phantomgpu.validation.timing import Timing
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
MS_PER_S = 1e3

_QUANTISING = ("quantize", "block_quantize")


def operator_outcomes(rows: Iterable[Row], catalog: Catalog) -> list[Outcome]:
    """What the cost model says of operator rows, in the order of the file.

    Args:
        rows: With the columns ``operators.COLUMNS``.
        catalog: GPUs and runtimes.

    Raises:
        DataError: A cell that the operator needs is no number.
    """
    outcomes: list[Outcome] = []
    groups: dict[tuple[str, str], list[Measured]] = {}
    for row in rows:
        each = measured(row)
        reason = each.reason or _unknown(each, catalog)
        if reason:
            outcomes.append(Outcome(row, each.latency_s * MS_PER_S, reason=reason))
        else:
            groups.setdefault((row.text("gpu"), each.timing.runtime), []).append(each)
    for (gpu, runtime), members in groups.items():
        outcomes += _of_one_gpu(members, gpu, runtime, catalog)
    return sorted(outcomes, key=lambda outcome: outcome.row.line)


def _unknown(each: Measured, catalog: Catalog) -> str:
    gpu = each.row.text("gpu")
    if gpu not in catalog.gpu_ids:
        return f"there is no profile of {gpu!r}"
    if each.timing.runtime not in catalog.runtime_ids:
        return f"there is no runtime {each.timing.runtime!r}"
    return ""


def _of_one_gpu(
    members: Sequence[Measured], gpu: str, runtime: str, catalog: Catalog
) -> Iterator[Outcome]:
    """Outcomes of operators that share a GPU and a runtime, evaluated as one table."""
    profile = catalog.gpu(gpu)
    boards = boards_of([profile])
    kernels = table_of([kernel for each in members for kernel in each.kernels])
    kinds = kinds_of(kernels)
    sizes = [len(each.kernels) for each in members]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    host = alone_host(catalog.runtime(runtime), kinds, starts, [each.timing for each in members])
    times = run_times(kernels, kinds, starts, boards, host)
    copies = np.array([each.timing.copies for each in members], dtype=np.float64)
    shown = times.latency_s[0] / copies * MS_PER_S
    at_peak = roofline_s(kernels, profile.spec) * kernels.count
    roofline = np.add.reduceat(at_peak, starts.astype(np.intp)) / copies * MS_PER_S
    low, high = interval_ends(
        time_s=shown,
        spread=spread_of(kernels, kinds, starts, boards, catalog.runtime(runtime)),
        scale=boards.values["interval_scale"][0, 0],
    )
    for at, each in enumerate(members):
        said = each.latency_s * MS_PER_S
        if np.isnan(shown[at]):
            reason = f"{gpu} has no peak for {each.row.text('dtype')}"
            yield Outcome(each.row, said, reason=reason)
            continue
        yield Outcome(
            each.row,
            said,
            predicted=float(shown[at]),
            low=float(low[at]),
            high=float(high[at]),
            roofline=float(roofline[at]),
        )


def alone_host(
    runtime: Runtime, kinds: IndexArray, starts: IndexArray, timings: Sequence[Timing]
) -> Host:
    """Operators timed one by one: nothing around them but, in some, the host's time for each."""
    fitted = runtime.calibration
    of_kind = np.array([fitted.get(f"alone_{kind}_s", 0.0) for kind in KINDS])[kinds[starts]]
    factor = [prod(fitted.get(name, 1.0) for name in each.host_factors) for each in timings]
    alone_s = np.where([each.host for each in timings], of_kind * factor, 0.0)
    behind = fitted.get("alone_behind", 0.0)
    nothing = np.zeros(len(kinds))
    return replace(
        host_of(runtime, kinds, len(starts)),
        launch_s=nothing,
        dispatch_s=nothing,
        start_share=start_of(runtime)[kinds],
        start_s=alone_s * (1.0 - behind),
        behind_s=alone_s * behind,
        run_slowdown=np.ones(len(starts)),
    )


def spread_of(
    kernels: Kernels, kinds: IndexArray, starts: IndexArray, boards: Boards, runtime: Runtime
) -> FloatArray:
    """Spread of the error of each run, by the kind that its interval goes by.

    The runtime's own where it has one, fp32 apart from narrower formats, else the kind's.
    """
    shown = kind_shown(kinds, starts)
    of_kinds = [float(boards.values[f"spread_{kind}"][0, 0]) for kind in KINDS]
    spreads = np.array(
        [
            [
                runtime.calibration.get(f"spread_{kind}{suffix}", usual)
                for kind, usual in zip(KINDS, of_kinds, strict=True)
            ]
            for suffix in ("", "_fp32")
        ]
    )
    return np.asarray(spreads[runs_in_fp32(kernels, starts).astype(np.intp), shown])


def kind_shown(kinds: IndexArray, starts: IndexArray) -> IndexArray:
    """Kind that each run's interval goes by: of what quantises in it, if any, else of its last.

    Args:
        kinds: From ``kinds_of``. [kernel]
        starts: Row each run begins at. [run]

    >>> quantises = FAMILY["quantize"]
    >>> kind_shown(np.array([quantises, 0, 1, 0]), np.array([0, 2])).tolist() == [quantises, 0]
    True
    """
    shown = kinds[_last(starts, len(kinds))]
    for name in _QUANTISING:
        # intp: the size numpy reduces by, 32 bits in WebAssembly.
        has_one = np.logical_or.reduceat(kinds == FAMILY[name], starts.astype(np.intp))
        shown = np.where(has_one, FAMILY[name], shown)
    return shown


def runs_in_fp32(kernels: Kernels, starts: IndexArray) -> NDArray[np.bool_]:
    """Whether the last kernel of each run has the peak of fp32. [run]."""
    return np.asarray(kernels.peak[_last(starts, len(kernels))] == PEAKS.index("fp32"))


def _last(starts: IndexArray, kernels: int) -> IndexArray:
    """Row of each run's last kernel. [run]."""
    return np.asarray(np.append(starts[1:], kernels) - 1)
