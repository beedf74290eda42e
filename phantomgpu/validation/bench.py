"""Measured rows of one GPU and one runtime as a table that any fitted values can be tried on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards, joined
from phantomgpu.cost.host import Host, host_of
from phantomgpu.cost.interval import run_spread
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.cost.predict import run_times
from phantomgpu.hardware import Runtime
from phantomgpu.validation.age import age_slowdown
from phantomgpu.validation.models import METRICS, Placed
from phantomgpu.validation.operators import Measured, table_of
from phantomgpu.validation.timed import alone_host, runs_in_fp32, spread_of
from phantomgpu.workload.workload import Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Subject:
    """What rows have in common beside the GPU: an operator of a dtype, or a model.

    Attributes:
        name: Operator or model.
        kind: dtype of the operator, runtime of the model.
        graph: SHA-256 of the model's file; empty for an operator.
    """

    name: str
    kind: str
    graph: str = ""


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs that were timed on one GPU.

    Attributes:
        kernels: All, run after run.
        kinds: From ``kinds_of``. [kernel]
        starts: First kernel of each run. [run]
        runtime: Its profile.
        host: Its costs, as columns.
        copies: Equal runs that each stands for. [run]
        measured_s: What the rows say, less what an older version of the runtime adds. [run]
        subjects: What each run is one of. [run]
    """

    kernels: Kernels
    kinds: IndexArray
    starts: IndexArray
    runtime: Runtime
    host: Host
    copies: FloatArray
    measured_s: FloatArray
    subjects: tuple[Subject, ...]

    def __len__(self) -> int:
        return len(self.starts)

    def log_error(self, boards: Boards) -> FloatArray:
        """Logarithm of predicted over measured time on the first of the boards. [run]."""
        times = run_times(self.kernels, self.kinds, self.starts, boards, self.host)
        return np.asarray(np.log(times.latency_s[0] / self.copies / self.measured_s))

    def spread(self, boards: Boards) -> FloatArray:
        """Spread of the error of each run, as the profile states it. [run]."""
        of_models = np.where(
            runs_in_fp32(self.kernels, self.starts),
            run_spread(boards, self.runtime, is_fp32=True)[0],
            run_spread(boards, self.runtime)[0],
        )
        of_operators = spread_of(self.kernels, self.kinds, self.starts, boards, self.runtime)
        return np.where([bool(each.graph) for each in self.subjects], of_models, of_operators)


def operator_bench(rows: Sequence[Measured], runtime: Runtime) -> Bench:
    """Operators that were timed alone; each must have kernels."""
    kernels = table_of([kernel for each in rows for kernel in each.kernels])
    kinds = kinds_of(kernels)
    starts = _starts([len(each.kernels) for each in rows])
    return Bench(
        kernels=kernels,
        kinds=kinds,
        starts=starts,
        runtime=runtime,
        host=alone_host(runtime, kinds, starts, [each.timing for each in rows]),
        copies=np.array([each.timing.copies for each in rows], dtype=np.float64),
        measured_s=np.array([each.latency_s for each in rows]),
        subjects=tuple(Subject(each.row.text("op"), each.row.text("dtype")) for each in rows),
    )


def model_bench(rows: Sequence[Placed], runtime: Runtime) -> Bench:
    """Models; each must have a workload."""
    workloads = [each.workload for each in rows if each.workload is not None]
    kernels, starts = joined(workloads)
    kinds = kinds_of(kernels)
    return Bench(
        kernels=kernels,
        kinds=kinds,
        starts=starts,
        runtime=runtime,
        host=host_of(runtime, kinds, len(workloads)),
        copies=np.ones(len(workloads)),
        measured_s=np.array([_seconds(each) / age_slowdown(each.row, runtime) for each in rows]),
        subjects=tuple(Subject(each.row.text("model"), runtime.id, each.graph) for each in rows),
    )


def benches(
    operators: Iterable[Measured], models: Iterable[Placed], runtime_of: Callable[[str], Runtime]
) -> list[Bench]:
    """Rows that can be predicted, by runtime.

    Args:
        operators: Operator rows.
        models: Model rows.
        runtime_of: The runtime of an id.
    """
    alone: dict[str, list[Measured]] = {}
    for row in operators:
        if row.kernels:
            alone.setdefault(row.timing.runtime, []).append(row)
    whole: dict[str, list[Placed]] = {}
    for placed in models:
        if placed.workload is not None and placed.point is not None:
            whole.setdefault(placed.point.runtime, []).append(placed)
    return [
        *(operator_bench(rows, runtime_of(name)) for name, rows in alone.items()),
        *(model_bench(rows, runtime_of(name)) for name, rows in whole.items()),
    ]


def _seconds(placed: Placed) -> float:
    """Measured time of one run: the metrics are proportional to it or to its inverse."""
    batch = placed.workload.batch if placed.workload is not None else 1
    value, metric = placed.row.number("value"), METRICS[placed.row.text("metric")]
    is_rate = metric(2.0, batch) < metric(1.0, batch)
    return metric(1.0, batch) / value if is_rate else value / metric(1.0, batch)


def _starts(sizes: Sequence[int]) -> IndexArray:
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
