"""The fit without each GPU, or without each architecture: what it says of rows it has not seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.model import Model, Name
from benchmarks.fitting.noise import noise_of
from benchmarks.fitting.table import Array

ROUNDS = 8
"""Steps of a fit that starts from the one on all rows, with the slopes there."""


@dataclass(frozen=True)
class Rest:
    """A fit without one unit.

    Attributes:
        unit: Id of the GPU or of the architecture that it has not seen.
        hidden: Rows of the unit. [run]
        model: Of all other rows.
        x: Its fit.
        values: The same by name; of runtimes that nobody else ran, what was expected of them.
    """

    unit: str
    hidden: NDArray[np.bool_]
    model: Model
    x: Array
    values: dict[Name, float]


def rests(model: Model, x: Array, by: str) -> Iterator[Rest]:
    """The fits without each unit.

    Args:
        model: Of all rows.
        x: Its fit, from which the smaller ones start.
        by: ``"gpu"`` or ``"architecture"``.
    """
    rows = model.table
    boards = [model.boards[at].profile for at in rows.run_gpu]
    key = np.array([b.id if by == "gpu" else b.spec.architecture for b in boards])
    known = dict(zip(model.names, x.tolist(), strict=True))
    slopes = dict(zip(model.names, model.slopes(x).T, strict=True))
    expected = {
        name: prior
        for name, prior in zip(model.names, model.prior.tolist(), strict=True)
        if name[0] == "runtime"
    }
    for unit in sorted(set(key.tolist())):
        hidden = key == unit
        rest = Model(rows.where(~hidden), model.boards, model.profiles)
        start = np.array([known.get(n, p) for n, p in zip(rest.names, rest.prior, strict=True)])
        known_slopes = np.stack([slopes[name][~hidden] for name in rest.names], axis=1)
        found = rest.fit(noise_of(rest.table), start=start, rounds=ROUNDS, slopes=known_slopes)
        named = expected | dict(zip(rest.names, found.tolist(), strict=True))
        yield Rest(unit, hidden, rest, found, named)


def left_out(model: Model, x: Array, by: str) -> Array:
    """Logarithm of the predicted seconds of each run, fitted without its GPU or architecture.

    Args:
        model: Of all rows.
        x: Its fit.
        by: ``"gpu"`` or ``"architecture"``.
    """
    return predictions(model, rests(model, x, by))


def predictions(model: Model, found: Iterator[Rest] | list[Rest]) -> Array:
    """What each of the fits says of the rows that it has not seen. [run]."""
    out = np.full(len(model.table), np.nan)
    for rest in found:
        out[rest.hidden] = rest.model(rest.x, model.table.where(rest.hidden))
    return out
