"""Error of every group of measured rows, by the very functions that ``validate`` calls."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.fitting.load import VARIANTS, catalog_in, folders_in, rows_with_graph
from phantomgpu.validation.figures import figures_of
from phantomgpu.validation.models import model_outcomes, placed_rows
from phantomgpu.validation.operators import COLUMNS
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.rows import read_rows
from phantomgpu.validation.timed import operator_outcomes

FEWEST = 5
"""Rows that a group needs for its error to be held to anything."""


def operator_errors(data: Path, profiles: Path) -> dict[str, float]:
    """Mean error of each group of operator rows, in percent."""
    text = (data / "measurements" / "ops.csv").read_text("utf-8")
    rows = read_rows(text, origin="ops.csv", columns=COLUMNS)
    return _errors(operator_outcomes(rows, catalog_in(profiles)))


def model_errors(data: Path, profiles: Path, *, every: int) -> dict[str, float]:
    """Mean error of each group of model rows, in percent; of image models one in ``every``."""
    catalog = catalog_in(profiles)
    rows = rows_with_graph(data, every)
    return _errors(model_outcomes(placed_rows(rows, catalog, folders_in(data), VARIANTS), catalog))


def _errors(outcomes: Iterable[Outcome]) -> dict[str, float]:
    figures = figures_of(outcomes)
    return {
        " · ".join(figure.key): round(100.0 * figure.errors.mape, 2)
        for figure in figures
        if figure.errors.n >= FEWEST
    }
