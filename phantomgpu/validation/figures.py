"""Outcomes to error figures, each beside that of a plain roofline on the same rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.validation.outcome import Outcome

FloatArray = NDArray[np.float64]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Errors:
    """How far predictions are off: errors are ``predicted / measured - 1``, as shares of one.

    Attributes:
        n: Rows.
        mape: Mean of the errors without their sign.
        median_ape: Their median.
        p90_ape: What nine in ten stay below.
        bias: Mean of the errors with their sign.
    """

    n: int
    mape: float
    median_ape: float
    p90_ape: float
    bias: float


@dataclass(frozen=True, slots=True)
class Figure:
    """The figures of a group of rows.

    Attributes:
        key: What the rows share: source, GPU, operator or runtime, dtype.
        errors: Of the cost model.
        coverage80: Share of the rows inside their 80 % interval.
        width80: Mean width of the interval over the prediction.
        roofline: Errors of the plain roofline on the same rows.
    """

    key: Key
    errors: Errors
    coverage80: float
    width80: float
    roofline: Errors


_SERVED: Final = {"ttft_ms": "TTFT", "tpot_ms": "TPOT"}
_GENERATED: Final = {"tg": "generated", "pp": "prompt"}
"""What rows of language models measured, in words: by metric, else by how their input begins."""


def group_of(outcome: Outcome) -> Key:
    """Source, GPU, operator and dtype.

    A model's runtime and layout stand for the operator; of a language model also what was measured.
    """
    row = outcome.row
    served = _SERVED.get(row.text("metric")) or _GENERATED.get(row.text("input")[:2], "")
    words = (row.text("runtime"), row.text("layout"), served)
    operator = row.text("op") or " ".join(filter(None, words))
    return (row.text("source"), row.text("gpu"), operator, row.text("dtype") or
            row.text("precision"))  # fmt: skip


def figures_of(
    outcomes: Iterable[Outcome], group: Callable[[Outcome], Key] = group_of
) -> list[Figure]:
    """The figures of each group that has predictions, in the order of their keys."""
    groups: dict[Key, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.predicted is not None:
            groups.setdefault(group(outcome), []).append(outcome)
    return [_figure(key, groups[key]) for key in sorted(groups)]


def errors_of(ratios: FloatArray) -> Errors:
    """The errors of predictions, given as ``predicted / measured``. [row]."""
    off = np.abs(ratios - 1.0)
    return Errors(
        n=len(ratios),
        mape=float(np.mean(off)),
        median_ape=float(np.median(off)),
        p90_ape=float(np.quantile(off, 0.9)),
        bias=float(np.mean(ratios - 1.0)),
    )


def rank_agreement(outcomes: Iterable[Outcome], *, apart: float = 0.0) -> tuple[float, int]:
    """Kendall's tau between measured and predicted order of GPUs on the same work.

    Args:
        outcomes: Of any GPUs and any work.
        apart: Pairs whose measured figures differ by less are passed over, a share of the smaller.

    Returns:
        Concordant less discordant pairs of GPUs, over all pairs; and the number of pairs. A tie
        in either order is neither.

    Source:
        Kendall, "A New Measure of Rank Correlation", Biometrika 30 (1938).
    """
    work: dict[Key, dict[str, tuple[float, float]]] = {}
    for outcome in outcomes:
        if outcome.predicted is not None:
            point = (outcome.measured, outcome.predicted)
            work.setdefault(_same_work(outcome), {})[outcome.row.text("gpu")] = point
    score, pairs = 0.0, 0
    for boards in work.values():
        points = list(boards.values())
        for at, (measured, predicted) in enumerate(points):
            for other_measured, other_predicted in points[:at]:
                smaller = min(measured, other_measured)
                if abs(measured - other_measured) < apart * smaller:
                    continue
                score += np.sign((measured - other_measured) * (predicted - other_predicted))
                pairs += 1
    return (float(score / pairs) if pairs else float("nan")), pairs


def left_out(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Rows without a prediction, by reason, the most frequent first."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.predicted is None:
            counts[outcome.reason] = counts.get(outcome.reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def figure_json(figure: Figure) -> dict[str, Any]:
    """A figure in the fields of ``validate --json``."""
    source, gpu, op, dtype = figure.key
    return {
        "source": source, "gpu": gpu, "op": op, "dtype": dtype,
        **_errors_json(figure.errors),
        "coverage80": round(figure.coverage80, 4),
        "width80": round(figure.width80, 4),
        "roofline": _errors_json(figure.roofline),
    }  # fmt: skip


def _errors_json(errors: Errors) -> dict[str, float]:
    return {
        "n": errors.n,
        "mape": round(errors.mape, 4),
        "median_ape": round(errors.median_ape, 4),
        "p90_ape": round(errors.p90_ape, 4),
        "bias": round(errors.bias, 4),
    }


def _figure(key: Key, outcomes: Sequence[Outcome]) -> Figure:
    columns: Mapping[str, FloatArray] = {
        name: np.array([getattr(outcome, name) for outcome in outcomes], dtype=np.float64)
        for name in ("measured", "predicted", "low", "high", "roofline")
    }
    measured, predicted = columns["measured"], columns["predicted"]
    inside = (columns["low"] <= measured) & (measured <= columns["high"])
    return Figure(
        key=key,
        errors=errors_of(predicted / measured),
        coverage80=float(np.mean(inside)),
        width80=float(np.mean((columns["high"] - columns["low"]) / predicted)),
        roofline=errors_of(columns["roofline"] / measured),
    )


def _same_work(outcome: Outcome) -> Key:
    """Everything a row says of its work, and nothing of where it ran and how fast."""
    elsewhere = {"gpu", "latency_ms", "value", "power_w", "citation", "runtime_version"}
    return tuple(
        f"{name}={text}" for name, text in outcome.row.cells.items() if name not in elsewhere
    )
