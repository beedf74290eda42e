"""Robust least squares with a Jacobian by colours: values of different boards move at once."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEP = 0.02
"""Of a finite difference, at most: two percent."""

TRIES = 10
"""Shorter steps at most, each damped six times more: fewer gave up at the kinks of the model, where
a product changes its tile, with the loss a twentieth above what other starts reach."""

NOTHING_GAINED = 2e-5
"""Of the loss: a step that lowers it by less ends the fit."""


def robust(residual: Array) -> Array:
    """Residuals whose squares are the soft-L1 loss: linear in the tails."""
    return np.asarray(np.sign(residual) * np.sqrt(2.0 * (np.sqrt(1.0 + residual**2) - 1.0)))


def robust_slope(residual: Array) -> Array:
    """Derivative of ``robust``."""
    far = np.abs(residual) > 1e-6
    safe = np.where(far, residual, 1.0)
    return np.asarray(np.where(far, safe / (np.sqrt(1.0 + safe**2) * robust(safe)), 1.0))


def heavy_tailed(residual: Array) -> Array:
    """Residuals whose squares grow with the logarithm: what lies far off has no say."""
    return np.asarray(np.sign(residual) * np.sqrt(np.log1p(residual**2)))


def heavy_slope(residual: Array) -> Array:
    """Derivative of ``heavy_tailed``."""
    far = np.abs(residual) > 1e-6
    safe = np.where(far, residual, 1.0)
    return np.asarray(np.where(far, safe / ((1.0 + safe**2) * heavy_tailed(safe)), 1.0))


def fit(
    predict: Callable[[Array], Array],
    measured: Array,
    *,
    prior: Array,
    sigma: Array,
    start: Array,
    touches: Sequence[NDArray[np.bool_] | None],
    noise: Array,
    rounds: int,
    slopes: Array | None = None,
    keep: int = 1,
    heavy: NDArray[np.bool_] | None = None,
) -> Array:
    """The maximum of the posterior of log-normal errors with wide tails.

    Levenberg-Marquardt. Values that touch disjoint rows are moved in one evaluation.

    Args:
        predict: Logarithms of the figures for a vector. [row]
        measured: Logarithms of the measured ones. [row]
        prior: Where the vector is without data. [value]
        sigma: How sure of that one is. [value]
        start: Where to begin. [value]
        touches: Rows that a value moves; None for all. One for each value
        noise: Spread of a row that is not an outlier. [row]
        rounds: Steps at most.
        slopes: Of the logarithms against the values at the start; made where there are none.
            [row, value]
        keep: Rounds that slopes are used for before they are made anew, which takes as long as
            many rounds. Near a solution they hardly change.
        heavy: Values that may lie anywhere, though most lie near their prior: those alone tell
            where it is. None where not given. [value]
    """
    is_heavy = np.zeros(len(prior), dtype=bool) if heavy is None else heavy
    colours = _colours(touches)

    def residuals(log_prediction: Array) -> Array:
        return robust((log_prediction - measured) / noise)

    def loss_of(rest: Array, at: Array) -> float:
        return float(np.sum(rest**2) + np.sum(strayed(at) ** 2))

    def strayed(at: Array) -> Array:
        away = (at - prior) / sigma
        return np.where(is_heavy, heavy_tailed(away), away)

    x, damping = start.copy(), 1e-2
    at_x = predict(x)
    base = residuals(at_x)
    loss = loss_of(base, x)
    raw, age = slopes, 0
    for _ in range(rounds):
        if raw is None or age == keep:
            raw, age = slopes_of(predict, x, at_x, sigma, touches, colours), 0
        age += 1
        jacobian = raw * (robust_slope((at_x - measured) / noise) / noise)[:, None]
        pull = np.where(is_heavy, heavy_slope((x - prior) / sigma), 1.0) / sigma
        gradient = jacobian.T @ base + strayed(x) * pull
        hessian = jacobian.T @ jacobian + np.diag(pull**2)
        gain = 0.0
        for _ in range(TRIES):
            step = np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), -gradient)
            trial = x + np.clip(step, -1.0, 1.0)
            at_trial = predict(trial)
            rest = residuals(at_trial)
            new = loss_of(rest, trial)
            if np.isfinite(new) and new < loss:
                gain = loss - new
                x, at_x, base, loss = trial, at_trial, rest, new
                damping = max(damping / 5.0, 1e-6)
                break
            damping *= 6.0
        if gain < NOTHING_GAINED * loss:
            if age == 1:
                break
            age = keep
    return x


def slopes_of(
    predict: Callable[[Array], Array],
    x: Array,
    base: Array,
    sigma: Array,
    touches: Sequence[NDArray[np.bool_] | None],
    colours: Sequence[Sequence[int]] | None = None,
) -> Array:
    """Slopes of the predicted logarithms against the values, by finite differences. [row, value].

    Args:
        predict: As in ``fit``.
        x: Where. [value]
        base: What it predicts there. [row]
        sigma: As in ``fit``.
        touches: Likewise.
        colours: Values to move together; found where not given.
    """
    columns = np.zeros((len(base), len(x)))
    for colour in _colours(touches) if colours is None else colours:
        step = np.zeros_like(x)
        step[list(colour)] = STEP * np.minimum(sigma[list(colour)], 1.0)
        moved = predict(x + step) - base
        for value in colour:
            rows = touches[value]
            own = moved if rows is None else np.where(rows, moved, 0.0)
            columns[:, value] = own / step[value]
    return columns


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
