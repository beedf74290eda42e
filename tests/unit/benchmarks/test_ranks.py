"""Which of two GPUs is faster, as the table of ranks counts it."""

from benchmarks.fitting.judged import beside_each_other
from benchmarks.fitting.ranks import HEAD_OF_RANKS, NOISE, rank_lines
from tests.unit.benchmarks.builders import an_outcome


def lines(measured, predicted, gpus=("t4", "l4", "a10"), **cells):
    """The table for one piece of work on as many GPUs as there are figures."""
    outcomes = [
        an_outcome(line, measured=is_, predicted=said, gpu=gpu, **cells)
        for line, (is_, said, gpu) in enumerate(zip(measured, predicted, gpus, strict=False))
    ]
    return rank_lines(beside_each_other({"gpu": outcomes, "architecture": [], "fitted": outcomes}))


def cells(measured, predicted, **others):
    (line,) = lines(measured, predicted, **others)
    return dict(zip(HEAD_OF_RANKS, line, strict=True))


def test_every_pair_in_the_right_order_is_one():
    found = cells([1.0, 2.0, 3.0], [10.0, 20.0, 30.0])

    assert (found["pairs"], found["Kendall tau"], found["roofline"]) == ("3", "1.00", "1.00")


def test_a_wrong_pair_takes_away_what_a_right_one_gives():
    assert cells([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])["Kendall tau"] == "0.33"


def test_rates_rank_as_times_do():
    assert cells([3.0, 2.0, 1.0], [3.0, 1.0, 2.0], metric="samples/s")["Kendall tau"] == "0.33"


def test_pairs_closer_than_the_noise_are_left_out_of_the_second_figure():
    found = cells([1.0, 1.0 + NOISE / 2, 2.0], [1.1, 1.0, 2.0])

    assert (found["Kendall tau"], found["Kendall tau of these"]) == ("0.33", "1.00")


def test_one_gpu_has_no_rank():
    assert lines([1.0, 2.0], [1.0, 2.0], gpus=("t4", "t4")) == []
