"""Outcomes as the CSV of their rows, with what was predicted beside what was measured."""

from collections.abc import Sequence
from typing import Final

from phantomgpu.validation.outcome import Outcome

ADDED: Final = ("predicted", "low", "high", "reason")
"""Columns that follow those of the rows."""

SIGNIFICANT: Final = 6
"""Digits of a prediction."""


def outcomes_csv(outcomes: Sequence[Outcome]) -> str:
    """Every row as it was read, then ``ADDED`` in the row's own unit (RFC 4180).

    Rows of several files have the columns of all, empty where theirs has none.
    """
    columns = list(dict.fromkeys(name for o in outcomes for name in o.row.cells))
    lines = [[*columns, *ADDED]]
    for outcome in outcomes:
        cells = [outcome.row.text(name) for name in columns]
        numbers = (outcome.predicted, outcome.low, outcome.high)
        shown = ["" if value is None else f"{value:.{SIGNIFICANT}g}" for value in numbers]
        lines.append([*cells, *shown, outcome.reason])
    return "".join(",".join(_field(text) for text in line) + "\r\n" for line in lines)


def _field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
