"""A file without its weights is the same model, and no weight is read to make it."""

import gzip

import numpy as np
import pytest

from phantomgpu.errors import FormatError, GraphError, TruncatedError
from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from phantomgpu.onnx.weightless import KEPT_ELEMENTS, rewritten
from phantomgpu.onnx.write import model_bytes
from tests.unit.onnx.builders import a_model, a_node

LARGE = 2_000_000


class Watched:
    """A source that counts what is read of it."""

    name = "model.onnx"

    def __init__(self, data):
        self.data, self.size, self.read_bytes = data, len(data), 0

    def read(self, offset, length):
        self.read_bytes += length
        return self.data[offset : offset + length]


def a_file(*, elements=LARGE, batch="n"):
    """``x @ w + b`` with a large weight and a small one."""
    weights = {
        "w": np.ones((elements // 10, 10), np.float32),
        "b": np.arange(10, dtype=np.float32),
    }
    nodes = [a_node("MatMul", "x w", "y"), a_node("Add", "y b", "z")]
    inputs = {"x": ("float32", (batch, elements // 10))}
    return a_model(nodes, inputs, stored=weights)


def made(data, **how):
    return b"".join(rewritten(BytesSource("model.onnx", data), **how))


def graph_of(data):
    return read_model(BytesSource("model.onnx", data))


def test_large_weights_are_left_out_and_small_ones_stay():
    small = made(a_file())

    graph = graph_of(small)
    assert len(small) < 2000
    assert graph.tensors["w"].dims == (LARGE // 10, 10)
    assert list(graph.values["b"]) == list(range(10))


def test_no_weight_is_read_to_leave_it_out():
    watched = Watched(a_file())

    b"".join(rewritten(watched))

    assert watched.read_bytes < watched.size / 50


def test_the_graph_is_the_same_one():
    data = a_file()

    assert graph_of(made(data)).sha256 == graph_of(data).sha256
    assert graph_of(made(data)).weight_bytes == graph_of(data).weight_bytes


def test_kept_weights_are_the_same_bytes():
    data = a_file(elements=20_000)

    assert made(data, keep_weights=True) == data


def test_leaving_weights_out_twice_changes_nothing():
    once = made(a_file())

    assert made(once) == once


def test_a_tensor_of_just_the_most_elements_stays():
    assert graph_of(made(a_file(elements=KEPT_ELEMENTS // 10 * 10))).external == ()


def test_a_free_dimension_is_fixed():
    graph = graph_of(made(a_file(), dims={"n": 8}))

    assert graph.tensors["x"].dims == (8, LARGE // 10)


def test_a_free_dimension_is_named_anew():
    graph = graph_of(made(a_file(batch="unk__7"), names={"unk__7": "batch"}))

    assert graph.tensors["x"].dims == ("batch", LARGE // 10)


def test_a_dimension_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(GraphError, match="no free dimension sequence") as caught:
        made(a_file(), dims={"sequence": 8})

    assert "n" in caught.value.fix


def test_a_large_constant_becomes_a_weight_that_is_left_out():
    nodes = [a_node("Constant", "", "c", value=np.ones((64, 64), "f4")), a_node("Add", "x c", "y")]

    graph = graph_of(made(a_model(nodes, {"x": ("float32", (64, 64))})))

    assert [node.op_type for node in graph.nodes] == ["Add"]
    assert graph.tensors["c"].dims == (64, 64)
    assert infer_shapes(graph, {}).tensors["y"].dims == (64, 64)


def test_a_small_constant_stays_a_node():
    nodes = [a_node("Constant", "", "c", value=np.ones((2, 2), "f4")), a_node("Add", "x c", "y")]
    data = a_model(nodes, {"x": ("float32", (2, 2))})

    assert made(data) == data


@pytest.mark.parametrize("name", ["resnet50", "bert-base", "yolov8n"])
def test_a_built_in_model_has_no_weights_to_leave_out(repository, name):
    path = repository / "profiles" / "models" / f"{name}.onnx.gz"
    if not path.is_file():
        pytest.fail(f"{path} is gone: name another built-in model")
    data = gzip.decompress(path.read_bytes())

    assert graph_of(made(data)).sha256 == graph_of(data).sha256


def test_a_graph_that_is_written_is_the_one_that_was_read(repository):
    path = repository / "profiles" / "models" / "resnet50.onnx.gz"
    graph = graph_of(gzip.decompress(path.read_bytes()))

    assert graph_of(model_bytes(graph)).sha256 == graph.sha256


def test_a_cut_file_is_called_cut():
    data = a_file(elements=20_000)

    with pytest.raises((TruncatedError, FormatError)):
        made(data[:-100])
