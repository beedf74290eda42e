"""Shapes that data decide: an upper bound, and a flag with the node and the reason."""

import numpy as np
import pytest

from tests.unit.onnx.builders import a_node, shaped

X = {"x": ("float32", (4, 6)), "n": ("int64", (1,)), "s": ("int64", (3,))}


def bounded(op_type, inputs, *, count=1, stored=None, given=None, **attributes):
    outs = " ".join(f"y{k}" for k in range(count))
    graph = shaped([a_node(op_type, inputs, outs, name="it", **attributes)], given or X, outs,
                   stored=stored)  # fmt: skip
    assert {flag.node for flag in graph.assumptions} == {"it"}
    return [graph.tensors[f"y{k}"].dims for k in range(count)], graph.assumptions[0].reason


@pytest.mark.parametrize(
    ("op_type", "inputs", "attributes", "dims", "reason"),
    [
        ("NonZero", "x", {}, (2, 24), "nonzero"),
        ("Unique", "x", {}, (24,), "unique"),
        ("Unique", "x", {"axis": 1}, (4, 6), "unique"),
        ("TopK", "x n", {"count": 2}, (4, 6), "k is computed"),
        ("Slice", "x n n", {}, (4, 6), "slice"),
        ("Reshape", "x s", {}, (4, 1, 6), "shape"),
        ("Reshape", "x n", {}, (24,), "shape"),
        ("Expand", "x s", {}, (1, 4, 6), "nothing is repeated"),
        ("ConstantOfShape", "s", {}, (1, 1, 1), "ones"),
        ("Range", "n0 n0 n0", {}, (1,), "length"),
        ("Tile", "x n2", {}, (4, 6), "repeats"),
        ("OneHot", "s n0 v", {}, (3, 1), "depth"),
    ],
)
def test_what_data_decide_is_bounded_and_flagged(op_type, inputs, attributes, dims, reason):
    given = X | {"n0": ("int64", ()), "n2": ("int64", (2,)), "v": ("int64", (2,))}

    found, why = bounded(op_type, inputs, given=given, **attributes)

    assert found[0] == dims
    assert reason in why


def test_boxes_are_as_many_as_every_class_may_keep():
    given = {"b": ("float32", (2, 100, 4)), "s": ("float32", (2, 80, 100))}

    found, _ = bounded("NonMaxSuppression", "b s k", given=given, stored={"k": np.array([10])})

    assert found == [(2 * 80 * 10, 3)]


def test_a_bound_ends_where_a_slice_takes_no_more():
    stored = {"zero": np.array([0]), "fifty": np.array([50])}
    graph = shaped(
        [a_node("NonZero", "x", "nz"), a_node("Squeeze", "nz", "i"), a_node("Gather", "x i", "g"),
         a_node("Slice", "g zero fifty", "y")],
        {"x": ("float32", (300,))}, "y", stored=stored,
    )  # fmt: skip

    assert graph.tensors["y"].dims == (50,)


def test_bounds_that_do_not_fit_each_other_give_the_larger_and_are_flagged():
    graph = shaped(
        [a_node("Unique", "x", "u"), a_node("Unique", "z", "v"), a_node("Add", "u v", "y")],
        {"x": ("float32", (300,)), "z": ("float32", (200,))}, "y",
    )  # fmt: skip

    assert graph.tensors["y"].dims == (300,)
    assert "do not fit" in graph.assumptions[-1].reason


def test_a_shape_that_the_file_tells_is_taken_before_a_bound():
    graph = shaped([a_node("Range", "a b c", "y")],
                   dict.fromkeys("abc", ("int64", ())), {"y": ("int64", (12,))})  # fmt: skip

    assert graph.tensors["y"].dims == (12,)
    assert "taken from the file" in graph.assumptions[0].reason


def test_sequences_are_followed_element_by_element():
    graph = shaped(
        [a_node("SplitToSequence", "x sizes", "parts", axis=0),
         a_node("SequenceInsert", "parts x", "more"), a_node("SequenceErase", "more one", "less"),
         a_node("SequenceAt", "less minus", "last"), a_node("SequenceLength", "less", "length"),
         a_node("ConcatFromSequence", "less", "y", axis=0)],
        {"x": ("float32", (4, 6))}, "y last length",
        stored={"sizes": np.array([1, 3]), "one": np.array(1), "minus": np.array(-1)},
    )  # fmt: skip

    assert graph.tensors["last"].dims == (4, 6)
    assert graph.tensors["y"].dims == (5, 6)
    assert graph.tensors["length"].dims == ()
    assert not graph.assumptions
