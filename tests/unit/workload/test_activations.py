import pytest

from tests.unit.workload.builders import a_net, a_node, labels

SCALARS = {
    "half": 0.5, "one": 1.0, "root2": 1.4142135, "inv_root2": 0.70710678, "three": 3.0,
    "six": 6.0, "zero": 0.0, "c1": 0.044715, "c2": 0.79788456, "c3": 1.702,
}  # fmt: skip

GELUS = {
    "torch script": [
        a_node("Div", "x root2", "a"), a_node("Erf", "a", "b"), a_node("Add", "b one", "c"),
        a_node("Mul", "x c", "d"), a_node("Mul", "d half", "y"),
    ],
    "dynamo": [
        a_node("Div", "x root2", "a"), a_node("Erf", "a", "b"), a_node("Add", "b one", "c"),
        a_node("Mul", "half c", "d"), a_node("Mul", "x d", "y"),
    ],
    "half first": [
        a_node("Mul", "x inv_root2", "a"), a_node("Mul", "x half", "h"), a_node("Erf", "a", "b"),
        a_node("Add", "one b", "c"), a_node("Mul", "h c", "y"),
    ],
    "tanh": [
        a_node("Pow", "x three", "p"), a_node("Mul", "p c1", "q"), a_node("Add", "x q", "r"),
        a_node("Mul", "r c2", "s"), a_node("Tanh", "s", "t"), a_node("Add", "t one", "u"),
        a_node("Mul", "x half", "h"), a_node("Mul", "h u", "y"),
    ],
    "tanh by products": [
        a_node("Mul", "x x", "x2"), a_node("Mul", "x2 x", "p"), a_node("Mul", "c1 p", "q"),
        a_node("Add", "x q", "r"), a_node("Mul", "c2 r", "s"), a_node("Tanh", "s", "t"),
        a_node("Add", "one t", "u"), a_node("Mul", "x u", "v"), a_node("Mul", "half v", "y"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("written", GELUS)
def test_gelu_is_one_kernel_however_it_is_written(written):
    graph = a_net(GELUS[written], scalars=SCALARS)

    assert labels(graph, ["gelu"]) == ["Gelu"]


def test_onnxruntime_misses_a_gelu_that_halves_its_gate():
    found = {
        written: len(labels(a_net(nodes, scalars=SCALARS), ["gelu-outer-half"]))
        for written, nodes in GELUS.items()
    }

    assert found == {**dict.fromkeys(GELUS, 1), "dynamo": 5}


def test_what_stands_before_and_behind_gelu_stays_apart():
    nodes = [
        a_node("Relu", "x", "z"), a_node("Div", "z root2", "a"), a_node("Erf", "a", "b"),
        a_node("Add", "b one", "c"), a_node("Mul", "z c", "d"), a_node("Mul", "d half", "e"),
        a_node("Mul", "e half", "y"),
    ]  # fmt: skip

    assert labels(a_net(nodes, scalars=SCALARS), ["gelu"]) == ["Relu", "Gelu", "Mul"]


def test_an_error_function_without_the_product_is_no_gelu():
    nodes = [a_node("Div", "x root2", "a"), a_node("Erf", "a", "y")]

    assert labels(a_net(nodes, scalars=SCALARS), ["gelu"]) == ["Div", "Erf"]


def test_silu_is_the_product_with_the_own_sigmoid_only():
    own = [a_node("Sigmoid", "x", "s"), a_node("Mul", "s x", "y")]
    gate = [a_node("Relu", "x", "r"), a_node("Sigmoid", "x", "s"), a_node("Mul", "s r", "y")]

    assert labels(a_net(own), ["silu"]) == ["Silu"]
    assert labels(a_net(gate), ["silu"]) == ["Relu", "Sigmoid", "Mul"]


def test_quick_gelu_is_found():
    nodes = [a_node("Mul", "x c3", "a"), a_node("Sigmoid", "a", "s"), a_node("Mul", "x s", "y")]

    assert labels(a_net(nodes, scalars=SCALARS), ["silu"]) == ["QuickGelu"]


def test_hard_swish_is_found_by_its_sigmoid_and_by_its_line():
    by_sigmoid = [a_node("HardSigmoid", "x", "s"), a_node("Mul", "x s", "y")]
    by_line = [
        a_node("Add", "x three", "a"), a_node("Clip", "a zero six", "b"),
        a_node("Mul", "x b", "c"), a_node("Div", "c six", "y"),
    ]  # fmt: skip

    assert labels(a_net(by_sigmoid), ["hard-swish"]) == ["HardSwish"]
    assert labels(a_net(by_line, scalars=SCALARS), ["hard-swish"]) == ["HardSwish"]


def test_mish_and_gelu_are_told_apart():
    nodes = [a_node("Softplus", "x", "a"), a_node("Tanh", "a", "b"), a_node("Mul", "x b", "y")]

    assert labels(a_net(nodes), ["gelu", "mish"]) == ["Mish"]


def test_a_gate_whose_inside_is_fetched_is_left_alone():
    nodes = [a_node("Sigmoid", "x", "s"), a_node("Mul", "x s", "y")]

    assert labels(a_net(nodes, out="y s"), ["silu"]) == ["Sigmoid", "Mul"]
