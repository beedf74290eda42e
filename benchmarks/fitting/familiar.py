"""Which kinds of kernels the measured runs of a runtime consist of."""

from collections.abc import Sequence

import numpy as np

from benchmarks.fitting.model import Board
from benchmarks.fitting.table import Array, Table
from phantomgpu.cost.kinds import FAMILY, KINDS
from phantomgpu.validation.baseline import roofline_s

GOOD_PART = 0.1
"""Of a run's time, for its error to tell of a kind of kernel."""


def runs_by_kind(table: Table, boards: Sequence[Board], runtime: int) -> dict[str, float]:
    """Measured runs of a runtime that each kind of kernel takes a good part of, by ``runs_kind``.

    The time of a kernel is that of a plain roofline, so that it does not depend on the fit.
    """
    runs = {}
    kernel_s = roofline_of(table, boards) * table.kernels.count
    run_s = np.add.reduceat(kernel_s, table.starts)
    mine = table.is_model & (table.run_runtime == runtime)
    for kind in KINDS:
        part_s = np.add.reduceat(kernel_s * (table.kinds == FAMILY[kind]), table.starts)
        seen = int(np.sum(mine & (part_s >= GOOD_PART * run_s)))
        if seen:
            runs[f"runs_{kind}"] = float(seen)
    return runs


def roofline_of(table: Table, boards: Sequence[Board]) -> Array:
    """Seconds that a plain roofline gives each kernel on its board. [kernel]."""
    out = np.full(len(table.kernels), np.nan)
    for at in sorted(set(table.gpu.tolist())):
        mine = table.gpu == at
        out[mine] = roofline_s(table.kernels, boards[at].profile.spec)[mine]
    return out
