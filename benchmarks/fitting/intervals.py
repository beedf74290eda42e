"""Residuals to the spreads of prediction intervals."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.noise import shows_kernels
from benchmarks.fitting.table import Array, Table
from phantomgpu.cost.kinds import FAMILY, KINDS
from phantomgpu.validation.timed import kind_shown, runs_in_fp32

SHARE = 0.8
"""Of the measurements, inside the interval."""

FEWEST = 30
"""Rows that a kind needs for a spread of its own."""

Spreads = dict[str, float]


@dataclass(frozen=True)
class Widths:
    """Intervals by basis: "calibrated", "architecture", "spec".

    Attributes:
        kinds: Spread of a lone kernel by kind, boards left out, whatever the runtime.
        kernels: The same of a runtime's own kernels, fp32 apart, by number of the runtime.
        scale: Of a lone kernel's spread.
        run: Least spread of a run of a model, whatever the runtime; "unmeasured": under a runtime
            that no run was measured of, that of the least known runtime elsewhere.
        runtime: Spread of a run by number of the runtime, for those with rows of whole models.
        runtime_fp32: The same of those with enough of them in fp32.
        elsewhere: The same on an architecture that none of its runs was timed on.
    """

    kinds: Spreads
    kernels: dict[int, Spreads]
    scale: dict[str, float]
    run: dict[str, float]
    runtime: dict[int, float] = field(default_factory=dict)
    runtime_fp32: dict[int, float] = field(default_factory=dict)
    elsewhere: dict[int, float] = field(default_factory=dict)


def widths_of(table: Table, seen: Array, by_gpu: Array, by_architecture: Array) -> Widths:
    """Spreads of left-out residuals, and what changes them with what is known of the board.

    A run's spread is that of its runtime, GPUs left out: on a measured board too, since the next
    model is not among the measured ones. A board whose architecture has rows of lone kernels only
    is given what all runs were off, one without any what they were off by with architectures left
    out.
    """
    ways = {"calibrated": seen, "architecture": by_gpu, "spec": by_architecture}
    off = {basis: np.abs(way - np.log(table.measured_s)) for basis, way in ways.items()}
    alone = ~table.is_model & shows_kernels(table)
    kinds, kernels = _of_kinds(table, off["architecture"], alone)
    spread = spread_of(table, kinds, kernels)
    scale = {basis: _quantile((left / spread)[alone]) for basis, left in off.items()}
    run = {basis: _quantile(left[table.is_model]) for basis, left in off.items()}
    for values in (scale, run):
        values["spec"] = max(values["spec"], values["architecture"])
    own, own_fp32, elsewhere = {}, {}, {}
    for at in np.unique(table.run_runtime[table.is_model]).tolist():
        mine = table.is_model & (table.run_runtime == at)
        own[at] = _quantile(off["architecture"][mine])
        elsewhere[at] = max(own[at], _quantile(off["spec"][mine]))
        in_fp32 = mine & runs_in_fp32(table.kernels, table.starts)
        if np.sum(in_fp32) >= FEWEST:
            own_fp32[at] = _quantile(off["architecture"][in_fp32])
    run["calibrated"], run["unmeasured"] = min(own.values()), max(elsewhere.values())
    return Widths(kinds, kernels, scale, run, own, own_fp32, elsewhere)


def _of_kinds(
    table: Table, off: Array, alone: NDArray[np.bool_]
) -> tuple[Spreads, dict[int, Spreads]]:
    """Spreads by kind, and those of the kinds of each runtime that have enough rows."""
    shown = kind_shown(table.kinds, table.starts)
    is_fp32 = runs_in_fp32(table.kernels, table.starts)
    usual = _quantile(off[alone])
    kinds: Spreads = {}
    kernels: dict[int, Spreads] = {}
    for kind in KINDS:
        mine = alone & (shown == FAMILY[kind])
        enough = np.sum(mine) >= FEWEST
        kinds[f"spread_{kind}"] = _quantile(off[mine]) if enough else usual
        for at in np.unique(table.run_runtime[mine]).tolist():
            for suffix, width in (("", ~is_fp32), ("_fp32", is_fp32)):
                some = mine & width & (table.run_runtime == at)
                if np.sum(some) >= FEWEST:
                    kernels.setdefault(at, {})[f"spread_{kind}{suffix}"] = _quantile(off[some])
    return kinds, kernels


def _quantile(off: Array) -> float:
    return float(np.quantile(off, SHARE))


def spread_of(table: Table, kinds: Spreads, kernels: dict[int, Spreads]) -> Array:
    """Spread of each run of kernels alone. [run]."""
    found = []
    for kind, at, is_fp32 in zip(
        kind_shown(table.kinds, table.starts).tolist(),
        table.run_runtime.tolist(),
        runs_in_fp32(table.kernels, table.starts).tolist(),
        strict=True,
    ):
        name = f"spread_{KINDS[kind]}"
        own = kernels.get(at, {})
        found.append(own.get(f"{name}_fp32" if is_fp32 else name, kinds[name]))
    return np.array(found)
