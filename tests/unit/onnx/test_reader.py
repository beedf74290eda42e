import gzip

import numpy as np
import pytest

from phantomgpu.errors import GraphError, TruncatedError
from phantomgpu.onnx import BytesSource, read_model
from phantomgpu.onnx.graph import Graph, Node
from tests.unit.onnx.builders import (
    a_function,
    a_graph,
    a_model,
    a_node,
    a_tensor,
    a_value,
    count,
    read,
    shaped,
    text,
)

IMAGE = {"x": ("float32", ("N", 3, 8, 8))}


def test_a_node_has_its_name_operator_tensors_and_attributes():
    graph = read(
        a_model([a_node("Conv", "x w _ b", "y", name="c", pads=[1, -1], alpha=0.5, mode="s")])
    )

    node = graph.nodes[0]
    assert isinstance(node, Node)
    assert (node.name, node.op_type, node.domain) == ("c", "Conv", "")
    assert (node.inputs, node.outputs) == (("x", "w", "", "b"), ("y",))
    assert node.attributes == {"pads": [1, -1], "alpha": 0.5, "mode": "s"}


def test_a_node_without_a_name_is_named_for_its_operator_and_place():
    graph = read(a_model([a_node("Relu", "x", "a"), a_node("Relu", "a", "b")]))

    assert [node.name for node in graph.nodes] == ["Relu_0", "Relu_1"]


def test_nodes_of_one_name_are_told_apart():
    graph = read(a_model([a_node("Relu", "x", "a", name="r"), a_node("Relu", "a", "b", name="r")]))

    assert len({node.name for node in graph.nodes}) == 2


def test_inputs_keep_symbols_and_name_the_unnamed_free_dimensions():
    graph = read(a_model([], {"x": ("float16", ("N", None, 4))}))

    assert graph.inputs == ("x",)
    assert graph.tensors["x"].dims == ("N", "?x:1", 4)
    assert graph.tensors["x"].dtype == "float16"


def test_a_negative_size_is_a_free_dimension():
    graph = read(a_model([], {"x": ("float32", (-1, 4))}))

    assert graph.tensors["x"].dims == ("?x:0", 4)


def test_an_input_of_unknown_rank_has_no_dims():
    assert read(a_model([], {"x": ("float32", None)})).tensors["x"].dims is None


def test_an_initializer_listed_as_an_input_is_a_weight_and_no_input():
    stored = {"w": np.zeros(3, np.float32)}
    graph = read(a_model([], {**IMAGE, "w": ("float32", (3,))}, stored=stored))

    assert graph.inputs == ("x",)
    assert graph.tensors["w"].is_weight


@pytest.mark.parametrize(
    ("array", "kept"),
    [
        (np.zeros(256, np.float32), True),
        (np.zeros(257, np.float32), False),
        (np.arange(8192, dtype=np.int64), True),
        (np.arange(8193, dtype=np.int64), False),
        (np.zeros(1024, np.int8), True),
        (np.zeros(1025, np.uint8), False),
        (np.zeros(60_000, np.bool_), True),
    ],
)
def test_payloads_are_kept_up_to_1_kb_of_floats_and_64_kb_of_integers(array, kept):
    graph = read(a_model([], stored={"w": array}))

    assert ("w" in graph.values) is kept
    assert graph.tensors["w"].dims == array.shape
    assert graph.weight_bytes == array.nbytes


def test_an_initializer_whose_payload_comes_before_its_type_is_read():
    array = np.array([[3, 4]], np.int64)
    payload = text(9, array.tobytes()) + text(8, "w") + count(2, 7) + count(1, 1) + count(1, 2)
    body = text(5, payload)

    graph = read(count(1, 8) + text(8, count(2, 17)) + text(7, body))

    np.testing.assert_array_equal(graph.values["w"], array)


