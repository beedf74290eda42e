"""Every launch in order, with the module that the names of the model tell."""

from phantomgpu.workload.steps import module_of_node, module_of_weight
from tests.unit.workload.builders import a_net, a_node, lowered, weights


def steps(nodes, out="c", **constants):
    graph = a_net(nodes, stored=weights(**constants), out=out)
    return lowered(graph).steps(3, "fp32")


CHAIN = [
    a_node("MatMul", "x head.proj.weight", "a", name="first"),
    a_node("Relu", "a", "b", name="second"),
    a_node("MatMul", "b onnx::MatMul_7", "c", name="third"),
]
STORED = {"head.proj.weight": (8, 8), "onnx::MatMul_7": (8, 8)}


def test_launches_stand_in_execution_order_with_their_nodes():
    found = steps(CHAIN, **STORED)

    assert [step.nodes for step in found] == [("first",), ("second",), ("third",)]
    assert [step.anchor for step in found] == ["first", "second", "third"]


def test_module_comes_from_the_name_of_a_weight():
    assert steps(CHAIN, **STORED)[0].module == ("head", "proj")


def test_launch_that_names_no_module_belongs_where_the_one_before_does():
    assert steps(CHAIN, **STORED)[1].module == ("head", "proj")


def test_product_at_the_end_of_a_model_is_a_layer_of_its_own():
    assert steps(CHAIN, **STORED)[2].module == ("c",)


def test_name_of_a_node_wins_over_that_of_its_weight():
    nodes = [a_node("MatMul", "x w.weight", "c", name="/enc/enc.0/fc/MatMul")]

    assert steps(nodes, **{"w.weight": (8, 8)})[0].module == ("enc", "0", "fc")


def test_names_that_exporters_make_up_tell_no_module():
    assert module_of_weight("onnx::Conv_602") == ()
    assert module_of_weight("weight") == ()
    assert module_of_node("Conv_12") == ()


def test_each_launch_knows_what_is_alive():
    found = steps(CHAIN, **STORED)

    assert [step.alive_bytes for step in found] == [
        alive
        for _, alive in lowered(a_net(CHAIN, stored=weights(**STORED), out="c")).memory_timeline(
            3, "fp32"
        )
    ]
