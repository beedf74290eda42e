"""Which of two GPUs is faster, as the table of ranks counts it."""

from dataclasses import replace

import numpy as np

from benchmarks.fitting.ranks import HEAD_OF_RANKS, NOISE, rank_lines
from benchmarks.fitting.table import operator_runs, table
from phantomgpu.validation.operators import measured
from tests.unit.validation.builders import an_operator_row


def runs_of_one_work(*measured_s):
    """The same work, on as many GPUs as there are times."""
    row = measured(an_operator_row(op="matmul", M=64, N=64, K=64))
    runs = operator_runs([row] * len(measured_s))
    found = table(runs, [runs[0].gpu], ["pytorch-eager"])
    return replace(
        found, measured_s=np.array(measured_s), is_model=np.ones(len(runs), dtype=bool),
        gpu=np.arange(len(runs)),
    )  # fmt: skip


def cells(rows, predicted_s):
    predicted = np.log(predicted_s)
    (line,) = rank_lines(rows, predicted, -predicted, predicted)
    return dict(zip(HEAD_OF_RANKS, line, strict=True))


def test_every_pair_in_the_right_order_is_one():
    found = cells(runs_of_one_work(1.0, 2.0, 3.0), [10.0, 20.0, 30.0])

    assert (found["pairs"], found["Kendall tau"], found["fitted"]) == ("3", "1.00", "-1.00")


def test_a_wrong_pair_takes_away_what_a_right_one_gives():
    assert cells(runs_of_one_work(1.0, 2.0, 3.0), [1.0, 3.0, 2.0])["Kendall tau"] == "0.33"


def test_pairs_closer_than_the_noise_are_left_out_of_the_second_figure():
    found = cells(runs_of_one_work(1.0, 1.0 + NOISE / 2, 2.0), [1.1, 1.0, 2.0])

    assert (found["Kendall tau"], found["Kendall tau of these"]) == ("0.33", "1.00")


def test_one_gpu_has_no_rank():
    rows = runs_of_one_work(1.0, 2.0)
    same = replace(rows, gpu=np.zeros(2, dtype=np.int64))

    assert rank_lines(same, *[np.zeros(2)] * 3) == []