@pytest.mark.parametrize(
    ("dtype", "field", "numbers", "value"),
    [
        (6, 5, [3, -2], np.array([3, -2], np.int32)),
        (3, 5, [-128, 127], np.array([-128, 127], np.int8)),
        (9, 5, [1, 0], np.array([True, False])),
        (10, 5, [0x3C00, 0xC000], np.array([1, -2], np.float16)),
        (16, 5, [0x3F80, 0xC000], np.array([1, -2], np.float32)),
        (7, 7, [-1, 2**62], np.array([-1, 2**62])),
        (13, 11, [1, 2**64 - 1], np.array([1, 2**64 - 1], np.uint64)),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_typed_data_fields_are_read_packed_and_one_by_one(dtype, field, numbers, value, packed):
    each = [count(field, number) for number in numbers]
    width = len(count(field, 0)) - 1
    data = text(field, b"".join(one[width:] for one in each)) if packed else b"".join(each)
    body = text(5, count(1, 2) + count(2, dtype) + text(8, "w") + data)

    graph = read(count(1, 8) + text(8, count(2, 17)) + text(7, body))

    assert graph.values["w"].dtype == value.dtype
    np.testing.assert_array_equal(graph.values["w"], value)


def test_external_data_are_named_and_not_asked_for():
    location = text(13, text(1, "location") + text(2, "weights.bin"))
    body = text(5, count(1, 1000) + count(2, 1) + text(8, "w") + location + count(14, 1))

    graph = read(count(1, 8) + text(8, count(2, 17)) + text(7, body))

    assert graph.external == ("weights.bin",)
    assert graph.weight_bytes == 4000
    assert "w" not in graph.values


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ({"value": np.array([[1, 2]], np.int64)}, np.array([[1, 2]], np.int64)),
        ({"value_int": 5}, np.array(5, np.int64)),
        ({"value_ints": [5, 6]}, np.array([5, 6], np.int64)),
        ({"value_float": 0.5}, np.array(0.5, np.float32)),
        ({"value_floats": [0.5, 1.0]}, np.array([0.5, 1], np.float32)),
    ],
)
def test_a_constant_of_every_kind_is_a_value(attributes, value):
    graph = read(a_model([a_node("Constant", "", "c", **attributes)]))

    assert graph.tensors["c"].is_weight
    assert graph.values["c"].dtype == value.dtype
    np.testing.assert_array_equal(graph.values["c"], value)


@pytest.mark.parametrize(
    ("attributes", "dims"), [({"value_string": "a"}, ()), ({"value_strings": ["a", "b"]}, (2,))]
)
def test_a_constant_of_text_has_a_shape_and_no_value(attributes, dims):
    graph = read(a_model([a_node("Constant", "", "c", **attributes)]))

    assert graph.tensors["c"].dims == dims
    assert graph.tensors["c"].dtype == "string"


def test_a_large_constant_is_a_weight_whose_payload_stays_in_the_file():
    graph = read(a_model([a_node("Constant", "", "c", value=np.zeros(1000, np.float32))]))

    assert graph.nodes[0].attributes == {"value": None}
    assert graph.tensors["c"].dims == (1000,)
    assert graph.weight_bytes == 4000


def test_a_sparse_initializer_is_the_dense_tensor_it_stands_for():
    values = text(1, a_tensor(np.ones(2, np.float32), "s"))
    sparse = values + text(2, a_tensor(np.array([1, 5], np.int64))) + count(3, 2) + count(3, 3)

    graph = read(count(1, 8) + text(8, count(2, 17)) + text(7, text(15, sparse)))

    assert graph.tensors["s"].dims == (2, 3)
    assert graph.tensors["s"].is_weight
    assert graph.weight_bytes == 2 * 4 + 2 * 8


def test_bodies_are_graphs_and_their_initializers_count():
    body = a_graph([a_node("Add", "x w", "t")], stored={"w": np.zeros(100, np.float32)})
    graph = read(a_model([a_node("If", "c", "y", then_branch=body, else_branch=body)]))

    then = graph.nodes[0].attributes["then_branch"]
    assert isinstance(then, Graph)
    assert then.nodes[0].op_type == "Add"
    assert graph.weight_bytes == 800


def test_functions_are_read_by_domain_and_name():
    function = a_function("own", "Twice", "a", "b", [a_node("Add", "a a", "b")])
    graph = read(a_model([], functions=[function], domains=("own",)))

    found = graph.functions["own", "Twice", ""]
    assert (found.inputs, found.outputs) == (("a",), ("b",))
    assert graph.opsets == {"": 17, "own": 1}


def test_the_standard_domain_has_one_name():
    graph = read(a_model([a_node("Relu", "x", "y", domain="ai.onnx")]))

    assert graph.nodes[0].domain == ""


def test_a_gz_is_unpacked_with_every_member():
    data = a_model([a_node("Relu", "x", "y")], IMAGE)
    packed = gzip.compress(data[:20]) + gzip.compress(data[20:])

    assert read(packed).nodes == read(data).nodes


def test_a_cut_gz_says_where_it_ends():
    packed = gzip.compress(a_model([a_node("Relu", "x", "y")], IMAGE))[:-12]

    with pytest.raises(TruncatedError, match=f"byte {len(packed)}"):
        BytesSource("m.onnx.gz", packed)


def test_the_digest_leaves_trained_weights_out_and_shapes_in():
    def digest(weight, to):
        stored = {"w": np.full(3, weight, np.float32), "s": np.array(to)}
        return read(a_model([a_node("Reshape", "x s", "y")], IMAGE, stored=stored)).sha256

    assert digest(1.0, [4, 3]) == digest(2.0, [4, 3])
    assert digest(1.0, [4, 3]) != digest(1.0, [3, 4])


