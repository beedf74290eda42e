"""Our shapes and values against ONNX Runtime, run with every intermediate exposed."""

import numpy as np
import pytest

from phantomgpu.onnx import infer_shapes, read_model

onnx = pytest.importorskip("onnx", reason="builds the model that is run; absent in Pyodide")
runtime = pytest.importorskip("onnxruntime", reason="the peer to compare with; absent in Pyodide")
pytestmark = pytest.mark.corpus

SAMPLE = (
    "bert_mini_fp16", "bert_mini_int4", "bert_mini_ortfused", "densenet121_ts13_dynb",
    "efficientnet_b0_dy18_dynb", "inception_v3_ts14", "jax_small", "light_inception_v1",
    "loop_if_script_ts16", "lstm_dy18", "lstm_ts14_dyn", "mobilenet_v2_qdq_int8",
    "mobilenet_v3_large_dy20", "optimum_bert_tiny", "optimum_bert_tiny_ortfused",
    "optimum_gpt2_tiny", "optimum_gpt2_tiny_ortfused", "optimum_llama_tiny", "optimum_vit_tiny",
    "resnet18_fp16", "resnet50_ts13_dynbhw", "shufflenet_v2_ts11", "tfk_MobileNetV2",
    "tv_transformer_mha_dy18_dyn", "yolov8n_ts17_dynbhw",
)  # fmt: skip


def filled(tensor):
    """An external weight replaced by zeros."""
    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    count = int(np.prod(tensor.dims, dtype=np.int64))
    narrow = tensor.data_type in (onnx.TensorProto.INT4, onnx.TensorProto.UINT4)
    width = 0.5 if narrow else onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    del tensor.external_data[:]
    tensor.data_location = onnx.TensorProto.DEFAULT
    tensor.raw_data = bytes(int(np.ceil(count * width)))


def fill(graph):
    for tensor in graph.initializer:
        filled(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                filled(attribute.t)
            if attribute.HasField("g"):
                fill(attribute.g)


def exposed(data):
    """A session over the model whose outputs are all of its tensors."""
    model = onnx.load_from_string(data)
    fill(model.graph)
    del model.graph.value_info[:]
    names = {each.name for each in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in names:
                names.add(name)
                model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return runtime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize("name", SAMPLE)
def test_shapes_and_known_values_equal_those_of_a_run(corpus, name):
    source = corpus.source(f"corpus/{name}")
    graph = read_model(source)
    shaped = infer_shapes(graph, corpus.dims(f"corpus/{name}", graph))
    session = exposed(source.data)
    feeds = {each.name: np.ones(shaped.tensors[each.name].dims, shaped.tensors[each.name].dtype)
             for each in session.get_inputs()}  # fmt: skip

    names = [each.name for each in session.get_outputs()]
    for each, ran in zip(names, session.run(names, feeds), strict=True):
        assert shaped.tensors[each].dims == ran.shape, each
        assert shaped.tensors[each].dtype == ran.dtype.name, each
        if each in shaped.values and ran.dtype.kind in "iub":
            np.testing.assert_array_equal(shaped.values[each], ran, err_msg=each)
