"""Which of two GPUs is faster: how often the predictions say so rightly."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.judged import Array, Judged, is_rate
from phantomgpu.validation.figures import same_work

NOISE = 0.06
"""What the same shape differs by between versions of the same library."""

HEAD_OF_RANKS = (
    "source of runs", "pairs", "Kendall tau", "fitted", "roofline",
    f"pairs more than {100 * NOISE:.0f} % apart", "Kendall tau of these", "target",
)  # fmt: skip

SAID_OF_RANKS = """Kendall's tau: pairs of GPUs put in the right order less those put in the wrong
one, over all pairs that did the same work; GPU left out unless said. Two GPUs whose measurements
are closer than what versions of a library differ by have no order that could be told: the second
tau leaves them out.
"""


def rank_lines(rows: Judged) -> list[list[str]]:
    """Cells of the table of ranks, a line a source of runs of whole models."""
    lines = []
    for source in sorted(set(rows.column("source")[rows.is_model].tolist())):
        some = rows.where(rows.is_model & (rows.column("source") == source))
        a, b = _pairs(some)
        if not len(a):
            continue
        measured = _measured(some)
        order = np.log(measured[a] / measured[b])
        says = {way: np.log(measured * some.ratios[way]) for way in ("gpu", "fitted", "roofline")}
        told = [_tau(order, way[a] - way[b]) for way in says.values()]
        apart = np.abs(order) > np.log1p(NOISE)
        clear = _tau(order[apart], (says["gpu"][a] - says["gpu"][b])[apart])
        target = "0.98" if source == "neusight" else ""
        lines.append([
            source, str(len(a)), *(f"{tau:.2f}" for tau in told), str(int(apart.sum())),
            f"{clear:.2f}", target,
        ])  # fmt: skip
    return lines


def _measured(rows: Judged) -> Array:
    """Measured times, in a unit that all rows of the same work share. [row]."""
    return np.array([
        1.0 / each.measured if is_rate(each) else each.measured for each in rows.outcomes
    ])  # fmt: skip


def _tau(measured: Array, predicted: Array) -> float:
    return float(np.mean(np.sign(measured * predicted))) if len(measured) else float("nan")


def _pairs(rows: Judged) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Runs of the same work on different GPUs. Two of [pair]."""
    gpus = rows.column("gpu")
    pairs = [
        pair
        for members in _together(rows)
        for pair in combinations(members, 2)
        if gpus[pair[0]] != gpus[pair[1]]
    ]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _together(rows: Judged) -> Iterator[list[int]]:
    """Rows of the same work."""
    work: dict[tuple[str, ...], list[int]] = {}
    for at, outcome in enumerate(rows.outcomes):
        work.setdefault(same_work(outcome), []).append(at)
    yield from work.values()
