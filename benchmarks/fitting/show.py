"""Tables of errors and values for people."""

import numpy as np

from benchmarks.fitting.model import Model
from benchmarks.fitting.table import Array, Table


def print_errors(title: str, table: Table, log_prediction: Array) -> None:
    """Errors by source, operator, dtype and GPU."""
    print(f"\n{title}: n, mean, median, p90, median bias in percent")
    ratio = np.exp(log_prediction) / table.measured_s - 1.0
    op = np.where(table.is_model, "model", table.label[:, 1])
    keys = np.array(
        [
            " ".join(k)
            for k in zip(table.label[:, 0], op, table.label[:, 2], table.label[:, 3], strict=True)
        ]
    )
    for key in [*sorted(set(keys.tolist())), ""]:
        mine = ratio[(keys == key) | (key == "")]
        off = np.abs(mine)
        figures = (off.mean(), np.median(off), np.quantile(off, 0.9), np.median(mine))
        print(f"  {key or 'all':64s}{len(mine):6d}" + "".join(f"{100 * f:8.1f}" for f in figures))


def print_values(model: Model, x: Array) -> None:
    """Every fitted value; differences of groups and boards as logarithms."""
    for name, value in zip(model.names, x.tolist(), strict=True):
        shown = np.exp(value) if name[0] in ("all", "runtime") else value
        print(f"  {' '.join(name):60s} {shown:.4g}")
