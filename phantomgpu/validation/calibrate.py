"""Measured rows of one GPU to its fitted values: the most likely ones, with priors that hold them.

Every value starts from the profile's own and may move as far as it is known to
differ between boards. Beside the values, each operator and each model may be
off by a factor that no value of the GPU explains. That of a model holds on
every GPU, and is kept: measured once, a model is predicted better everywhere.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards, boards_with
from phantomgpu.errors import DataError
from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.validation.bench import Bench, Subject

FloatArray = NDArray[np.float64]

ROUNDS: Final = 8
STEP: Final = 0.02
"""Of a logarithm, for the slope of a prediction against a value."""
WIDEST: Final = 0.5
"""Largest change of a logarithm in one round: slopes are not trusted further."""
OUTLIER: Final = 2.0
"""Residuals beyond as many spreads are weighted down (Huber, 1964)."""
NINE_OF_TEN: Final = 1.2816
"""Standard deviations of a normal law that 80 % lie within."""
NOTICEABLE: Final = 1e-3
"""A value that moved by less is not written."""


_SHARES: Final = ("model", "operator", "correlation", "model_correlation", "calibrated")
"""Lines of the file of spreads that are no parameter, in the order of ``Spreads``."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """How far values differ between boards, and how errors hang together.

    Attributes:
        values: Standard deviation of the logarithm between boards, by parameter.
        model_share: Of the spread of a model's errors, what it has on every GPU.
        operator_share: Of the spread of an operator's errors, what all its shapes have.
        correlation: Of the errors of any two operators: what the model of the cost gets wrong for
            many rows alike must not be put down to the GPU.
        model_correlation: Of the errors of any two models.
        calibrated_share: Of the spreads of values, on a board whose own were fitted already.
    """

    values: Mapping[str, float]
    model_share: float
    operator_share: float
    correlation: float
    model_correlation: float
    calibrated_share: float


@dataclass(frozen=True, slots=True)
class ModelFactor:
    """A model's measured time over its predicted one, apart from the GPU's part in it.

    Attributes:
        subject: The model and the runtime it was measured in.
        factor: To multiply predicted times by, on every GPU.
        rows: It was measured by.
    """

    subject: Subject
    factor: float
    rows: int


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What rows say of a GPU.

    Attributes:
        values: Fitted values that moved, by parameter.
        factors: Of the models among the rows.
        rows: How many there were.
        before: Mean error on these rows as the profile was, a share of one.
        after: The same with the new values: no measure of other rows.
    """

    values: Mapping[str, float]
    factors: tuple[ModelFactor, ...]
    rows: int
    before: float
    after: float


def read_spreads(text: str) -> Spreads:
    """Spreads from a CSV of parameter and log_spread; the other lines are shares."""
    shares = {
        row["parameter"]: float(row["log_spread"]) for row in csv.DictReader(text.splitlines())
    }
    values = {name: spread for name, spread in shares.items() if name in PARAMETERS}
    return Spreads(values, *(shares[name] for name in _SHARES))


def calibrate(benches: Sequence[Bench], gpu: GpuProfile, spreads: Spreads) -> Calibrated:
    """The fitted values and model factors that explain the rows best.

    The maximum of the posterior by Gauss-Newton: residuals are logarithms of predicted over
    measured time, as wide as the profile's own 80 % intervals, outliers weighted down.

    Args:
        benches: The rows; those on a peak that the GPU lacks are passed over.
        gpu: The profile to start from.
        spreads: How far values may move.

    Raises:
        DataError: No row can be predicted.

    Source:
        Gelman et al., "Bayesian Data Analysis", section 13.1 (posterior modes); Huber, "Robust
        Estimation of a Location Parameter", 1964.
    """
    problem = _Problem(benches, gpu, spreads)
    start = np.zeros(len(problem.names))
    offsets = np.zeros(len(problem.subjects))
    base = problem.errors(start)
    x, errors = start, base
    for _ in range(ROUNDS):
        slopes = problem.slopes(x, errors)
        step, offsets = problem.step(x, errors, slopes)
        x = x + np.clip(step, -WIDEST, WIDEST)
        errors = problem.errors(x)
        if np.max(np.abs(step), initial=0.0) < NOTICEABLE:
            break
    return problem.result(x, offsets, before=base, after=errors)


