"""The sentence names the fastest GPU, by how much, why, and what the others lack."""

from phantomgpu.report.sentence import winner_sentences
from tests.unit.report.builders import (
    NO_PEAK,
    TOO_LARGE,
    a_cell,
    a_comparison,
    a_failing_cell,
)


def sentence(*cells, titles=None):
    return winner_sentences(a_comparison(*cells), titles or {"chain": "Chain"})[0]


def test_it_names_the_fastest_its_lead_and_the_figure_that_gives_it():
    said = sentence(a_cell("round", 8, 4.0), a_cell("fast", 8, 2.0))

    assert said == (
        "Fast is fastest: Chain at batch 8 in fp16 under Plain takes 2.00 ms (1.60 to 2.40), "
        "2.00 times as fast as Round; most of the time goes into memory traffic, "
        "and it has 2.00 times the memory bandwidth."
    )


def test_a_lead_by_arithmetic_is_explained_by_the_peak():
    said = sentence(a_cell("round", 8, 6.0), a_cell("fast", 8, 2.0, bound="compute"))

    assert "and it has 3.00 times the fp16 peak" in said


def test_a_lead_that_the_spec_does_not_explain_is_not_explained_by_it():
    said = sentence(a_cell("round", 8, 1.0), a_cell("fast", 8, 3.0))

    assert said.startswith("Round is fastest")
    assert "times the memory bandwidth" not in said


def test_overlapping_intervals_are_too_close_to_call():
    said = sentence(a_cell("round", 8, 2.1), a_cell("fast", 8, 2.0))

    assert said.endswith("Too close to call against Round: the intervals overlap.")


def test_launch_bound_runs_are_said_not_to_tell_gpus_apart():
    said = sentence(a_cell("round", 1, 4.0, bound="launch"), a_cell("fast", 1, 2.0, bound="launch"))

    assert "so a larger batch tells GPUs apart" in said


def test_a_gpu_that_only_waits_for_launches_is_said_to_be_that_fast():
    said = sentence(a_cell("round", 1, 4.0), a_cell("fast", 1, 2.0, bound="launch"))

    assert "it is so fast that launching kernels takes most of the time" in said


def test_a_gpu_that_does_not_fit_is_named_with_what_it_needs():
    said = sentence(a_cell("fast", 64, 2.0), a_failing_cell("round", 64, TOO_LARGE))

    assert said.endswith("Round needs 31.2 of 16 GB.")


def test_gpus_are_compared_at_the_largest_batch_that_runs():
    said = sentence(
        a_cell("round", 1, 1.0), a_cell("round", 8, 9.0),
        a_cell("fast", 1, 2.0), a_cell("fast", 8, 3.0),
    )  # fmt: skip

    assert said.startswith("Fast is fastest: Chain at batch 8")


def test_where_nothing_runs_every_reason_is_given():
    said = sentence(a_failing_cell("round", 64, TOO_LARGE), a_failing_cell("old", 64, NO_PEAK))

    assert said == (
        "None of these GPUs runs Chain as asked: Round needs 31.2 of 16 GB; Old has no fp16 peak."
    )


def test_a_single_gpu_is_no_winner():
    assert "fastest" not in sentence(a_cell("round", 8, 4.0))
