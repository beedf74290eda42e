"""Residuals to the spreads of prediction intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.fitting.model import Board
from benchmarks.fitting.table import Array, Table
from phantomgpu.cost.kinds import FAMILY, KINDS
from phantomgpu.validation.baseline import roofline_s

SHARE = 0.8
"""Of the measurements, inside the interval."""

FEWEST = 30
"""Rows that a kind needs for a spread of its own."""

GOOD_PART = 0.1
"""Of a run's time, for its error to tell of a kind of kernel."""


def spreads_of(table: Table, log_prediction: Array) -> dict[str, float]:
    """Spread by kind of kernel, on boards that were measured."""
    off = np.abs(log_prediction - np.log(table.measured_s))
    shown = kind_shown(table)
    usual = float(np.quantile(off[~table.is_model], SHARE))
    spreads = {}
    for kind in KINDS:
        mine = off[(shown == FAMILY[kind]) & ~table.is_model]
        enough = len(mine) >= FEWEST
        spreads[f"spread_{kind}"] = float(np.quantile(mine, SHARE)) if enough else usual
    return spreads


@dataclass(frozen=True)
class Widths:
    """Intervals by basis: "calibrated", "architecture", "spec".

    Attributes:
        scale: Of a lone kernel's spread.
        run: Least spread of a run of a model, whatever the runtime.
        runtime: Spread of a run by number of the runtime, for those with rows of whole models.
    """

    scale: dict[str, float]
    run: dict[str, float]
    runtime: dict[int, float] = field(default_factory=dict)


def widths_of(
    table: Table,
    spreads: dict[str, float],
    by_gpu: Array | None,
    by_architecture: Array | None,
    last: Widths,
) -> Widths:
    """What widens an interval where the board, or its whole architecture, was never measured.

    A run's spread is that of its runtime, GPUs left out: on a measured board too, since the next
    model is not among the measured ones. A board whose architecture has rows of lone kernels only
    is given what all runs were off, one without any what they were off by with architectures left
    out. Without left-out predictions, all are those of the last time, which the profiles hold.
    """
    if by_gpu is None or by_architecture is None:
        return last
    scale, run = {"calibrated": 1.0}, {}
    for basis, prediction in (("architecture", by_gpu), ("spec", by_architecture)):
        off = np.abs(prediction - np.log(table.measured_s))
        run[basis] = float(np.quantile(off[table.is_model], SHARE))
        relative = off / spread_of(table, spreads)
        scale[basis] = float(np.quantile(relative[~table.is_model], SHARE))
    for values in (scale, run):
        values["spec"] = max(values["spec"], values["architecture"])
    off = np.abs(by_gpu - np.log(table.measured_s))
    own = {
        int(runtime): float(
            np.quantile(off[table.is_model & (table.run_runtime == runtime)], SHARE)
        )
        for runtime in np.unique(table.run_runtime[table.is_model])
    }
    run["calibrated"] = min(own.values())
    return Widths(scale, run, own)


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


def kind_shown(table: Table) -> np.ndarray:
    """Kind that a run's interval goes by: quantisation if there is any, else its last kernel."""
    last = np.append(table.starts[1:], len(table.kinds)) - 1
    quantises = np.logical_or.reduceat(table.kinds == FAMILY["quantize"], table.starts)
    return np.where(quantises, FAMILY["quantize"], table.kinds[last])


def spread_of(table: Table, spreads: dict[str, float]) -> Array:
    """Spread of each run of kernels alone. [run]."""
    by_kind = np.array([spreads[f"spread_{kind}"] for kind in KINDS])
    return np.asarray(by_kind[kind_shown(table)])
