"""Schedule to kernel table: what a model's kernels do, as plain lists of numbers, names left out.

A table holds for each runtime and width of activations the distinct kernels of
a run, each with how often it is launched. Numbers that grow with the batch
have a second list, what one more sample adds; a list of equal values is that
value, a list of nothing but defaults is left out. ``workload.table`` reads it.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from phantomgpu.workload.columns import READ_WEIGHT, WRITE
from phantomgpu.workload.precision import CLASSES
from phantomgpu.workload.rows import Run
from phantomgpu.workload.schedule import Schedule
from phantomgpu.workload.table import DEFAULTS, MORE, NUMBERS, PEAK_CODES, part_of
from phantomgpu.workload.workload import FAMILIES, FloatArray

Json = dict[str, Any]

_LOW, _HIGH = 2, 3
_CHECKED: Final = (1, 5, 16, 128)
"""Batches at which a table is held against the model it was made of."""

_PEAK_WORDS: Final = {code: word for word, code in PEAK_CODES.items()}

_ENDLESS: Final = 1 << 30
"""A batch at which every look-up reads all of its table."""


def tabulated(
    schedules: Sequence[Schedule], precisions: Sequence[str], batches: Sequence[int]
) -> list[Json]:
    """The parts of a kernel table.

    Args:
        schedules: One for each runtime, the free dimensions set.
        precisions: That the table must serve; others of the same width come along.
        batches: That it must serve. A model whose kernels lie on no line over the batches has
            a part for each of these, and serves no other.

    Raises:
        BatchError: The model cannot take one of the batches.
        ModelError: Its shapes cannot be worked out.
    """
    parts: list[Json] = []
    for schedule in schedules:
        variants = {schedule.variant(name): name for name in reversed(precisions)}
        for variant, precision in variants.items():
            head: Json = {"runtime": schedule.runtime, "half": variant.half}
            if variant.autocast:
                head["autocast"] = True
            parts.extend(head | part for part in _parts(schedule, precision, batches))
    return parts


def _parts(schedule: Schedule, precision: str, batches: Sequence[int]) -> list[Json]:
    """One part for all batches where they lie on a line, else one for each."""
    if schedule.batch_dim is None:
        return [{"only": batch, **_point(schedule.run(batch, precision))} for batch in batches]
    low, high = (schedule.run(batch, precision) for batch in (_LOW, _HIGH))
    if low.numbers.shape == high.numbers.shape and low.live.shape == high.live.shape:
        line = _line(low, high, schedule.run(_ENDLESS, precision))
        off = [
            batch
            for batch in dict.fromkeys((*_CHECKED, *batches))
            if not _holds(line, schedule.run(batch, precision), batch)
        ]
        if not off:
            return [line]
        if off == [1]:
            return [{"only": 1, **_point(schedule.run(1, precision))}, line | {"from": _LOW}]
    return [{"only": batch, **_point(schedule.run(batch, precision))} for batch in batches]


def _line(low: Run, high: Run, endless: Run) -> Json:
    """A part for every batch: numbers at batch 0, and what each sample adds."""
    more = high.numbers - low.numbers
    part = _traits(low) | _numbers(low.numbers - _LOW * more, more)
    caps = np.max(endless.numbers[READ_WEIGHT:WRITE], axis=0)
    capped = np.any(more[READ_WEIGHT:WRITE] > 0, axis=0)
    _put(part, "cap", np.where(capped, caps, 0.0), 0.0)
    alive = high.live - low.live
    part["live"], part[f"live{MORE}"] = _alive(low.live - _LOW * alive, alive)
    ends = high.ends - low.ends
    part["ends"] = [_plain(row) for row in low.ends - _LOW * ends]
    part[f"ends{MORE}"] = [_plain(row) for row in ends]
    return part


def _point(run: Run) -> Json:
    """A part for one batch."""
    part = _traits(run) | _numbers(run.numbers, np.zeros_like(run.numbers))
    part["live"] = _alive(run.live, np.zeros_like(run.live))[0]
    part["ends"] = [_plain(row) for row in run.ends]
    return part


def _traits(run: Run) -> Json:
    kind = run.traits
    part: Json = {}
    _put_words(part, "family", [FAMILIES[code] for code in kind.family.tolist()])
    _put_words(part, "peak", [_PEAK_WORDS[code] for code in kind.own_peak.tolist()])
    _put(part, "class", kind.element_class.astype(float), 0.0)
    _put(part, "size", kind.element_size, 1.0)
    _put(part, "count", run.count, 1.0)
    part["weights"] = _plain(run.weights)
    part["kernels"] = len(run.count)
    return part


def _numbers(base: FloatArray, more: FloatArray) -> Json:
    part: Json = {}
    for at, name in enumerate(NUMBERS):
        _put(part, name, base[at], DEFAULTS.get(name, 0.0))
        _put(part, name + MORE, more[at], 0.0)
    return part


def _put(part: Json, name: str, values: FloatArray, default: float) -> None:
    """A column, written as shortly as it can be."""
    if np.all(values == default):
        return
    plain = _plain(values)
    part[name] = plain[0] if np.all(values == values[0]) else plain


def _put_words(part: Json, name: str, words: list[str]) -> None:
    if any(words):
        part[name] = words[0] if len(set(words)) == 1 else words


def _plain(values: FloatArray) -> list[int | float]:
    return [int(value) if value == int(value) else float(value) for value in values.tolist()]


def _alive(base: FloatArray, more: FloatArray) -> tuple[list[Any], list[Any]]:
    """Steps of which each may be the fullest at some batch and precision; the others never are."""
    distinct = {tuple(row) for row in np.concatenate([base + more, more], axis=1).tolist()}
    both = np.array(sorted(distinct))
    kept = [
        row
        for at, row in enumerate(both)
        if not any(np.all(other >= row) for place, other in enumerate(both) if place != at)
    ]
    rows = np.array(kept).reshape(len(kept), 2, CLASSES)
    return (
        [_plain(each) for each in rows[:, 0] - rows[:, 1]],
        [_plain(each) for each in rows[:, 1]],
    )


def _holds(line: Json, run: Run, batch: int) -> bool:
    """Whether a part says of a batch what the model itself does."""
    found = part_of({"half": True, "runtime": "", **line}, where="").at(batch)
    return (
        found.numbers.shape == run.numbers.shape
        and np.array_equal(found.numbers, run.numbers)
        and np.array_equal(found.count, run.count)
        and np.array_equal(np.max(found.live, axis=0), np.max(run.live, axis=0))
    )
