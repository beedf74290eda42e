"""Two points to where their times differ: by kind of work, and layer by layer where names agree."""

from collections.abc import Mapping
from typing import Any, Final

from phantomgpu.comparison.point import Point
from phantomgpu.report.json import problem_json
from phantomgpu.report.kernels import seconds_each
from phantomgpu.report.layers import layer_names
from phantomgpu.report.rounding import SUMMED_DIGITS, figure, rounded
from phantomgpu.workload.steps import Step
from phantomgpu.workload.workload import FAMILIES

Json = dict[str, Any]

WORK: Final[dict[str, str]] = {
    "matmul": "matrix products",
    "conv": "convolutions",
    "attention": "attention",
    "norm": "normalisation and softmax",
    "pool": "pooling",
    "reduce": "reductions",
    "pointwise": "element-wise work",
    "move": "moving data",
    "gather": "look-ups",
    "quantize": "quantisation",
    "recurrent": "recurrent layers",
    "approximate": "operators known only by their bytes",
}
"""What people call a family of kernels."""

MATCHED: Final = 0.5
"""Share of both runs' time in layers that both models have, from which on layers are compared."""

_TELLING: Final = 0.05
"""A difference below this share of the whole is not worth a word."""

_Times = dict[tuple[str, str], tuple[float, int]]


def differences_json(first: Point, second: Point, titles: Mapping[str, str] | None = None) -> Json:
    """Where the second point's time differs from the first one's.

    Args:
        first: One model, or one version of it.
        second: The other, on the same board.
        titles: What people call a model, by id.

    Returns:
        ``first`` and ``second`` (model, gpu, runtime, precision, batch, total_ms; total_ms null
        and ``problem`` where it cannot run); ``kinds``: work, first_ms, second_ms,
        difference_ms, first_launches, second_launches; ``layers``: the same by layer, with its
        ``name``, None where a model has no such layer; empty where less than half of the time
        is in layers that both have; ``sentence``. The largest difference comes first. The
        figures of the kinds, and of the layers, add up to the totals.
    """
    sides = [_side(point) for point in (first, second)]
    told: Json = {"first": sides[0], "second": sides[1], "kinds": [], "layers": [], "sentence": ""}
    if first.cell.problem is not None or second.cell.problem is not None:
        return told
    steps = [
        point.schedule.steps(point.cell.batch, point.cell.precision) for point in (first, second)
    ]
    names = layer_names([*steps[0], *steps[1]])
    of_first, of_second = names[: len(steps[0])], names[len(steps[0]) :]
    by_kind = [_times(first, steps[0], None), _times(second, steps[1], None)]
    by_layer = [_times(first, steps[0], of_first), _times(second, steps[1], of_second)]
    told["kinds"] = _rows(*by_kind, is_layer=False)
    if _matched_share(*by_layer) >= MATCHED:
        told["layers"] = _rows(*by_layer, is_layer=True)
    told["sentence"] = _sentence(told, titles or {})
    return told


def _side(point: Point) -> Json:
    cell = point.cell
    total_ms = None if cell.latency_s is None else rounded(cell.latency_s * 1e3)
    return {
        "model": cell.model,
        "gpu": cell.gpu,
        "runtime": cell.runtime,
        "precision": cell.precision,
        "batch": cell.batch,
        "total_ms": total_ms,
        "problem": None if cell.problem is None else problem_json(cell.problem),
    }


def _times(point: Point, steps: list[Step], layers: list[str] | None) -> _Times:
    """Milliseconds and launches by layer and kind of work; by kind alone without layers."""
    each_s = seconds_each(point.estimate)
    families = point.workload.kernels.family
    found: _Times = {}
    for at, step in enumerate(steps):
        work = WORK[FAMILIES[int(families[step.kernel])]]
        key = (layers[at] if layers else "", work)
        spent_ms, launches = found.get(key, (0.0, 0))
        spent_ms += float(each_s[step.kernel]) * step.repeats * 1e3
        found[key] = (spent_ms, launches + step.repeats)
    return found


def _rows(first: _Times, second: _Times, *, is_layer: bool) -> list[Json]:
    rows = []
    for key in dict.fromkeys([*first, *second]):
        one, other = first.get(key), second.get(key)
        difference_ms = (other or (0.0, 0))[0] - (one or (0.0, 0))[0]
        row: Json = {"name": key[0]} if is_layer else {}
        row |= {
            "work": key[1],
            "first_ms": None if one is None else rounded(one[0], digits=SUMMED_DIGITS),
            "second_ms": None if other is None else rounded(other[0], digits=SUMMED_DIGITS),
            "difference_ms": rounded(difference_ms, digits=SUMMED_DIGITS),
            "first_launches": one[1] if one else 0,
            "second_launches": other[1] if other else 0,
        }
        rows.append(row)
    return sorted(rows, key=lambda row: -abs(row["difference_ms"]))


def _matched_share(first: _Times, second: _Times) -> float:
    """The smaller of the two shares of time that lie in layers of both models."""
    layers = {key[0] for key in first} & {key[0] for key in second}
    shares = [
        sum(ms for (layer, _), (ms, _) in times.items() if layer in layers)
        / (sum(ms for ms, _ in times.values()) or 1.0)
        for times in (first, second)
    ]
    return min(shares)


def _sentence(told: Json, titles: Mapping[str, str]) -> str:
    """Which model takes longer, and on what: ``"DETR takes 2.9 ms longer than …: …"``."""
    first, second = told["first"], told["second"]
    names = [titles.get(side["model"], side["model"]) for side in (first, second)]
    longer = second["total_ms"] - first["total_ms"]
    most = max(first["total_ms"], second["total_ms"])
    is_level = abs(longer) < _TELLING * most
    slow, quick = (names[1], names[0]) if is_level or longer > 0 else (names[0], names[1])
    spent = [
        (kind["work"], kind["difference_ms"] * (1 if slow is names[1] else -1))
        for kind in told["kinds"]
        if abs(kind["difference_ms"]) >= _TELLING * most
    ]
    if is_level:
        head = f"{slow} takes about as long as {quick}"
    else:
        head = f"{slow} takes {figure(abs(longer))} ms longer than {quick}"
    if not spent:
        return f"{head}."
    parts = [
        f"{figure(abs(ms))} ms {'more' if ms > 0 else 'less'} in {work}" for work, ms in spent[:3]
    ]
    return f"{head}: it spends {_listed(parts)}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
