import numpy as np
import pytest

from tests.unit.onnx.builders import a_function, a_graph, a_node, count, shaped, text

PAIR = {"x": ("float32", (2, 3))}
BOOL, INT = ("bool", ()), ("int64", ())


def dims(graph, name):
    return graph.tensors[name].dims


def names(graph):
    return [node.name for node in graph.nodes]


def an_if(condition=None):
    then = a_graph([a_node("Exp", "x", "t", name="exp")], outputs={"t": ("float32", (2, 3))})
    other = a_graph(
        [a_node("Log", "x", "l", name="log"), a_node("Neg", "l", "e", name="neg")],
        outputs={"e": ("float32", (2, 3))},
    )
    node = a_node("If", "c", "y", name="if", then_branch=then, else_branch=other)
    if condition is None:
        return shaped([node], PAIR | {"c": BOOL}, "y")
    return shaped([node], PAIR, "y", stored={"c": np.array(condition)})


@pytest.mark.parametrize(
    ("condition", "nodes"), [(True, ["if/exp"]), (False, ["if/log", "if/neg"])]
)
def test_the_branch_that_is_known_to_be_taken_is_spliced_in(condition, nodes):
    graph = an_if(condition)

    assert names(graph) == nodes
    assert dims(graph, "y") == (2, 3)
    assert not graph.assumptions


def test_the_larger_branch_counts_where_data_decide_and_is_flagged():
    graph = an_if()

    assert names(graph) == ["if/log", "if/neg"]
    (flag,) = graph.assumptions
    assert (flag.node, flag.op_type) == ("if", "If")
    assert "else" in flag.reason


def test_a_branch_that_hands_on_an_outer_tensor_is_an_identity():
    then = a_graph([], outputs={"x": ("float32", (2, 3))})
    graph = shaped(
        [a_node("If", "c", "y", name="if", then_branch=then, else_branch=then)],
        PAIR, "y", stored={"c": np.array(True)},
    )  # fmt: skip

    assert [(node.op_type, node.inputs, node.outputs) for node in graph.nodes] == [
        ("Identity", ("x",), ("y",))
    ]


def a_loop(body_nodes, carried, *, trips=5, keep="c", stored=None, scans=(), given=PAIR):
    body = a_graph(
        [*body_nodes, a_node("Identity", keep, "keep_out")],
        {"i": INT, "c": BOOL, "v": ("float32", carried)},
        {"keep_out": BOOL, "w": ("float32", None)} | dict.fromkeys(scans, ("float32", None)),
    )
    known = {"t": np.array(True)} | ({} if trips is None else {"n": np.array(trips)})
    outs = " ".join(["y", *(f"s_{name}" for name in scans)])
    node = a_node("Loop", "n t x", outs, name="loop", body=body)
    inputs = given | ({"n": INT} if trips is None else {})
    return shaped([node], inputs, outs, stored=known | (stored or {}))


def test_a_loop_runs_its_body_as_often_as_its_trip_count_says():
    graph = a_loop([a_node("Relu", "v", "w", name="relu")], (2, 3))

    assert dict(zip(names(graph), graph.repeats, strict=True))["loop/relu"] == 5
    assert dims(graph, "y") == (2, 3)
    assert not graph.assumptions


def test_what_a_loop_gathers_has_an_axis_for_its_iterations():
    graph = a_loop([a_node("Relu", "v", "w"), a_node("Exp", "v", "e")], (2, 3), scans=("e",))

    assert dims(graph, "s_e") == (5, 2, 3)


def test_a_loop_whose_trip_count_is_data_counts_once_and_is_flagged():
    graph = a_loop([a_node("Relu", "v", "w", name="relu")], (2, 3), trips=None)

    assert dict(zip(names(graph), graph.repeats, strict=True))["loop/relu"] == 1
    assert "trip count" in graph.assumptions[0].reason


def test_a_loop_that_may_end_early_is_an_upper_bound():
    body = [a_node("Relu", "v", "w"), a_node("ReduceMax", "v", "m", keepdims=0),
            a_node("Cast", "m", "go", to=9)]  # fmt: skip
    graph = a_loop(body, (2, 3), keep="go")

    assert 5 in graph.repeats
    assert "upper bound" in graph.assumptions[0].reason