class _Problem:
    """The rows, the values that move them, and how likely each is.

    Args:
        benches: The rows.
        gpu: The profile.
        spreads: The priors.
    """

    def __init__(self, benches: Sequence[Bench], gpu: GpuProfile, spreads: Spreads) -> None:
        self._benches, self._gpu, self._spreads = benches, gpu, spreads
        self.names = tuple(n for n, spread in spreads.values.items() if spread > 0.0)
        boards = self._boards(np.zeros(len(self.names)))
        first = self._all_errors(boards)
        self._usable = np.isfinite(first)
        if not np.any(self._usable):
            raise DataError(
                f"none of the rows can be predicted on {gpu.id}",
                where="--data",
                fix="give rows of a precision that the GPU has; phantomgpu validate says why "
                "others are left out",
            )
        spread = np.concatenate([bench.spread(boards) for bench in benches])[self._usable]
        of = [subject for bench in benches for subject in bench.subjects]
        rows = [subject for subject, keep in zip(of, self._usable, strict=True) if keep]
        self.subjects = tuple(dict.fromkeys(rows))
        at = np.array([self.subjects.index(subject) for subject in rows])
        self._members = np.zeros((len(rows), len(self.subjects)))
        self._members[np.arange(len(rows)), at] = 1.0
        deviation = spread / NINE_OF_TEN
        share = np.array([self._share(subject) for subject in self.subjects])
        self._shared = share * np.array([deviation[at == k][0] for k in range(len(share))])
        self._deviation = deviation
        self._own = deviation * np.sqrt(1.0 - share[at] ** 2)
        models = sum(bool(subject.graph) for subject in rows)
        alike = 1.0 + spreads.correlation * max(len(rows) - models - 1.0, 0.0)
        alike += spreads.model_correlation * max(models - 1.0, 0.0)
        known = spreads.calibrated_share if gpu.calibration.basis == "calibrated" else 1.0
        spread_of_values = np.array([spreads.values[name] for name in self.names])
        self._prior = spread_of_values * known / np.sqrt(alike)

    def errors(self, x: FloatArray) -> FloatArray:
        """Logarithm of predicted over measured at changes ``x`` of the logarithms. [row]."""
        return self._all_errors(self._boards(x))[self._usable]

    def slopes(self, x: FloatArray, errors: FloatArray) -> FloatArray:
        """Change of each error with each value. [row, value]."""
        columns = []
        for at in range(len(self.names)):
            moved = x.copy()
            moved[at] += STEP
            columns.append((self.errors(moved) - errors) / STEP)
        return np.stack(columns, axis=1) if columns else np.zeros((len(errors), 0))

    def step(
        self, x: FloatArray, errors: FloatArray, slopes: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Change of the values, and the factors' logarithms at it. [value], [subject]."""
        design = np.hstack([slopes, self._members])
        prior = np.concatenate([self._prior, self._shared])
        target = slopes @ x - errors
        weight = 1.0 / self._own**2
        for _ in range(3):
            hessian = design.T @ (design * weight[:, None]) + np.diag(1.0 / prior**2)
            solution = np.linalg.solve(hessian, design.T @ (weight * target))
            off = np.abs(design @ solution - target) / self._deviation
            weight = np.minimum(1.0, OUTLIER / np.maximum(off, 1e-9)) / self._own**2
        count = len(self.names)
        return solution[:count] - x, solution[count:]

    def result(
        self, x: FloatArray, offsets: FloatArray, *, before: FloatArray, after: FloatArray
    ) -> Calibrated:
        """What is worth writing down."""
        values = {
            name: self._value(name, float(change))
            for name, change in zip(self.names, x, strict=True)
            if abs(change) >= NOTICEABLE
        }
        rows = np.sum(self._members, axis=0)
        factors = tuple(
            ModelFactor(subject, float(np.exp(offset)), int(count))
            for subject, offset, count in zip(self.subjects, offsets, rows, strict=True)
            if subject.graph
        )
        is_model = np.array([bool(subject.graph) for subject in self.subjects])
        shown = after + self._members @ np.where(is_model, offsets, 0.0)
        return Calibrated(
            values=values,
            factors=factors,
            rows=len(before),
            before=float(np.mean(np.abs(np.exp(before) - 1.0))),
            after=float(np.mean(np.abs(np.exp(shown) - 1.0))),
        )

    def _share(self, subject: Subject) -> float:
        return self._spreads.model_share if subject.graph else self._spreads.operator_share

    def _all_errors(self, boards: Boards) -> FloatArray:
        return np.concatenate([bench.log_error(boards) for bench in self._benches])

    def _value(self, name: str, change: float) -> float:
        limits = PARAMETERS[name]
        moved = self._gpu.calibration.values[name] * np.exp(change)
        return float(np.clip(moved, limits.low, limits.high))

    def _boards(self, x: FloatArray) -> Boards:
        values = {name: np.array([[value]]) for name, value in self._gpu.calibration.values.items()}
        for name, change in zip(self.names, x, strict=True):
            values[name] = np.array([[self._value(name, float(change))]])
        return boards_with([self._gpu.spec], values)
