"""Our reader and shapes against the ``onnx`` package itself."""

import numpy as np
import pytest

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from phantomgpu.onnx.graph import Graph

onnx = pytest.importorskip(
    "onnx", reason="the peer to compare with; Pyodide has its extension module alone"
)
pytestmark = pytest.mark.corpus

SAMPLE = (
    "bert_mini_int4", "bert_mini_ortfused", "densenet121_ts13_dynb", "gpt2_dy18_dyn", "jax_small",
    "light_inception_v1", "loop_if_script_ts16", "lstm_ts14_dyn", "mobilenet_v2_qdq_int8",
    "optimum_gpt2_tiny_ortfused", "optimum_llama_tiny", "resnet18_fp16", "tfk_ResNet50",
    "vit_b16_dy18_dynb", "yolov8n_ts17_dynbhw",
)  # fmt: skip


def plain(attribute):
    """An attribute as our reader gives it."""
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value) if value.data_location != 1 else None
    if attribute.type == onnx.AttributeProto.STRINGS:
        return [each.decode() for each in value]
    return list(value) if attribute.type in (6, 7) else value


def assert_same_graph(ours: Graph, theirs):
    assert [node.op_type for node in ours.nodes] == [node.op_type for node in theirs.node]
    for mine, other in zip(ours.nodes, theirs.node, strict=True):
        assert mine.inputs == tuple(other.input)
        assert mine.outputs == tuple(other.output)
        assert mine.domain == other.domain.replace("ai.onnx", "", other.domain == "ai.onnx")
        assert set(mine.attributes) == {each.name for each in other.attribute}
        for each in other.attribute:
            value = mine.attributes[each.name]
            if each.type == onnx.AttributeProto.GRAPH:
                assert_same_graph(value, each.g)
            elif isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, plain(each))
            elif value is not None:
                assert value == plain(each)
    for tensor in theirs.initializer:
        mine = ours.tensors[tensor.name]
        assert mine.is_weight
        assert mine.dims == tuple(tensor.dims)
        assert mine.dtype == FROM_ONNX[tensor.data_type]
        if tensor.name in ours.values and mine.dtype != "bfloat16":
            np.testing.assert_array_equal(
                ours.values[tensor.name], onnx.numpy_helper.to_array(tensor)
            )
    assert list(ours.outputs) == [each.name for each in theirs.output]


@pytest.mark.parametrize("name", SAMPLE)
def test_the_graph_equals_a_full_parse(corpus, name):
    source = corpus.source(f"corpus/{name}")
    whole = onnx.load_from_string(source.data)

    ours = read_model(source)

    assert_same_graph(ours, whole.graph)
    assert ours.ir_version == whole.ir_version
    stored = {each.name for each in whole.graph.initializer}
    fed = [each.name for each in whole.graph.input if each.name not in stored]
    assert list(ours.inputs) == fed
    opsets = {each.domain: each.version for each in whole.opset_import}
    assert dict(ours.opsets) == {d if d != "ai.onnx" else "": v for d, v in opsets.items()}
    assert len(ours.functions) == len(whole.functions)


@pytest.fixture(scope="module")
def cases():
    """The operator tests of ``onnx``: small models with the arrays that go in and come out."""
    from onnx.backend.test.case.node import collect_testcases

    with np.errstate(all="ignore"):
        return [case for case in collect_testcases(None) if case.model is not None]


def results(case, shaped):
    for name, value in zip(shaped.outputs, case.data_sets[0][1], strict=False):
        if isinstance(value, onnx.TensorProto):
            value = onnx.numpy_helper.to_array(value)
        if isinstance(value, np.ndarray | np.generic):
            yield name, np.asarray(value)


def test_every_operator_test_of_onnx_has_the_shape_that_comes_out_or_a_flag(cases):
    compared = 0
    for case in cases:
        source = BytesSource(case.name, case.model.SerializeToString())
        shaped = infer_shapes(read_model(source), {})
        for name, value in results(case, shaped):
            compared += 1
            assert shaped.assumptions or shaped.tensors[name].dims == value.shape, case.name
    assert compared > 1_800


def test_every_operator_test_of_onnx_with_known_inputs_has_the_value_that_comes_out(cases):
    compared = 0
    for case in cases:
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        for told, value in zip(model.graph.input, case.data_sets[0][0], strict=False):
            if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
                model.graph.initializer.append(onnx.numpy_helper.from_array(value, told.name))
        source = BytesSource(case.name, model.SerializeToString())
        shaped = infer_shapes(read_model(source), {})
        for name, value in results(case, shaped):
            if name in shaped.values and value.dtype.kind in "fiub":
                compared += 1
                assert shaped.values[name].dtype == value.dtype, case.name
                np.testing.assert_allclose(
                    shaped.values[name], value, rtol=1e-3, atol=1e-3, err_msg=case.name
                )
    assert compared > 700