def test_what_grows_in_a_loop_has_its_last_size():
    graph = a_loop([a_node("Concat", "v x", "w", axis=0, name="grow")], (None, 3))

    assert dims(graph, "loop/w") == (12, 3)
    assert dims(graph, "y") == (12, 3)
    assert "grows" in graph.assumptions[0].reason


def test_a_loop_that_never_runs_hands_on_what_it_got():
    graph = a_loop([a_node("Relu", "v", "w")], (2, 3), trips=0, scans=("w",))

    assert [node.op_type for node in graph.nodes] == ["Identity"]
    assert dims(graph, "y") == (2, 3)


def test_a_loop_within_a_loop_runs_the_product_of_both():
    inner = a_graph(
        [a_node("Relu", "u", "r", name="relu"), a_node("Identity", "d", "k")],
        {"j": INT, "d": BOOL, "u": ("float32", (2, 3))},
        {"k": BOOL, "r": ("float32", (2, 3))},
    )
    graph = a_loop([a_node("Loop", "n t v", "w", name="in", body=inner)], (2, 3), trips=4)

    assert dict(zip(names(graph), graph.repeats, strict=True))["loop/in/relu"] == 16


def test_a_scan_runs_its_body_for_each_slice():
    body = a_graph(
        [a_node("Add", "state part", "next", name="add"), a_node("Exp", "next", "out")],
        {"state": ("float32", (3,)), "part": ("float32", (3,))},
        {"next": ("float32", (3,)), "out": ("float32", (3,))},
    )
    graph = shaped(
        [a_node("Scan", "s x", "last all", name="scan", body=body, num_scan_inputs=1,
                scan_input_axes=[1], scan_output_axes=[1])],
        {"s": ("float32", (3,)), "x": ("float32", (3, 7))},
        "last all",
    )  # fmt: skip

    assert dict(zip(names(graph), graph.repeats, strict=True))["scan/add"] == 7
    assert dims(graph, "last") == (3,)
    assert dims(graph, "all") == (3, 7)


def test_a_sequence_map_runs_its_body_for_each_element():
    body = a_graph(
        [a_node("Relu", "e", "r", name="relu")],
        {"e": ("float32", (1, 3))}, {"r": ("float32", (1, 3))},
    )  # fmt: skip
    graph = shaped(
        [a_node("SplitToSequence", "x", "parts"),
         a_node("SequenceMap", "parts", "done", name="map", body=body),
         a_node("ConcatFromSequence", "done", "y", axis=0)],
        {"x": ("float32", (4, 3))}, "y",
    )  # fmt: skip

    assert dict(zip(names(graph), graph.repeats, strict=True))["map/relu"] == 4
    assert dims(graph, "y") == (4, 3)


def test_a_function_is_inlined_with_the_callers_attributes():
    function = a_function(
        "own", "Block", "a b", "d",
        [a_node("MatMul", "a b", "c", name="product"), a_node("Softmax", "c", "d", name="softmax")],
    )  # fmt: skip
    graph = shaped(
        [a_node("Block", "x w", "y", name="first", domain="own"),
         a_node("Block", "y v", "z", name="second", domain="own")],
        PAIR, "z", functions=[function],
        stored={"w": np.zeros((3, 4), np.float32), "v": np.zeros((4, 5), np.float32)},
    )  # fmt: skip

    assert names(graph) == ["first/product", "first/softmax", "second/product", "second/softmax"]
    assert dims(graph, "first/c") == (2, 4)
    assert dims(graph, "z") == (2, 5)


def test_an_attribute_that_a_function_takes_from_its_caller_is_resolved():
    axis = text(5, text(1, "axis") + text(21, "where") + count(20, 2))
    join = text(1, "a") + text(1, "a") + text(2, "b") + text(4, "Concat") + axis
    function = text(1, "Join") + text(4, "a") + text(5, "b") + text(6, "where") + text(7, join)
    function += text(9, count(2, 17)) + text(10, "own")

    graph = shaped([a_node("Join", "x", "y", domain="own", where=1)], PAIR, "y",
                   functions=[function])  # fmt: skip

    assert dims(graph, "y") == (2, 6)


