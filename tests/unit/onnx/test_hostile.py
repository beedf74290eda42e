"""Models made to break a reader: each ends in an error that names the place, within seconds."""

import time
import zlib
from contextlib import suppress

import numpy as np
import pytest

from phantomgpu.errors import FormatError, GraphError, LimitError, ShapeError
from phantomgpu.onnx import (
    BytesSource,
    attributes,
    infer_shapes,
    inference,
    limits,
    read_model,
    reader,
    source,
    wire,
)
from phantomgpu.onnx.source import inflated
from tests.unit.onnx.builders import (
    a_function,
    a_graph,
    a_model,
    a_node,
    count,
    read,
    shaped,
    text,
)

FLAT = {"x": ("float32", (4,))}


def test_a_dimension_of_2_to_the_62_is_refused_with_the_tensor():
    with pytest.raises(LimitError, match="'x' would have dims") as caught:
        shaped([a_node("Relu", "x", "y")], {"x": ("float32", (2**62, 4))}, "y")
    assert "x" in caught.value.where


def test_dimensions_whose_product_overflows_are_refused():
    with pytest.raises(LimitError):
        shaped([a_node("Relu", "x", "y")], {"x": ("float32", (2**39, 2**39, 2**39))}, "y")


def test_a_tensor_made_too_large_by_a_node_is_refused_with_the_node():
    stored = {"to": np.array([2**40, 2**10, 4])}
    with pytest.raises(LimitError) as caught:
        shaped([a_node("Expand", "x to", "y", name="grow")], FLAT, "y", stored=stored)
    assert "grow" in caught.value.where


def test_an_initializer_of_negative_size_is_refused():
    body = text(5, count(1, -5) + count(2, 1) + text(8, "w"))

    with pytest.raises(LimitError):
        read(count(1, 8) + text(8, count(2, 17)) + text(7, body))


def test_a_million_nodes_are_refused_within_seconds():
    node = text(1, text(1, "x") + text(4, "Relu"))
    data = count(1, 8) + text(8, count(2, 17)) + text(7, node * 1_000_000)

    begin = time.process_time()
    with pytest.raises(LimitError, match=f"{limits.MAX_NODES} nodes"):
        read(data)
    assert time.process_time() - begin < 10


def test_too_many_initializers_are_refused(monkeypatch):
    monkeypatch.setattr(reader, "MAX_TENSORS", 1000)
    data = count(1, 8) + text(8, count(2, 17)) + text(7, b"".join(
        text(5, text(8, str(index))) for index in range(1001)
    ))  # fmt: skip

    with pytest.raises(LimitError, match="tensors"):
        read(data)


def test_bodies_10000_deep_are_refused():
    head = text(1, "c") + text(4, "If")
    graph = text(1, text(4, "Relu"))
    for _ in range(10_000):
        attribute = text(1, "then_branch") + text(6, graph)
        graph = text(1, head + text(5, attribute))
        if len(graph) > 400_000:
            break

    with pytest.raises(LimitError, match="graphs within graphs"):
        read(count(1, 8) + text(8, count(2, 17)) + text(7, graph))


def test_types_10000_deep_are_refused():
    kind = text(1, count(1, 1))
    for _ in range(10_000):
        kind = text(4, text(1, kind))
    value = text(11, text(1, "x") + text(2, kind))

    with pytest.raises(LimitError, match="types within types"):
        read(count(1, 8) + text(8, count(2, 17)) + text(7, value))


def test_a_cycle_is_refused_with_a_node_in_it():
    nodes = [
        a_node("Add", "x b", "a", name="first"),
        a_node("Relu", "a", "b", name="second"),
    ]
    with pytest.raises(GraphError, match="cycle through node 'first'"):
        shaped(nodes, FLAT, "b")


def test_a_function_that_calls_itself_is_refused():
    function = a_function("own", "F", "a", "b", [a_node("F", "a", "b", domain="own")])

    with pytest.raises(LimitError, match="within each other"):
        shaped([a_node("F", "x", "y", domain="own")], FLAT, "y", functions=[function])


def test_functions_that_call_each_other_twice_are_refused_before_they_take_for_ever(monkeypatch):
    monkeypatch.setattr(inference, "MAX_NODES", 10_000)
    functions = [
        a_function("own", f"F{k}", "a", "b", [
            a_node(f"F{k + 1}", "a", "t", domain="own"), a_node(f"F{k + 1}", "t", "b", domain="own")
        ])
        for k in range(22)
    ]  # fmt: skip
    functions.append(a_function("own", "F22", "a", "b", [a_node("Relu", "a", "b")]))

    with pytest.raises(LimitError, match="10000"):
        shaped([a_node("F0", "x", "y", domain="own")], FLAT, "y", functions=functions)


def test_loops_within_loops_take_no_longer_than_their_nodes():
    body = a_graph(
        [a_node("Concat", "v v", "w", axis=0), a_node("Identity", "c", "d")],
        {"i": ("int64", ()), "c": ("bool", ()), "v": ("float32", None)},
        {"d": ("bool", ()), "w": ("float32", None)},
    )
    for _ in range(15):
        body = a_graph(
            [a_node("Loop", "n c v", "w", body=body), a_node("Identity", "c", "d")],
            {"i": ("int64", ()), "c": ("bool", ()), "v": ("float32", None)},
            {"d": ("bool", ()), "w": ("float32", None)},
        )
    stored = {"n": np.array(2), "t": np.array(True)}

    begin = time.process_time()
    with suppress(LimitError):
        shaped([a_node("Loop", "n t x", "y", body=body)], FLAT, "y", stored=stored)
    assert time.process_time() - begin < 5


