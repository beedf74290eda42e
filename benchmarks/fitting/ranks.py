"""Which of two GPUs is faster: how often the predictions say so rightly."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.table import Array, Table

NOISE = 0.06
"""What the same shape differs by between versions of the same library."""

HEAD_OF_RANKS = (
    "source of runs", "pairs", "Kendall tau", "fitted", "roofline",
    f"pairs more than {100 * NOISE:.0f} % apart", "Kendall tau of these", "target",
)  # fmt: skip

SAID_OF_RANKS = """Kendall's tau: pairs of GPUs put in the right order less those put in the wrong
one, over all pairs; GPU left out unless said. Two GPUs whose measurements are closer than what
versions of a library differ by have no order that could be told: the second tau leaves them out.
Rows of llama.cpp are the run of a prompt or of one token; what serving makes of them is in
`docs/serving.md`.
"""


def rank_lines(table: Table, left_out: Array, fitted: Array, roofline: Array) -> list[list[str]]:
    """Cells of the table of ranks, a line a source of whole runs.

    Args:
        table: All rows.
        left_out: Logarithms of predictions, GPUs left out. [run]
        fitted: Those of the fit. [run]
        roofline: Those of a plain roofline. [run]
    """
    lines = []
    for source in sorted(set(table.label[table.is_model, 0].tolist())):
        a, b = _pairs(table, source)
        if not len(a):
            continue
        measured = np.log(table.measured_s[a] / table.measured_s[b])
        told = [_tau(measured, way[a] - way[b]) for way in (left_out, fitted, roofline)]
        apart = np.abs(measured) > np.log1p(NOISE)
        clear = _tau(measured[apart], (left_out[a] - left_out[b])[apart])
        target = "0.98" if source == "neusight" else ""
        lines.append([
            source, str(len(a)), *(f"{tau:.2f}" for tau in told), str(int(apart.sum())),
            f"{clear:.2f}", target,
        ])  # fmt: skip
    return lines


def _tau(measured: Array, predicted: Array) -> float:
    return float(np.mean(np.sign(measured * predicted))) if len(measured) else float("nan")


def _pairs(table: Table, source: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Runs of the same work on different GPUs. Two of [pair]."""
    pairs = [
        pair
        for members in _same_work(table, source)
        for pair in combinations(members, 2)
        if table.run_gpu[pair[0]] != table.run_gpu[pair[1]]
    ]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _same_work(table: Table, source: str) -> Iterator[list[int]]:
    """Runs of one model at one point under one runtime: their products tell the point."""
    flops = np.add.reduceat(table.kernels.matrix_flops * table.kernels.count, table.starts)
    work: dict[tuple[str, ...], list[int]] = {}
    for at in np.flatnonzero(table.is_model & (table.label[:, 0] == source)).tolist():
        _, model, precision, _, runtime = table.label[at, :5].tolist()
        work.setdefault((model, precision, runtime, repr(float(flops[at]))), []).append(at)
    yield from work.values()
