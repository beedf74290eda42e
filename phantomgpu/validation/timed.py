"""Measured operators to outcomes: what the stopwatch of each row would have shown."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.cost.predict import host_of, run_times
from phantomgpu.hardware import Catalog
from phantomgpu.validation.baseline import roofline_s
from phantomgpu.validation.operators import Measured, measured, table_of
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.rows import Row

FloatArray = NDArray[np.float64]
MS_PER_S = 1e3


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
    host = host_of(catalog.runtime(runtime), kinds, len(members))
    times = run_times(kernels, kinds, starts, boards, host)
    is_host_timed = np.array([each.timing.host for each in members])
    copies = np.array([each.timing.copies for each in members], dtype=np.float64)
    shown = np.where(is_host_timed, times.latency_s[0], times.device_s[0]) / copies * MS_PER_S
    at_peak = roofline_s(kernels, profile.spec) * kernels.count
    roofline = np.add.reduceat(at_peak, starts) / copies * MS_PER_S
    low, high = (
        shown * np.exp(boards.values[f"interval_log_{end}"][0, 0]) for end in ("low", "high")
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
