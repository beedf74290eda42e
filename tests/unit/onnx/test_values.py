"""What is known without running: small values are followed through the operators shapes use."""

import numpy as np
import pytest

from tests.unit.onnx.builders import a_node, shaped

F, INT = np.float32, np.int64


def i(*values):
    return np.array(values, INT)


def f(*values):
    return np.array(values, F)


def known(op_type, inputs, *, count=1, opset=17, **attributes):
    """Values of the outputs of one call; inputs are arrays, or None for omitted ones."""
    names = " ".join("_" if each is None else f"v{k}" for k, each in enumerate(inputs))
    outs = " ".join(f"y{k}" for k in range(count))
    stored = {f"v{k}": each for k, each in enumerate(inputs) if each is not None}
    graph = shaped([a_node(op_type, names, outs, **attributes)], {}, outs, stored=stored,
                   opset=opset)  # fmt: skip
    return [graph.values.get(f"y{k}") for k in range(count)]


CASES = [
    ("Add", [i(1, 2), i(10)], {}, i(11, 12)),
    ("Sub", [i(1, 2), i(10)], {}, i(-9, -8)),
    ("Mul", [f(1, 2), f(0.5)], {}, f(0.5, 1)),
    ("Div", [i(7, -7), i(2, 2)], {}, i(3, -3)),
    ("Div", [f(7), f(2)], {}, f(3.5)),
    ("Mod", [i(7, -7), i(3, 3)], {}, i(1, 2)),
    ("Mod", [f(-7), f(3)], {"fmod": 1}, f(-1)),
    ("Pow", [i(2, 3), f(2)], {}, i(4, 9)),
    ("Min", [i(1, 5), i(3, 3)], {}, i(1, 3)),
    ("Max", [i(1, 5), i(3, 3), i(4, 4)], {}, i(4, 5)),
    ("Neg", [i(1, -5)], {}, i(-1, 5)),
    ("Floor", [f(1.5, -1.5)], {}, f(1, -2)),
    ("Ceil", [f(1.5, -1.5)], {}, f(2, -1)),
    ("Round", [f(0.5, 1.5, 2.5)], {}, f(0, 2, 2)),
    ("Sqrt", [f(9, 2.25)], {}, f(3, 1.5)),
    ("Equal", [i(1, 2), i(1, 3)], {}, np.array([True, False])),
    ("Greater", [i(1, 2), i(0, 3)], {}, np.array([True, False])),
    ("And", [np.array([True, True]), np.array([True, False])], {}, np.array([True, False])),
    ("Not", [np.array([True, False])], {}, np.array([False, True])),
    ("IsInf", [f(np.inf, -np.inf, 0)], {"detect_negative": 0}, np.array([True, False, False])),
    ("Where", [np.array([True, False]), i(1, 2), i(3, 4)], {}, i(1, 4)),
    ("Cast", [f(1.7, -1.7)], {"to": 7}, i(1, -1)),
    ("Cast", [i(0, 3)], {"to": 9}, np.array([False, True])),
    ("CastLike", [i(1), f(0)], {}, f(1)),
    ("Gather", [i(5, 6, 7), np.array(-1)], {}, np.array(7)),
    ("Gather", [i(5, 6, 7), i(2, 0)], {}, i(7, 5)),
    ("GatherElements", [np.array([[1, 2], [3, 4]]), np.array([[1], [0]])], {"axis": 1},
     np.array([[2], [3]])),
    ("GatherND", [np.array([[1, 2], [3, 4]]), np.array([[1, 0]])], {}, i(3)),
    ("ScatterND", [i(1, 2, 3), np.array([[1]]), i(9)], {}, i(1, 9, 3)),
    ("Concat", [i(1), i(2, 3)], {"axis": 0}, i(1, 2, 3)),
    ("Slice", [i(1, 2, 3, 4), i(1), i(99)], {}, i(2, 3, 4)),
    ("Slice", [i(1, 2, 3, 4), i(-1), i(-99), i(0), i(-2)], {}, i(4, 2)),
    ("Transpose", [np.array([[1, 2, 3]])], {}, np.array([[1], [2], [3]])),
    ("Unsqueeze", [i(1, 2), i(0)], {}, np.array([[1, 2]])),
    ("Squeeze", [np.array([[1, 2]]), i(0)], {}, i(1, 2)),
    ("Squeeze", [np.array([[5]])], {}, np.array(5)),
    ("Reshape", [i(1, 2, 3, 4), i(2, -1)], {}, np.array([[1, 2], [3, 4]])),
    ("Flatten", [np.array([[1, 2], [3, 4]])], {"axis": 0}, np.array([[1, 2, 3, 4]])),
    ("Expand", [i(7), i(3)], {}, i(7, 7, 7)),
    ("Tile", [i(1, 2), i(2)], {}, i(1, 2, 1, 2)),
    ("ConstantOfShape", [i(2)], {"value": i(4)}, i(4, 4)),
    ("ConstantOfShape", [i(2)], {}, f(0, 0)),
    ("Range", [np.array(2), np.array(9), np.array(3)], {}, i(2, 5, 8)),
    ("OneHot", [i(0, 2), np.array(3), i(0, 1)], {}, np.array([[1, 0, 0], [0, 0, 1]])),
    ("Pad", [i(1, 2), i(1, 2), np.array(9)], {}, i(9, 1, 2, 9, 9)),
    ("Trilu", [np.ones((2, 2), INT)], {"upper": 0}, np.array([[1, 0], [1, 1]])),
    ("NonZero", [i(0, 3, 0, 4)], {}, np.array([[1, 3]])),
    ("Compress", [i(5, 6, 7), np.array([True, False, True])], {}, i(5, 7)),
    ("CumSum", [i(1, 2, 3), np.array(0)], {}, i(1, 3, 6)),
    ("Clip", [i(1, 5, 9), np.array(2), np.array(6)], {}, i(2, 5, 6)),
    ("ReduceProd", [i(2, 3, 4)], {"keepdims": 0}, np.array(24)),
    ("ReduceMax", [np.array([[1, 5], [7, 2]])], {"axes": [1], "keepdims": 0}, i(5, 7)),
    ("ReduceSum", [np.array([[1, 5], [7, 2]]), i(0)], {"keepdims": 1}, np.array([[8, 7]])),
    ("ArgMax", [i(4, 9, 9)], {"keepdims": 0}, np.array(1)),
    ("ArgMax", [i(4, 9, 9)], {"keepdims": 0, "select_last_index": 1}, np.array(2)),
    ("Size", [np.zeros((2, 3), F)], {}, np.array(6)),
    ("Identity", [i(3)], {}, i(3)),
    ("EyeLike", [np.zeros((2, 2), F)], {"dtype": 7, "k": 1}, np.array([[0, 1], [0, 0]])),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_known_input_gives_a_known_output(case):
    op_type, inputs, attributes, expected = case

    (found,) = known(op_type, inputs, opset=17, **attributes)

    assert found is not None
    assert found.dtype.kind == expected.dtype.kind
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


def test_several_outputs_are_known_together():
    parts = known("Split", [i(1, 2, 3, 4, 5), i(2, 3)], count=2)
    equal = known("Split", [i(1, 2, 3, 4)], count=2)
    most = known("TopK", [i(3, 9, 9, 1), i(2)], count=2)
    least = known("TopK", [i(3, 9, 9, 1), i(2)], count=2, largest=0)
    unique = known("Unique", [i(2, 1, 2)], count=4)

    assert [list(each) for each in parts] == [[1, 2], [3, 4, 5]]
    assert [list(each) for each in equal] == [[1, 2], [3, 4]]
    assert [list(each) for each in most] == [[9, 9], [1, 2]]
    assert [list(each) for each in least] == [[1, 3], [3, 0]]
    assert [list(each) for each in unique] == [[1, 2], [1, 0], [1, 0, 1], [1, 2]]


def test_shape_is_known_whatever_is_in_the_tensor():
    graph = shaped([a_node("Shape", "x", "s", start=-2), a_node("ReduceProd", "s", "p")],
                   {"x": ("float32", (2, 3, 4))}, "s p")  # fmt: skip

    np.testing.assert_array_equal(graph.values["s"], [3, 4])
    np.testing.assert_array_equal(graph.values["p"], [12])


@pytest.mark.parametrize(
    ("op_type", "inputs", "attributes"),
    [
        ("Div", [i(1), i(0)], {}),
        ("CumSum", [i(1, 2), np.array(0)], {"reverse": 1}),
        ("Pad", [i(1, 2), i(1, 1)], {"mode": "reflect"}),
        ("Expand", [i(1), i(10_000)], {}),
        ("Gather", [i(1, 2), i(7)], {}),
        ("Conv", [np.ones((1, 1, 4, 4), F), np.ones((1, 1, 3, 3), F)], {}),
    ],
)
def test_what_is_not_followed_is_not_known_and_has_a_shape(op_type, inputs, attributes):
    assert known(op_type, inputs, **attributes) == [None]


def test_half_and_bfloat16_constants_are_followed():
    graph = shaped([a_node("Cast", "x", "h", to=10), a_node("Cast", "h", "b", to=16)],
                   {}, "b", stored={"x": f(1.5)})  # fmt: skip

    assert graph.values["h"].dtype == np.float16
    assert graph.tensors["b"].dtype == "bfloat16"
    assert float(graph.values["b"][0]) == 1.5
