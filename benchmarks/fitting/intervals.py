"""Residuals to the spreads of prediction intervals."""

import numpy as np

from benchmarks.fitting.table import Array, Table
from phantomgpu.cost.kinds import FAMILY, KINDS

SHARE = 0.8
"""Of the measurements, inside the interval."""

FEWEST = 30
"""Rows that a kind needs for a spread of its own."""


def spreads_of(table: Table, log_prediction: Array) -> dict[str, float]:
    """Spread by kind of kernel, and of whole runs, on calibrated boards."""
    off = np.abs(log_prediction - np.log(table.measured_s))
    shown = kind_shown(table)
    usual = float(np.quantile(off[~table.is_model], SHARE))
    spreads = {"spread_run": float(np.quantile(off[table.is_model], SHARE))}
    for kind in KINDS:
        mine = off[(shown == FAMILY[kind]) & ~table.is_model]
        enough = len(mine) >= FEWEST
        spreads[f"spread_{kind}"] = float(np.quantile(mine, SHARE)) if enough else usual
    return spreads


def scales_of(
    table: Table, spreads: dict[str, float], by_gpu: Array | None, by_architecture: Array | None
) -> dict[str, float]:
    """What widens the spread where the board, or its whole architecture, was never measured."""
    scales = {"calibrated": 1.0, "architecture": 1.6, "spec": 2.2}
    for basis, prediction in (("architecture", by_gpu), ("spec", by_architecture)):
        if prediction is not None:
            off = np.abs(prediction - np.log(table.measured_s)) / spread_of(table, spreads)
            scales[basis] = float(np.quantile(off, SHARE))
    scales["spec"] = max(scales["spec"], scales["architecture"])
    return scales


def kind_shown(table: Table) -> np.ndarray:
    """Kind that a run's interval goes by: quantisation if there is any, else its last kernel."""
    last = np.append(table.starts[1:], len(table.kinds)) - 1
    quantises = np.logical_or.reduceat(table.kinds == FAMILY["quantize"], table.starts)
    return np.where(quantises, FAMILY["quantize"], table.kinds[last])


def spread_of(table: Table, spreads: dict[str, float]) -> Array:
    """Spread of each run. [run]."""
    by_kind = np.array([spreads[f"spread_{kind}"] for kind in KINDS])
    return np.where(table.is_model, spreads["spread_run"], by_kind[kind_shown(table)])
