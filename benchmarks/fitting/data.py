"""Operator rows as one table, each kernel with the board it ran on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards, boards_with
from phantomgpu.cost.kernels import rows_of
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.validation.operators import Measured, table_of
from phantomgpu.workload.workload import Kernels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Runs and their kernels.

    Attributes:
        kernels: All, run after run.
        kinds: Of each. [kernel]
        starts: First kernel of each run. [run]
        gpu: Index of the board of each kernel. [kernel]
        runtime: Index of the runtime of each kernel. [kernel]
        is_host_timed: Whether the host's time is in the figure. [run]
        copies: How many equal runs the table's run stands for. [run]
        measured_s: What the row says. [run]
        label: (source, op, dtype, gpu, runtime) of each run.
    """

    kernels: Kernels
    kinds: NDArray[np.int64]
    starts: NDArray[np.int64]
    gpu: NDArray[np.int64]
    runtime: NDArray[np.int64]
    is_host_timed: NDArray[np.bool_]
    copies: Array
    measured_s: Array
    label: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.starts)

    def where(self, chosen: NDArray[np.bool_]) -> "Table":
        """Some of the runs."""
        sizes = np.diff(np.append(self.starts, len(self.kernels)))
        rows = np.flatnonzero(np.repeat(chosen, sizes))
        return Table(
            kernels=rows_of(self.kernels, rows),
            kinds=self.kinds[rows],
            starts=np.concatenate([[0], np.cumsum(sizes[chosen])[:-1]]).astype(np.int64),
            gpu=self.gpu[rows],
            runtime=self.runtime[rows],
            is_host_timed=self.is_host_timed[chosen],
            copies=self.copies[chosen],
            measured_s=self.measured_s[chosen],
            label=self.label[chosen],
        )


def table(rows: Sequence[Measured], gpus: Sequence[str], runtimes: Sequence[str]) -> Table:
    """The rows that have kernels and a board among ``gpus``."""
    chosen = [m for m in rows if m.kernels and m.row.text("gpu") in gpus]
    sizes = [len(m.kernels) for m in chosen]
    kernels = table_of([kernel for m in chosen for kernel in m.kernels])
    names = ("source", "op", "dtype", "gpu", "runtime")
    return Table(
        kernels=kernels,
        kinds=kinds_of(kernels),
        starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
        gpu=np.repeat([gpus.index(m.row.text("gpu")) for m in chosen], sizes),
        runtime=np.repeat([runtimes.index(m.timing.runtime) for m in chosen], sizes),
        is_host_timed=np.array([m.timing.host for m in chosen]),
        copies=np.array([m.timing.copies for m in chosen], dtype=float),
        measured_s=np.array([m.latency_s for m in chosen]),
        label=np.array([[m.row.text(name) for name in names] for m in chosen]),
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
