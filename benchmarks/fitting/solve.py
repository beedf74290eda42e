"""Robust least squares with a Jacobian by colours: values of different boards move at once."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def robust(residual: Array) -> Array:
    """Residuals whose squares are the soft-L1 loss: linear in the tails."""
    return np.sign(residual) * np.sqrt(2.0 * (np.sqrt(1.0 + residual**2) - 1.0))


def fit(
    predict: Callable[[Array], Array],
    measured: Array,
    *,
    prior: Array,
    sigma: Array,
    start: Array,
    touches: Sequence[NDArray[np.bool_] | None],
    noise: float,
    weight: Array | None = None,
    rounds: int = 20,
) -> Array:
    """The maximum of the posterior of log-normal errors with wide tails.

    Args:
        predict: Logarithms of the figures for a vector. [row]
        measured: Logarithms of the measured ones. [row]
        prior: Where the vector is without data. [value]
        sigma: How sure of that one is. [value]
        start: Where to begin. [value]
        touches: Rows that a value moves; None for all. One for each value
        noise: Spread of a single row that is not an outlier.
        weight: Importance of each row. [row]
        rounds: Steps at most.
    """
    colours = _colours(touches)
    root = np.ones_like(measured) if weight is None else np.sqrt(weight)

    def residuals(log_prediction: Array) -> Array:
        return root * robust((log_prediction - measured) / noise)

    x, damping = start.copy(), 1e-2
    at = predict(x)
    loss = np.sum(residuals(at) ** 2) + np.sum(((x - prior) / sigma) ** 2)
    for _ in range(rounds):
        base = residuals(at)
        columns = np.zeros((len(measured), len(x)))
        for colour in colours:
            step = np.zeros_like(x)
            step[colour] = 0.02 * np.minimum(sigma[colour], 1.0)
            moved = residuals(predict(x + step)) - base
            for value in colour:
                rows = touches[value]
                columns[:, value] = (moved if rows is None else np.where(rows, moved, 0.0)) / step[
                    value
                ]
        gradient = columns.T @ base + (x - prior) / sigma**2
        hessian = columns.T @ columns + np.diag(1.0 / sigma**2)
        improved = False
        for _ in range(8):
            step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), -gradient)
            trial = x + np.clip(step, -1.0, 1.0)
            at_trial = predict(trial)
            new = np.sum(residuals(at_trial) ** 2) + np.sum(((trial - prior) / sigma) ** 2)
            if np.isfinite(new) and new < loss:
                gain, improved = loss - new, True
                x, at, loss, damping = trial, at_trial, new, max(damping / 5.0, 1e-6)
                break
            damping *= 4.0
        if not improved or gain < 1e-4 * loss:
            break
    return x


def _colours(touches: Sequence[NDArray[np.bool_] | None]) -> list[list[int]]:
    """Values that move disjoint rows, together."""
    colours: list[tuple[list[int], NDArray[np.bool_] | None]] = []
    for value, rows in enumerate(touches):
        if rows is None:
            colours.append(([value], None))
            continue
        for i, (members, taken) in enumerate(colours):
            if taken is not None and not np.any(taken & rows):
                colours[i] = ([*members, value], taken | rows)
                break
        else:
            colours.append(([value], rows))
    return [members for members, _ in colours]
