"""The fit without each GPU, or without each architecture: what it says of rows it has not seen."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.model import Model, Name
from benchmarks.fitting.noise import noise_of
from benchmarks.fitting.table import Array

ROUNDS = 12
KEEP = 3
"""Steps of a fit that starts from the one on all rows, and rounds that slopes are kept for."""


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
    """The fits without each unit, as many at once as there are processors.

    Args:
        model: Of all rows.
        x: Its fit, from which the smaller ones start.
        by: ``"gpu"`` or ``"architecture"``.
    """
    boards = [model.boards[at].profile for at in model.table.run_gpu]
    key = np.array([b.id if by == "gpu" else b.spec.architecture for b in boards])
    expected = {
        name: prior
        for name, prior in zip(model.names, model.prior.tolist(), strict=True)
        if name[0] == "runtime"
    }
    units = sorted(set(key.tolist()))
    without = _Without(model, x, model.slopes(x))
    # Forked, so that the table need not be sent.
    with ProcessPoolExecutor(
        mp_context=get_context("fork"), initializer=_remember, initargs=(without,)
    ) as pool:
        for unit, found in zip(
            units, pool.map(_solved, [key == unit for unit in units]), strict=True
        ):
            rest = Model(model.table.where(key != unit), model.boards, model.profiles)
            named = expected | dict(zip(rest.names, found.tolist(), strict=True))
            yield Rest(unit, key == unit, rest, found, named)


@dataclass(frozen=True)
class _Without:
    """What a fit without a unit starts from: the one on all rows, and the slopes there."""

    model: Model
    x: Array
    slopes: Array

    def solved(self, hidden: NDArray[np.bool_]) -> Array:
        """The fit on the other rows."""
        known = dict(zip(self.model.names, self.x.tolist(), strict=True))
        at = {name: column for column, name in enumerate(self.model.names)}
        rest = Model(self.model.table.where(~hidden), self.model.boards, self.model.profiles)
        start = np.array([known.get(n, p) for n, p in zip(rest.names, rest.prior, strict=True)])
        slopes = self.slopes[~hidden][:, [at[name] for name in rest.names]]
        noise = noise_of(rest.table)
        return rest.fit(noise, start=start, rounds=ROUNDS, slopes=slopes, keep=KEEP)


_remembered: list[_Without] = []
"""Of a process that fits."""


def _remember(without: _Without) -> None:
    _remembered[:] = [without]


def _solved(hidden: NDArray[np.bool_]) -> Array:
    return _remembered[0].solved(hidden)


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
