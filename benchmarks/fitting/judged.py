"""Measured rows beside what fits say that have not seen their GPU, by validate's own functions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.fitting.load import (
    VARIANTS,
    catalog_in,
    folders_in,
    rows_with_graph,
    units_left_out,
)
from phantomgpu.hardware import Catalog
from phantomgpu.validation.figures import group_of
from phantomgpu.validation.folders import ModelFolder, find
from phantomgpu.validation.models import METRICS, Placed, model_outcomes, placed_rows
from phantomgpu.validation.operators import COLUMNS
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.rows import Row, read_rows
from phantomgpu.validation.timed import operator_outcomes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Rows with what was predicted of them.

    Attributes:
        outcomes: With the GPU left out. [row]
        ratios: Predicted over measured time, by way. Each [row]
        is_model: Of whole models. [row]
        inside: The measurement is in the 80 % interval, the GPU left out. [row]
        width: Of the interval over the prediction. [row]
    """

    outcomes: Sequence[Outcome]
    ratios: Mapping[str, Array]
    is_model: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    width: Array

    def __len__(self) -> int:
        return len(self.outcomes)

    def ratio(self, way: str) -> Array:
        """Predicted over measured time; rows that the way says nothing of are left out."""
        found = self.ratios[way]
        return found[~np.isnan(found)]

    def said(self, way: str) -> list[Outcome]:
        """The rows with what a way predicted of them, in their own units."""
        return [
            replace(each, predicted=each.measured * (1.0 / ratio if is_rate(each) else ratio))
            for each, ratio in zip(self.outcomes, self.ratios[way].tolist(), strict=True)
        ]

    def column(self, name: str) -> NDArray[np.str_]:
        """Text of a column. [row]."""
        return np.array([each.row.text(name) for each in self.outcomes])

    def matching(self, cells: Mapping[str, str]) -> NDArray[np.bool_]:
        """Rows with such cells: patterns of a shell, by column; ``?`` is any text. [row]."""
        return np.array([
            all(fnmatchcase(each.row.text(name), text.replace("?", "?*"))
                for name, text in cells.items())
            for each in self.outcomes
        ])  # fmt: skip

    def groups(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Source, GPU, operator or runtime, and dtype, in their order; rows of each."""
        keys = np.array([" · ".join(group_of(each)) for each in self.outcomes])
        for key in sorted(set(keys.tolist())):
            yield key, keys == key

    def where(self, chosen: NDArray[np.bool_]) -> "Judged":
        """Some of the rows."""
        return replace(
            self,
            outcomes=[self.outcomes[at] for at in np.flatnonzero(chosen)],
            ratios={way: found[chosen] for way, found in self.ratios.items()},
            is_model=self.is_model[chosen],
            inside=self.inside[chosen],
            width=self.width[chosen],
        )


@dataclass(frozen=True)
class Rows:
    """All measured rows that something can be said of.

    Attributes:
        operators: Kernels alone.
        models: Runs of graphs, with their work: no fit changes it.
        language: Runs of language models, whose work has to do with what was fitted.
        folders: Where the models are.
    """

    operators: Sequence[Row]
    models: Sequence[Placed]
    language: Sequence[Row]
    folders: Sequence[ModelFolder]

    def outcomes(self, catalog: Catalog, gpus: frozenset[str] | None = None) -> list[Outcome]:
        """Of the rows of some GPUs, or of all: those with a prediction, operators first."""
        operators, language = (
            [row for row in rows if gpus is None or row.text("gpu") in gpus]
            for rows in (self.operators, self.language)
        )
        models = [p for p in self.models if gpus is None or p.row.text("gpu") in gpus]
        models += placed_rows(language, catalog, self.folders)
        found = [*operator_outcomes(operators, catalog), *model_outcomes(models, catalog)]
        return [outcome for outcome in found if outcome.predicted is not None]


def rows_in(data: Path, catalog: Catalog) -> Rows:
    """The operator rows, and the model rows that have a graph."""
    text = (data / "measurements" / "ops.csv").read_text("utf-8")
    operators = list(read_rows(text, origin="ops.csv", columns=COLUMNS))
    folders = folders_in(data)
    graphs: list[Row] = []
    language: list[Row] = []
    for row in rows_with_graph(data, 1):
        found = find(folders, row.cells, VARIANTS)
        is_described = found is not None and found[1].endswith(".json")
        (language if is_described else graphs).append(row)
    models = placed_rows(graphs, catalog, folders, VARIANTS)
    return Rows(operators, list(models), language, folders)


def judged(rows: Rows, catalog: Catalog) -> Judged:
    """The rows with the profiles as they are, and as fits without each unit left them.

    Args:
        rows: To judge on.
        catalog: The profiles as they are.
    """
    found = {"fitted": rows.outcomes(catalog)}
    for by in ("gpu", "architecture"):
        found[by] = [
            outcome
            for unit, folder in units_left_out(by).items()
            for outcome in rows.outcomes(catalog_in(folder), _members(catalog, by, unit))
        ]
    return beside_each_other(found)


def _members(catalog: Catalog, by: str, unit: str) -> frozenset[str]:
    if by == "gpu":
        return frozenset({unit})
    return frozenset(
        name for name in catalog.gpu_ids if catalog.gpu(name).spec.architecture == unit
    )


def beside_each_other(found: Mapping[str, Sequence[Outcome]]) -> Judged:
    """Outcomes of the same rows as columns."""
    by_place = {
        way: {_place(outcome): outcome for outcome in outcomes} for way, outcomes in found.items()
    }
    hidden = [outcome for outcome in found["gpu"] if _place(outcome) in by_place["fitted"]]
    hidden.sort(key=_place)
    beside = {way: [by_place[way].get(_place(outcome)) for outcome in hidden] for way in by_place}
    ratios = {
        way: np.array([np.nan if each is None else time_ratio(each) for each in outcomes])
        for way, outcomes in beside.items()
    }
    ratios["roofline"] = np.array([
        time_ratio(replace(each, predicted=each.roofline)) for each in hidden
    ])  # fmt: skip
    low, high, predicted, measured = (
        np.array([getattr(each, name) for each in hidden])
        for name in ("low", "high", "predicted", "measured")
    )
    return Judged(
        outcomes=hidden,
        ratios=ratios,
        is_model=np.array([bool(each.row.text("model")) for each in hidden]),
        inside=(low <= measured) & (measured <= high),
        width=(high - low) / predicted,
    )


def _place(outcome: Outcome) -> tuple[str, int]:
    return outcome.row.origin, outcome.row.line


def time_ratio(outcome: Outcome) -> float:
    """Predicted over measured time, whatever unit the row is in."""
    assert outcome.predicted is not None
    ratio = outcome.predicted / outcome.measured
    return 1.0 / ratio if is_rate(outcome) else ratio


def is_rate(outcome: Outcome) -> bool:
    """Whether a row says how much was done in a time, and not how long it took."""
    unit = METRICS.get(outcome.row.text("metric"))
    return unit is not None and unit(2.0, 1) < unit(1.0, 1)
