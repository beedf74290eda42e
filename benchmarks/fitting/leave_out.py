"""What the fit says of rows it has not seen: each GPU, or each architecture, left out."""

import numpy as np

from benchmarks.fitting.model import Model
from benchmarks.fitting.noise import noise_of
from benchmarks.fitting.table import Array

ROUNDS = 8
"""Steps of a fit that starts from the one on all rows, with the slopes there."""


def left_out(model: Model, x: Array, by: str) -> Array:
    """Logarithm of the predicted seconds of each run, fitted without its GPU or architecture.

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
    out = np.full(len(rows), np.nan)
    for unit in sorted(set(key.tolist())):
        hidden = key == unit
        rest = Model(rows.where(~hidden), model.boards, model.profiles)
        start = np.array([known.get(n, p) for n, p in zip(rest.names, rest.prior, strict=True)])
        known_slopes = np.stack([slopes[name][~hidden] for name in rest.names], axis=1)
        found = rest.fit(noise_of(rest.table), start=start, rounds=ROUNDS, slopes=known_slopes)
        out[hidden] = rest(found, rows.where(hidden))
    return out