def test_the_digest_does_not_depend_on_where_weights_are_stored():
    inside = text(5, a_tensor(np.zeros((20, 20), np.float32), "w"))
    where = text(13, text(1, "location") + text(2, "w.bin")) + count(14, 1)
    outside = text(5, count(1, 20) + count(1, 20) + count(2, 1) + text(8, "w") + where)

    digests = [
        read(count(1, 8) + text(8, count(2, 17)) + text(7, body)).sha256
        for body in (inside, outside)
    ]
    assert digests[0] == digests[1]


def test_two_makers_of_one_name_are_refused():
    with pytest.raises(GraphError, match="'y' is given to two tensors"):
        read(a_model([a_node("Relu", "x", "y"), a_node("Abs", "x", "y")], IMAGE))


def test_an_old_file_without_opsets_is_read():
    body = text(1, a_node("Relu", "x", "y")) + text(11, a_value("x", "float32", (2,)))

    assert read(count(1, 2) + text(7, body)).opsets == {"": 1}


class Counted:
    """A source that counts its reads."""

    def __init__(self, data):
        self.name, self.data, self.size = "counted.onnx", data, len(data)
        self.reads = []

    def read(self, offset, length):
        assert offset >= 0
        assert offset + length <= self.size
        self.reads.append(length)
        return self.data[offset : offset + length]


class Sparse:
    """A huge file of which only the bytes around the payloads exist."""

    def __init__(self, parts):
        self.name, self.parts = "huge.onnx", []
        at, self.reads = 0, []
        for part in parts:
            size = part if isinstance(part, int) else len(part)
            if not isinstance(part, int):
                self.parts.append((at, part))
            at += size
        self.size = at

    def read(self, offset, length):
        out = bytearray(length)
        for start, data in self.parts:
            low, high = max(start, offset), min(start + len(data), offset + length)
            if low < high:
                out[low - offset : high - offset] = data[low - start : high - start]
        self.reads.append(length)
        return bytes(out)


def a_weight_of(size_bytes, name):
    """A TensorProto's bytes up to its payload, which is ``size_bytes`` long."""
    head = count(1, size_bytes // 4) + count(2, 1) + text(8, name)
    head += b"\x4a" + count(1, size_bytes)[1:]
    return b"\x2a" + count(1, len(head) + size_bytes)[1:] + head


def a_file_of(weights):
    """A sparse model file with weights of these sizes."""
    parts = []
    for index, size_bytes in enumerate(weights):
        parts += [a_weight_of(size_bytes, f"w{index}"), size_bytes]
    parts.append(text(1, a_node("Relu", "x", "y")))
    total = sum(part if isinstance(part, int) else len(part) for part in parts)
    head = count(1, 8) + text(8, count(2, 17)) + b"\x3a" + count(1, total)[1:]
    return Sparse([head, *parts])


def test_a_file_of_2_gb_is_read_by_looking_at_a_few_kilobytes_per_weight():
    source = a_file_of([100_000_000] * 25)

    graph = read_model(source)

    assert graph.weight_bytes == 2_500_000_000
    assert graph.bytes_total == source.size
    assert len(source.reads) <= 30
    assert graph.bytes_read == pytest.approx(sum(source.reads), abs=5000)
    assert sum(source.reads) < 1_000_000


def test_3000_medium_weights_are_read_in_few_reads():
    source = a_file_of([66_000] * 3000)

    graph = read_model(source)

    assert len(graph.tensors) == 3000
    assert len(source.reads) < 80


def test_a_source_that_gives_less_than_asked_for_is_an_error_that_names_the_byte():
    source = Counted(a_model([a_node("Relu", "x", "y")], IMAGE))
    source.size += 1000
    source.read = lambda offset, length: source.data[offset : offset + length]

    with pytest.raises(TruncatedError, match=r"ends at byte|gave"):
        read_model(source)


def test_values_near_each_other_are_read_once():
    data = a_model([], stored={f"v{k}": np.array([k]) for k in range(200)})
    source = Counted(data)

    assert len(read_model(source).values) == 200
    assert len(source.reads) <= 3


def test_the_shape_of_a_model_read_from_parts_equals_that_of_bytes():
    data = a_model([a_node("Relu", "x", "y")], IMAGE, "y")

    assert read_model(Counted(data)).sha256 == read(data).sha256
    assert shaped([a_node("Relu", "x", "y")], IMAGE, "y").tensors["y"].dims == (1, 3, 8, 8)
