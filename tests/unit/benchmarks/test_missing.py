"""A target that is missed is shown with what is missing."""

import pytest

from benchmarks.fitting.missing import BESIDE, MISSING, shortfalls
from benchmarks.fitting.page import GOALS


def test_a_target_that_is_reached_in_all_its_figures_is_not_listed():
    assert shortfalls([("bf16 GEMM", "11 / 7.5 / 24", [10.0, 7.0, 20.0])]) == BESIDE


def test_a_target_that_is_missed_in_one_figure_is_listed_with_its_figures():
    text = shortfalls([("bf16 GEMM", "11 / 7.5 / 24", [10.0, 8.04, 20.0])])

    assert text.startswith("- **bf16 GEMM**: 10.0 / 8.0 / 20.0, asked 11 / 7.5 / 24. Missing:\n")
    assert "cuBLAS" in text.removesuffix(BESIDE)


def test_only_the_figures_that_are_asked_count():
    assert shortfalls([("attention, prompt", "15", [14.9, 99.0, 99.0])]) == BESIDE


def test_a_missed_target_of_which_nothing_is_said_is_an_error():
    with pytest.raises(KeyError, match="no such"):
        shortfalls([("no such", "1", [2.0])])


def test_every_text_is_about_a_goal():
    assert set(MISSING) <= {goal.name for goal in GOALS if goal.target}
