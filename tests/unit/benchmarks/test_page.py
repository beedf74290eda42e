"""The accuracy page says of left-out rows what became of them."""

import numpy as np
import pytest

from benchmarks.fitting.judged import beside_each_other
from benchmarks.fitting.page import page
from tests.unit.benchmarks.builders import an_outcome

LEFT_OUT = [
    an_outcome(2, predicted=12.0),
    an_outcome(3, predicted=9.5, gpu="l4"),
    an_outcome(4, measured=100.0, predicted=80.0, gpu="l4", metric="samples/s"),
]
FITTED = [an_outcome(2), an_outcome(3, gpu="l4"),
          an_outcome(4, measured=100.0, predicted=100.0, gpu="l4", metric="samples/s")]  # fmt: skip


@pytest.fixture
def rows():
    return beside_each_other({"gpu": LEFT_OUT, "architecture": LEFT_OUT[:1], "fitted": FITTED})


def test_errors_are_those_of_times_whatever_the_unit(rows):
    assert rows.ratio("gpu") == pytest.approx([1.2, 0.95, 1.25])
    assert rows.ratio("fitted") == pytest.approx([1.0, 1.0, 1.0])


def test_a_way_that_says_nothing_of_a_row_is_not_judged_on_it(rows):
    assert rows.ratio("architecture") == pytest.approx([1.2])


def test_rows_are_inside_or_outside_their_interval(rows):
    assert rows.inside.tolist() == [False, True, False]
    assert rows.width == pytest.approx(np.full(3, 0.2))


def test_a_row_without_a_prediction_of_the_whole_fit_is_no_row():
    found = beside_each_other({"gpu": LEFT_OUT, "architecture": [], "fitted": FITTED[:1]})

    assert [each.row.line for each in found.outcomes] == [2]


def test_rows_match_by_patterns(rows):
    assert rows.matching({"model": "?", "gpu": "l*"}).tolist() == [False, True, True]
    assert rows.matching({"op": "?"}).tolist() == [False] * 3


def test_the_page_shows_goals_groups_and_intervals(rows):
    text = page(rows)

    assert (
        "| timm · t4 · pytorch-eager · amp | 1 | 20.0 | 20.0 | 20.0 | 20.0 | 0.0 | 40.0 |" in text
    )
    assert "| l4 |  |  |  | 2 | 0.50 | 0.20 |" in text
