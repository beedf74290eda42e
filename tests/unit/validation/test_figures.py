"""Figures are what cost-model.md defines, worked out by hand."""

import csv
import io

import pytest

from phantomgpu.validation.figures import figure_json, figures_of, left_out, rank_agreement
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.table import outcomes_csv
from tests.unit.validation.builders import a_model_row, an_operator_row


def an_outcome(measured=10.0, predicted=11.0, low=9.0, high=12.0, roofline=5.0, row=None):
    return Outcome(row or an_operator_row(), measured, predicted, low, high, roofline)


def test_errors_are_shares_of_the_measured_value():
    outcomes = [an_outcome(10, 11), an_outcome(10, 8), an_outcome(10, 10)]

    (figure,) = figures_of(outcomes)

    assert figure.errors.mape == pytest.approx(0.1)
    assert figure.errors.median_ape == pytest.approx(0.1)
    assert figure.errors.bias == pytest.approx(-1 / 30)
    assert figure.roofline.mape == pytest.approx(0.5)


def test_coverage_counts_measurements_inside_their_interval():
    outcomes = [an_outcome(low=9, high=12), an_outcome(low=10.5, high=12)]

    (figure,) = figures_of(outcomes)

    assert figure.coverage80 == 0.5
    assert figure.width80 == pytest.approx((3 / 11 + 1.5 / 11) / 2)


def test_rows_are_grouped_by_source_gpu_operator_and_dtype():
    rows = [an_operator_row(), an_operator_row(gpu="l4"), an_operator_row(),
            a_model_row(layout="nhwc")]  # fmt: skip

    figures = figures_of([an_outcome(row=row) for row in rows])

    assert [(figure.key, figure.errors.n) for figure in figures] == [
        (("here", "l4", "matmul", "fp16"), 1),
        (("here", "t4", "matmul", "fp16"), 2),
        (("here", "t4", "tensorrt nhwc", "fp16"), 1),
    ]
    assert {"source", "gpu", "op", "dtype", "n", "mape", "median_ape", "p90_ape", "bias",
            "coverage80", "roofline"} <= set(figure_json(figures[0]))  # fmt: skip


def test_rank_agreement_counts_pairs_of_gpus_on_the_same_work():
    fast, middle, slow = (an_operator_row(gpu=gpu) for gpu in ("h", "a", "t"))
    other = an_operator_row(gpu="t", M=2)
    outcomes = [an_outcome(1, 1, row=fast), an_outcome(2, 4, row=middle),
                an_outcome(3, 3, row=slow), an_outcome(9, 1, row=other)]  # fmt: skip

    assert rank_agreement(outcomes) == (pytest.approx(1 / 3), 3)


def test_pairs_closer_than_asked_for_have_no_order():
    outcomes = [an_outcome(measured, predicted, row=an_operator_row(gpu=gpu))
                for measured, predicted, gpu in ((100, 9, "h"), (105, 8, "a"), (200, 10, "t"))
                ]  # fmt: skip

    assert rank_agreement(outcomes) == (pytest.approx(1 / 3), 3)
    assert rank_agreement(outcomes, apart=0.06) == (1.0, 2)


def test_reasons_are_counted_the_most_frequent_first():
    rows = [Outcome(a_model_row(), 1.0, reason=reason) for reason in ("b", "a", "b")]

    assert left_out(rows) == {"b": 2, "a": 1}


def test_the_table_repeats_every_row_and_adds_what_was_predicted():
    rows = [
        an_outcome(row=an_operator_row(sub='a "b", c')),
        Outcome(a_model_row(), 5.0, reason="x"),
    ]

    read = list(csv.DictReader(io.StringIO(outcomes_csv(rows))))

    assert read[0]["sub"] == 'a "b", c'
    assert (read[0]["predicted"], read[0]["low"], read[0]["high"]) == ("11", "9", "12")
    assert (read[1]["model"], read[1]["predicted"], read[1]["reason"]) == ("resnet18", "", "x")