def test_two_inputs_of_one_name_are_refused():
    graph = b"".join(text(11, text(1, "x") + text(2, text(1, count(1, 1)))) for _ in range(2))

    with pytest.raises(GraphError, match="'x' is given to two tensors"):
        read(count(1, 8) + text(8, count(2, 17)) + text(7, graph))


def test_a_node_that_reads_what_nobody_makes_is_refused():
    with pytest.raises(GraphError, match="'z', which nobody makes"):
        shaped([a_node("Add", "x z", "y")], FLAT, "y")


def test_an_output_that_nobody_makes_is_refused():
    with pytest.raises(GraphError, match="'q', which nobody makes"):
        shaped([a_node("Relu", "x", "y")], FLAT, "q")


@pytest.mark.parametrize("field", ["name", "operator", "tensor"])
def test_a_name_of_a_megabyte_is_refused(field):
    name = "n" * 2**20
    nodes = {
        "name": a_node("Relu", "x", "y", name=name),
        "operator": a_node(name, "x", "y"),
        "tensor": a_node("Relu", name, "y"),
    }
    with pytest.raises(LimitError, match=f"a name of {2**20} bytes"):
        read(a_model([nodes[field]], FLAT))


def test_an_attribute_of_too_many_numbers_is_refused(monkeypatch):
    monkeypatch.setattr(attributes, "MAX_ATTRIBUTE_ELEMENTS", 1000)
    with pytest.raises(LimitError, match="elements"):
        read(a_model([a_node("Relu", "x", "y", a=[1] * 1001)]))


def test_a_documentation_string_of_50_mb_is_not_even_looked_at():
    data = count(1, 8) + text(8, count(2, 17)) + text(6, bytes(50_000_000)) + text(7, text(2, "g"))

    assert read(data).bytes_read < 200_000


def test_a_gzip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(source, "MAX_INFLATED_BYTES", 8_000_000)
    packer = zlib.compressobj(1, wbits=31)
    block = bytes(1 << 20)
    bomb = b"".join(packer.compress(block) for _ in range(10)) + packer.flush()

    with pytest.raises(LimitError, match="unpacked"):
        inflated("bomb.gz", bomb)


def test_an_endless_varint_is_refused():
    with pytest.raises(FormatError, match="byte"):
        read(b"\x08" + b"\xff" * 1000)


def test_shapes_that_contradict_each_other_are_refused_with_the_node_and_its_inputs():
    with pytest.raises(ShapeError, match="MatMul cannot take its inputs") as caught:
        shaped(
            [a_node("MatMul", "x w", "y", name="product")],
            {"x": ("float32", (2, 3))},
            "y",
            stored={"w": np.zeros((4, 5), np.float32)},
        )
    assert "product" in caught.value.where
    assert "[4, 5]" in caught.value.where


def test_a_sequence_of_a_billion_tensors_is_refused():
    with pytest.raises(LimitError, match="a sequence of"):
        shaped([a_node("SplitToSequence", "x", "y")], {"x": ("float32", (2**30,))}, "y")


def test_a_loop_that_appends_for_ever_is_refused():
    body = a_graph(
        [a_node("SequenceInsert", "s x", "t"), a_node("Identity", "c", "d")],
        {"i": ("int64", ()), "c": ("bool", ()), "s": ("float32", None)},
        {"d": ("bool", ()), "t": ("float32", None)},
    )
    stored = {"n": np.array(2**30), "c": np.array(True)}

    with pytest.raises(LimitError, match="a sequence of"):
        shaped(
            [a_node("SequenceEmpty", "", "e"), a_node("Loop", "n c e", "y", body=body)],
            FLAT, "y", stored=stored,
        )  # fmt: skip


def test_a_window_larger_than_its_input_is_refused_with_the_node():
    with pytest.raises(ShapeError) as caught:
        shaped(
            [a_node("MaxPool", "x", "y", name="pool", kernel_shape=[7, 7])],
            {"x": ("float32", (1, 3, 4, 4))},
            "y",
        )
    assert "pool" in caught.value.where


def test_a_node_whose_attribute_is_of_the_wrong_kind_is_refused():
    data = a_model([a_node("Scan", "x", "y", num_scan_inputs="many", body=a_graph([]))], FLAT, "y")

    with pytest.raises(GraphError, match="is no valid Scan"):
        infer_shapes(read_model(BytesSource("m", data)), {})


@pytest.mark.parametrize("packed", [True, False])
def test_lists_that_are_too_long_together_are_refused(monkeypatch, packed):
    monkeypatch.setattr(wire, "MAX_ELEMENTS_LISTED", 5000)
    numbers = text(8, b"\x01" * 600) if packed else count(8, 1) * 600
    node = text(1, text(4, "Relu") + text(5, text(1, "a") + numbers + count(20, 7)))

    with pytest.raises(LimitError, match="numbers in lists"):
        read(count(1, 8) + text(8, count(2, 17)) + text(7, node * 9))


def test_a_packed_list_of_numbers_of_every_width_is_read():
    values = [0, 1, 127, 128, 300, 2**31, 2**62, -1, -(2**63)]
    packed = b"".join(count(1, value)[1:] for value in values)
    node = text(1, text(4, "Relu") + text(5, text(1, "a") + text(8, packed) + count(20, 7)))

    graph = read(count(1, 8) + text(8, count(2, 17)) + text(7, node))

    assert graph.nodes[0].attributes["a"] == values