def test_attributes_of_every_kind_reach_a_functions_body():
    def refers(name, outer):
        return text(5, text(1, name) + text(21, outer))

    pool = text(1, "a") + text(2, "t") + text(4, "MaxPool")
    pool += refers("kernel_shape", "window") + refers("auto_pad", "padding")
    fill = text(1, "s") + text(2, "u") + text(4, "ConstantOfShape") + refers("value", "fill")
    leak = text(1, "t") + text(2, "b") + text(4, "LeakyRelu") + refers("alpha", "slope")
    size = text(2, "s") + text(4, "Constant") + refers("value_ints", "size")
    function = text(1, "Block") + text(4, "a") + text(5, "b") + text(5, "u")
    function += b"".join(text(7, node) for node in (pool, leak, size, fill))
    function += text(9, count(2, 17)) + text(10, "own")
    call = a_node("Block", "x", "y z", domain="own", window=[3, 3], padding="SAME_UPPER",
                  slope=0.5, size=[2, 5], fill=np.array([7]))  # fmt: skip

    graph = shaped([call], {"x": ("float32", (1, 3, 8, 8))}, "y z", functions=[function])

    assert dims(graph, "y") == (1, 3, 8, 8)
    assert dims(graph, "z") == (2, 5)
    assert graph.tensors["z"].dtype == "int64"
    assert graph.values["z"].tolist() == [[7] * 5] * 2


def test_a_scan_of_opset_8_has_a_batch_axis():
    body = a_graph(
        [a_node("Add", "state part", "next", name="add"), a_node("Exp", "next", "out")],
        {"state": ("float32", (3,)), "part": ("float32", (3,))},
        {"next": ("float32", (3,)), "out": ("float32", (3,))},
    )
    graph = shaped(
        [a_node("Scan", "_ s x", "last all", name="scan", body=body, num_scan_inputs=1)],
        {"s": ("float32", (2, 3)), "x": ("float32", (2, 7, 3))}, "last all", opset=8,
    )  # fmt: skip

    assert dict(zip(names(graph), graph.repeats, strict=True))["scan/add"] == 14
    assert dims(graph, "last") == (2, 3)
    assert dims(graph, "all") == (2, 7, 3)


def test_a_sequence_that_a_loop_fills_is_as_long_as_it_runs():
    body = a_graph(
        [a_node("SequenceInsert", "s x", "t"), a_node("Identity", "c", "d")],
        {"i": INT, "c": BOOL, "s": ("float32", None)},
        {"d": BOOL, "t": ("float32", None)},
    )
    graph = shaped(
        [a_node("SequenceEmpty", "", "e"), a_node("Loop", "n c e", "filled", body=body),
         a_node("ConcatFromSequence", "filled", "y", axis=0)],
        PAIR, "y", stored={"n": np.array(6), "c": np.array(True)},
    )  # fmt: skip

    assert dims(graph, "y") == (12, 3)


def test_bodies_see_values_around_them():
    then = a_graph([a_node("Reshape", "x to", "t")], outputs={"t": ("float32", None)})
    graph = shaped(
        [a_node("If", "c", "y", then_branch=then, else_branch=then)],
        PAIR, "y", stored={"c": np.array(True), "to": np.array([3, -1], np.int64)},
    )  # fmt: skip

    assert dims(graph, "y") == (3, 2)


def test_nodes_out_of_order_are_sorted():
    graph = shaped([a_node("Exp", "a", "y"), a_node("Relu", "x", "a")], PAIR, "y")

    assert [node.op_type for node in graph.nodes] == ["Relu", "Exp"]


def test_constant_is_what_depends_on_no_input():
    graph = shaped(
        [a_node("Exp", "w", "e"), a_node("Shape", "x", "s"), a_node("Add", "x e", "y"),
         a_node("RandomNormal", "", "r", shape=[2])],
        PAIR, "y r", stored={"w": np.zeros(3, np.float32)},
    )  # fmt: skip

    assert graph.constant == {"w", "e"}


def test_names_within_bodies_do_not_clash():
    graph = a_loop([a_node("Relu", "v", "x2"), a_node("Relu", "x2", "w")], (2, 3))
    made = [name for node in graph.nodes for name in node.outputs]

    assert len(made) == len(set(made))
    assert all(name in graph.tensors for node in graph.nodes for name in node.outputs)
