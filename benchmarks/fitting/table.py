"""Operators and models as one table: runs, their kernels, and where each was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards, boards_with
from phantomgpu.cost.kernels import rows_of
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.validation.models import METRICS, Placed
from phantomgpu.validation.operators import Measured, table_of
from phantomgpu.validation.timing import HOST_FACTORS
from phantomgpu.workload.workload import Kernels

Array = NDArray[np.float64]
LABELS = ("source", "op", "dtype", "gpu", "runtime", "runtime_version")


@dataclass(frozen=True)
class Run:
    """One measured row.

    Attributes:
        kernels: What ran.
        gpu: Id of a profile.
        runtime: Id of a profile.
        is_alone: One operator in a stopwatch, host time included.
        host_factors: By which the host's time in it differs from usual.
        copies: How many equal runs ``kernels`` stands for.
        measured_s: What the row says.
        label: source, op or model, dtype, gpu, runtime, and the runtime's version.
    """

    kernels: Kernels
    gpu: str
    runtime: str
    is_alone: bool
    is_model: bool
    copies: int
    measured_s: float
    label: tuple[str, ...]
    host_factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Runs as columns; see ``Run``."""

    kernels: Kernels
    kinds: NDArray[np.int64]
    starts: NDArray[np.int64]
    gpu: NDArray[np.int64]
    runtime: NDArray[np.int64]
    is_alone: NDArray[np.bool_]
    is_model: NDArray[np.bool_]
    copies: Array
    measured_s: Array
    label: NDArray[np.str_]
    host_factors: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Kernels of each run. [run]."""
        return np.diff(np.append(self.starts, len(self.kernels)))

    @property
    def run_gpu(self) -> NDArray[np.int64]:
        """Board of each run. [run]."""
        return self.gpu[self.starts]

    @property
    def run_runtime(self) -> NDArray[np.int64]:
        """Runtime of each run. [run]."""
        return self.runtime[self.starts]

    def where(self, chosen: NDArray[np.bool_]) -> "Table":
        """Some of the runs."""
        sizes = self.sizes
        rows = np.flatnonzero(np.repeat(chosen, sizes))
        return Table(
            kernels=rows_of(self.kernels, rows),
            kinds=self.kinds[rows],
            starts=np.concatenate([[0], np.cumsum(sizes[chosen])[:-1]]).astype(np.int64),
            gpu=self.gpu[rows],
            runtime=self.runtime[rows],
            is_alone=self.is_alone[chosen],
            is_model=self.is_model[chosen],
            copies=self.copies[chosen],
            measured_s=self.measured_s[chosen],
            label=self.label[chosen],
            host_factors=self.host_factors[chosen],
        )


def operator_runs(rows: Iterable[Measured]) -> list[Run]:
    """Operator rows that have a rule."""
    return [
        Run(
            kernels=table_of(m.kernels),
            gpu=m.row.text("gpu"),
            runtime=m.timing.runtime,
            is_alone=m.timing.host,
            is_model=False,
            copies=m.timing.copies,
            measured_s=m.latency_s,
            label=tuple(m.row.text(name) for name in LABELS),
            host_factors=m.timing.host_factors,
        )
        for m in rows
        if m.kernels
    ]


def model_runs(rows: Iterable[Placed]) -> list[Run]:
    """Model rows that have a workload."""
    runs = []
    for placed in rows:
        if placed.workload is None or placed.point is None:
            continue
        # Both units of ``METRICS`` are their own inverse but for a factor: one second gives it.
        unit = METRICS[placed.row.text("metric")]
        value = placed.row.number("value")
        at_one = unit(1.0, placed.workload.batch)
        seconds = value / at_one if placed.row.text("metric") == "latency_ms" else at_one / value
        names = ("source", "model", "precision", "gpu")
        version = placed.row.text("runtime_version")
        label = (*(placed.row.text(name) for name in names), placed.point.runtime, version)
        runs.append(
            Run(
                kernels=placed.workload.kernels,
                gpu=placed.row.text("gpu"),
                runtime=placed.point.runtime,
                is_alone=False,
                is_model=True,
                copies=1,
                measured_s=seconds,
                label=label,
            )
        )
    return runs


def table(runs: Sequence[Run], gpus: Sequence[str], runtimes: Sequence[str]) -> Table:
    """Runs as columns."""
    sizes = [len(run.kernels) for run in runs]
    kernels = Kernels(
        **{
            c.name: np.concatenate([getattr(run.kernels, c.name) for run in runs])
            for c in fields(Kernels)
        }
    )
    return Table(
        kernels=kernels,
        kinds=kinds_of(kernels),
        starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
        gpu=np.repeat([gpus.index(run.gpu) for run in runs], sizes),
        runtime=np.repeat([runtimes.index(run.runtime) for run in runs], sizes),
        is_alone=np.array([run.is_alone for run in runs]),
        is_model=np.array([run.is_model for run in runs]),
        copies=np.array([run.copies for run in runs], dtype=float),
        measured_s=np.array([run.measured_s for run in runs]),
        label=np.array([run.label for run in runs]),
        host_factors=np.array([[n in run.host_factors for n in HOST_FACTORS] for run in runs]),
    )


def paired_boards(
    gpus: Sequence[GpuProfile], values: dict[str, Array], of: NDArray[np.int64]
) -> Boards:
    """Columns with one board for each kernel.

    Args:
        gpus: The boards.
        values: Fitted values by name. Each [gpu]
        of: Index of the board of each kernel. [kernel]
    """
    boards = boards_with([g.spec for g in gpus], {k: v[:, None] for k, v in values.items()})
    columns = {c.name: getattr(boards, c.name) for c in fields(Boards)}
    picked = {
        name: (v[of, 0] if v.shape[1] == 1 else v[of])
        for name, v in columns.items()
        if isinstance(v, np.ndarray)
    }
    return replace(boards, values={k: v[of] for k, v in values.items()}, paired=True, **picked)
