import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.workload.builders import a_net, a_node, lowered, weights

ROW = 8 * 4
"""Bytes of one row of the input below, in fp32."""
CHAIN = [a_node("Relu", "x", "a"), a_node("Exp", "a", "b"), a_node("Neg", "b", "y")]


def timeline(nodes, fusion=(), *, batch=2, precision="fp32", **details):
    schedule = lowered(a_net(nodes, **details), fusion)
    return [size for _, size in schedule.memory_timeline(batch, precision)]


def test_a_chain_holds_its_input_and_two_links():
    rows = [size // (2 * ROW) for size in timeline(CHAIN)]

    assert rows == [2, 3, 3]


def test_in_place_a_chain_holds_its_input_and_one_link():
    rows = [size // (2 * ROW) for size in timeline(CHAIN, ["in-place"])]

    assert rows == [2, 2, 2]


def test_in_place_does_not_overwrite_what_is_needed_later():
    nodes = [a_node("Relu", "x", "a"), a_node("Exp", "a", "b"), a_node("Add", "a b", "y")]

    rows = [size // (2 * ROW) for size in timeline(nodes, ["in-place"])]

    assert rows == [2, 3, 3]


def test_a_view_keeps_what_it_looks_at_alive():
    nodes = [a_node("Relu", "x", "a"), a_node("Reshape", "a flat", "v"), a_node("Exp", "x", "b"),
             a_node("Neg", "v", "y")]  # fmt: skip
    flat = {"flat": np.array([-1])}

    rows = [size // (2 * ROW) for size in timeline(nodes, stored=flat, out="y b")]

    assert rows == [2, 3, 4]


def test_an_output_stays_to_the_end():
    nodes = [a_node("Relu", "x", "o"), a_node("Exp", "x", "a"), a_node("Neg", "a", "y")]

    rows = [size // (2 * ROW) for size in timeline(nodes, out="y o")]

    assert rows == [2, 3, 4]


def test_the_peak_is_the_highest_point_of_the_timeline():
    schedule = lowered(a_net(CHAIN))

    workload = schedule.at(5, "fp16")

    assert workload.peak_activation_bytes == max(n for _, n in schedule.memory_timeline(5, "fp16"))
    assert workload.input_bytes == workload.output_bytes == 5 * ROW // 2


def test_weights_are_held_once_however_often_they_are_used():
    nodes = [a_node("MatMul", "x w", "a"), a_node("Transpose", "w", "wt", perm=[1, 0]),
             a_node("MatMul", "a wt", "y")]  # fmt: skip

    workload = lowered(a_net(nodes, stored=weights(w=(8, 8)))).at(2, "fp32")

    assert workload.weight_bytes == 64 * 4
    assert workload.kernels.weight_bytes @ workload.kernels.count == 2 * 64 * 4


def test_a_fused_intermediate_needs_no_memory():
    assert max(timeline(CHAIN, ["pointwise"])) < max(timeline(CHAIN))


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_memory_grows_with_the_batch(one, other):
    schedule = lowered(a_net(CHAIN), ["in-place"])
    few, many = sorted((one, other))

    assert (
        schedule.at(few, "fp16").peak_activation_bytes
        <= schedule.at(many, "fp16").peak_activation_bytes
    )


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 1000])
def test_memory_at_any_batch_is_what_a_liveness_at_that_batch_says(batch):
    assert max(timeline(CHAIN, batch=batch)) == 3 * batch * ROW


def test_autocast_keeps_its_copies_of_weights_to_the_end():
    nodes = [a_node("MatMul", "x w", "a"), a_node("MatMul", "a u", "y")]
    graph = a_net(nodes, stored=weights(w=(8, 8), u=(8, 8)))

    cached = lowered(graph, casts="autocast").memory_timeline(2, "fp16")
    planned = lowered(graph, ["in-place"], casts="autocast").memory_timeline(2, "fp16")

    assert cached[-1] == ("MatMul", (2 * 8) * (4 + 2 + 2) + 2 * 64 * 2)
    assert planned[-1] == ("MatMul", (2 * 8) * (4 + 2 + 2) + 64 * 2)
