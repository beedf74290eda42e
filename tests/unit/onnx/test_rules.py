"""Operators that the schemas of ``onnx`` do not shape: contrib, ``ai.onnx.ml``, old opsets."""

import numpy as np
import pytest

from tests.unit.onnx.builders import a_node, shaped

F, F16, I64, U8 = "float32", "float16", "int64", "uint8"
HIDDEN = (2, 10, 64)


def outputs(op_type, inputs, *, domain="com.microsoft", opset=17, stored=None, count=1, **more):
    """dtype and dims of each output of one call; inputs by position, None for an omitted one."""
    names = ["_" if each is None else f"i{k}" for k, each in enumerate(inputs)]
    given = {f"i{k}": each for k, each in enumerate(inputs) if isinstance(each, tuple)}
    known = {f"i{k}": each for k, each in enumerate(inputs) if isinstance(each, np.ndarray)}
    outs = " ".join(f"o{k}" for k in range(count))
    node = a_node(op_type, " ".join(names), outs, domain=domain, **more)
    graph = shaped(
        [node], given, outs, opset=opset, stored=known | (stored or {}),
        domains=(domain,) if domain else (),
    )  # fmt: skip
    assert not graph.assumptions
    found = [graph.tensors[f"o{k}"] for k in range(count)]
    return [(each.dtype, each.dims) for each in found]


@pytest.mark.parametrize(
    "op_type", ["BiasGelu", "FastGelu", "QuickGelu", "Gelu", "RotaryEmbedding", "GroupNorm"]
)
def test_a_fused_activation_is_as_its_input(op_type):
    assert outputs(op_type, [(F16, HIDDEN), (F16, (64,))]) == [(F16, HIDDEN)]


@pytest.mark.parametrize("op_type", ["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"])
def test_a_skip_norm_gives_its_sum_as_fourth_output(op_type):
    found = outputs(op_type, [(F16, HIDDEN), (F16, HIDDEN), (F16, (64,))], count=4)

    assert found == [(F16, HIDDEN), (F, (2, 10, 1)), (F, (2, 10, 1)), (F16, HIDDEN)]


@pytest.mark.parametrize("op_type", ["LayerNormalization", "SimplifiedLayerNormalization"])
def test_a_norm_that_onnxruntime_wrote_into_the_standard_domain_is_known(op_type):
    found = outputs(op_type, [(F, HIDDEN), (F, (64,))], domain="", opset=14, axis=-1)

    assert found == [(F, HIDDEN)]


def test_attention_projects_and_returns_what_it_saw():
    inputs = [(F, (2, 10, 32)), (F, (32, 192)), (F, (192,)), None, (F, (2, 2, 4, 5, 16))]

    assert outputs("Attention", inputs, num_heads=4, count=2) == [
        (F, (2, 10, 64)), (F, (2, 2, 4, 15, 16))
    ]  # fmt: skip


def test_multi_head_attention_of_separate_inputs():
    inputs = [(F, HIDDEN), (F, (2, 7, 64)), (F, (2, 7, 32))]

    assert outputs("MultiHeadAttention", inputs, num_heads=4, count=3) == [
        (F, (2, 10, 32)), (F, (2, 4, 7, 16)), (F, (2, 4, 7, 8))
    ]  # fmt: skip


def test_multi_head_attention_of_packed_inputs():
    inputs = [(F, (2, 10, 4, 3, 16)), None, None]

    assert outputs("MultiHeadAttention", inputs, num_heads=4) == [(F, (2, 10, 64))]


def test_group_query_attention_of_separate_inputs_with_a_past():
    past = (F16, (2, 2, 5, 16))
    inputs = [(F16, HIDDEN), (F16, (2, 10, 32)), (F16, (2, 10, 32)), past, past]

    found = outputs("GroupQueryAttention", inputs, num_heads=4, kv_num_heads=2, count=3)

    assert found == [(F16, HIDDEN), (F16, (2, 2, 15, 16)), (F16, (2, 2, 15, 16))]


def test_group_query_attention_of_packed_inputs_in_a_shared_buffer():
    past = (F16, (2, 2, 100, 16))
    inputs = [(F16, (2, 10, 128)), None, None, past, past, ("int32", (2,)), np.array(20, np.int32)]

    found = outputs("GroupQueryAttention", inputs, num_heads=4, kv_num_heads=2, count=2)

    assert found == [(F16, (2, 10, 64)), (F16, (2, 2, 100, 16))]


def test_embed_layer_normalization_looks_up_and_adds():
    inputs = [("int32", (2, 10)), None, (F, (100, 64)), (F, (50, 64))]

    assert outputs("EmbedLayerNormalization", inputs, count=2) == [(F, HIDDEN), ("int32", (2,))]


def test_fused_matmul_transposes_what_it_is_told_to():
    inputs = [(F, (2, 4, 8, 16)), (F, (2, 4, 10, 16))]

    assert outputs("FusedMatMul", inputs, transB=1, alpha=0.5) == [(F, (2, 4, 8, 10))]


@pytest.mark.parametrize("op_type", ["MatMulNBits", "MatMulBnb4"])
def test_a_product_with_packed_weights_has_n_columns(op_type):
    inputs = [(F16, HIDDEN), (U8, (100, 2, 16)), (F16, (200,))]

    assert outputs(op_type, inputs, K=64, N=100, bits=4, block_size=32) == [(F16, (2, 10, 100))]


def test_quantised_products_have_the_dtype_of_their_scale():
    a, b, scale = (U8, (2, 10, 64)), (U8, (64, 5)), (F, ())

    assert outputs("DynamicQuantizeMatMul", [(F, HIDDEN), b, scale]) == [(F, (2, 10, 5))]
    assert outputs("MatMulIntegerToFloat", [a, b, (F16, ()), scale]) == [(F16, (2, 10, 5))]
    assert outputs("QGemm", [(U8, (8, 64)), scale, (U8, ()), b, scale, (U8, ())]) == [(F, (8, 5))]


def test_quantised_binary_operators_broadcast():
    scale, zero = (F, ()), (U8, ())
    inputs = [(U8, (2, 3, 4)), scale, zero, (U8, (3, 1)), scale, zero, scale, zero]

    assert outputs("QLinearAdd", inputs) == [(U8, (2, 3, 4))]


def test_quantised_concat_and_pool():
    scale, zero, x = (F, ()), (U8, ()), (U8, (1, 3, 8, 8))

    assert outputs("QLinearConcat", [scale, zero, x, scale, zero, x, scale, zero], axis=1) == [
        (U8, (1, 6, 8, 8))
    ]
    pool = outputs("QLinearAveragePool", [x, scale, zero, scale, zero], kernel_shape=[2, 2],
                   strides=[2, 2])  # fmt: skip
    assert pool == [(U8, (1, 3, 4, 4))]


def test_fused_conv_and_gemm_are_shaped_as_what_they_fuse():
    conv = outputs("FusedConv", [(F, (1, 3, 8, 8)), (F, (4, 3, 3, 3))], strides=[2, 2],
                   pads=[1, 1, 1, 1], activation="Relu")  # fmt: skip
    gemm = outputs("FusedGemm", [(F, (2, 8)), (F, (5, 8))], transB=1, activation="Relu")

    assert conv == [(F, (1, 4, 4, 4))]
    assert gemm == [(F, (2, 5))]


@pytest.mark.parametrize(
    ("op_type", "inputs", "attributes", "found"),
    [
        ("PackedAttention", [(F, (30, 32)), (F, (32, 192)), (F, (192,))], {"num_heads": 4},
         [(F, (30, 64))]),
        ("PackedMultiHeadAttention", [(F, (30, 4, 3, 16)), None, None], {"num_heads": 4},
         [(F, (30, 64))]),
        ("RelativePositionBias", [(F, (32, 8)), np.array(10), np.array(12)], {},
         [(F, (1, 8, 10, 12))]),
        ("GatedRelativePositionBias", [(F, HIDDEN)], {"num_heads": 8}, [(F, (2, 8, 10, 10))]),
        ("QAttention", [(U8, (2, 10, 32)), (U8, (32, 192)), (F, (192,)), (F, ()), (F, ())],
         {"num_heads": 4}, [(F, (2, 10, 64))]),
        ("BiasSplitGelu", [(F, (2, 10, 64)), (F, (64,))], {}, [(F, (2, 10, 32))]),
        ("QLinearWhere", [("bool", (4, 1)), (U8, (3,)), (F, ()), (U8, ()), (U8, (4, 3))], {},
         [(U8, (4, 3))]),
        ("QuantizeLinear", [(F, (2, 3)), (F, ()), ("uint16", ())], {}, [("uint16", (2, 3))]),
        ("DequantizeLinear", [("uint16", (2, 3)), (F16, ())], {}, [(F16, (2, 3))]),
        ("DynamicQuantizeLSTM", [(F, (7, 2, 4)), (U8, (1, 4, 20)), (U8, (1, 5, 20))],
         {"hidden_size": 5}, [(F, (7, 1, 2, 5)), (F, (1, 2, 5)), (F, (1, 2, 5))]),
        ("GreedySearch", [("int32", (2, 5)), np.array(20)], {}, [("int32", (2, 20))]),
        ("BeamSearch", [("int32", (2, 5)), np.array(20), np.array(1), np.array(4), np.array(3)],
         {}, [("int32", (2, 3, 20))]),
        ("FusedMatMul", [(F, (8, 3, 4)), (F, (3, 4, 5))], {"transBatchA": 1},
         [(F, (3, 8, 5))]),
        ("MatMulInteger16", [("int16", (4,)), ("int16", (4, 5))], {}, [("int32", (5,))]),
        ("BiasAdd", [(F, (2, 3, 4)), (F, (4,)), (F, (2, 3, 4))], {}, [(F, (2, 3, 4))]),
        ("DecoderMaskedMultiHeadAttention",
         [(F, (2, 1, 64)), (F, (2, 1, 64)), (F, (2, 1, 64)), None, None, (F, (2, 4, 50, 16)),
          (F, (2, 4, 50, 16))], {"num_heads": 4, "past_present_share_buffer": 1},
         [(F, (2, 1, 64)), (F, (2, 4, 50, 16))]),
    ],
)  # fmt: skip
def test_contrib_operators(op_type, inputs, attributes, found):
    assert outputs(op_type, inputs, count=len(found), **attributes) == found


def test_a_table_of_another_dtype_is_taken_as_runtimes_do():
    """The schema of MaxPool at opset 8 knows no uint8; ONNX Runtime does."""
    found = outputs("MaxPool", [(U8, (1, 3, 8, 8))], domain="", opset=8, kernel_shape=[2, 2],
                    strides=[2, 2])  # fmt: skip

    assert found == [(U8, (1, 3, 4, 4))]


def test_a_packed_table_gives_rows_of_twice_its_bytes():
    inputs = [(U8, (1000, 32)), (I64, (2, 7)), (F16, (1000, 2))]

    assert outputs("GatherBlockQuantized", inputs, bits=4, block_size=32) == [(F16, (2, 7, 64))]


def test_blocked_channels_go_there_and_back():
    blocked = outputs("ReorderInput", [(F, (1, 3, 8, 8))], domain="com.microsoft.nchwc")
    plain = outputs(
        "ReorderOutput", [(F, (1, 16, 8, 8))], domain="com.microsoft.nchwc", channels=10
    )

    assert blocked == [(F, (1, 3, 8, 8))]
    assert plain == [(F, (1, 10, 8, 8))]


@pytest.mark.parametrize(
    ("op_type", "attributes", "dims"),
    [
        ("Scaler", {"offset": [0.0], "scale": [1.0]}, (5, 4)),
        ("Normalizer", {"norm": "L2"}, (5, 4)),
        ("LinearRegressor", {"targets": 3}, (5, 3)),
        ("SVMRegressor", {}, (5, 1)),
        ("TreeEnsembleRegressor", {"n_targets": 2}, (5, 2)),
        ("ZipMap", {"classlabels_int64s": [0, 1, 2, 3]}, (5, 4)),
        ("FeatureVectorizer", {"inputdimensions": [4]}, (5, 4)),
    ],
)
def test_classical_models_are_shaped_by_rows(op_type, attributes, dims):
    assert outputs(op_type, [(F, (5, 4))], domain="ai.onnx.ml", **attributes) == [(F, dims)]


@pytest.mark.parametrize(
    ("op_type", "labels"),
    [("TreeEnsembleClassifier", "classlabels_int64s"), ("LinearClassifier", "classlabels_ints"),
     ("SVMClassifier", "classlabels_ints")],
)  # fmt: skip
def test_a_classifier_gives_labels_and_scores(op_type, labels):
    found = outputs(op_type, [(F, (5, 4))], domain="ai.onnx.ml", count=2, **{labels: [0, 1, 2]})

    assert found == [(I64, (5,)), (F, (5, 3))]


@pytest.mark.parametrize(
    ("op_type", "opset", "inputs", "attributes", "found"),
    [
        ("Add", 6, [(F, (2, 3, 4)), (F, (3,))], {"broadcast": 1, "axis": 1}, [(F, (2, 3, 4))]),
        ("Dropout", 6, [(F, (2, 3))], {"ratio": 0.5}, [(F, (2, 3)), (F, (2, 3))]),
        ("Dropout", 10, [(F, (2, 3))], {"ratio": 0.5}, [(F, (2, 3)), ("bool", (2, 3))]),
        ("Reshape", 4, [(F, (2, 3))], {"shape": [3, -1]}, [(F, (3, 2))]),
        ("Upsample", 6, [(F, (1, 2, 3, 4))], {"width_scale": 2.0, "height_scale": 3.0},
         [(F, (1, 2, 9, 8))]),
        ("GreaterOrEqual", 12, [(F, (2, 1)), (F, (3,))], {}, [("bool", (2, 3))]),
        ("LpPool", 17, [(F, (1, 2, 8, 8))], {"kernel_shape": [2, 2], "strides": [2, 2]},
         [(F, (1, 2, 4, 4))]),
        ("GroupNormalization", 18, [(F, (1, 4, 8)), (F, (2,)), (F, (2,))], {"num_groups": 2},
         [(F, (1, 4, 8))]),
        ("Concat", 3, [(F, (2, 3)), (F, (2, 4))], {}, [(F, (2, 7))]),
        ("Pad", 1, [(F, (2, 3))], {"paddings": [0, 1, 0, 2]}, [(F, (2, 6))]),
        ("BatchNormalization", 5, [(F, (2, 3, 4)), *[(F, (3,))] * 4], {"is_test": 1},
         [(F, (2, 3, 4))]),
        ("Cast", 5, [(F, (2, 3))], {"to": "FLOAT16"}, [(F16, (2, 3))]),
        ("Split", 1, [(F, (2, 6))], {"axis": 1}, [(F, (2, 3)), (F, (2, 3))]),
        ("GRU", 1, [(F, (7, 2, 4)), (F, (1, 15, 4)), (F, (1, 15, 5))], {"hidden_size": 5},
         [(F, (7, 1, 2, 5)), (F, (1, 2, 5))]),
        ("STFT", 17, [(F, (2, 400, 1)), np.array(10), None, np.array(16)], {},
         [(F, (2, 39, 9, 2))]),
    ],
)  # fmt: skip
def test_operators_of_old_opsets(op_type, opset, inputs, attributes, found):
    made = outputs(op_type, inputs, domain="", opset=opset, count=len(found), **attributes)

    assert made == found


def test_an_unknown_operator_is_as_its_first_input_and_named():
    graph = shaped([a_node("Warp", "x", "y", domain="acme")], {"x": (F, (2, 3))}, "y",
                   domains=("acme",))  # fmt: skip

    assert graph.tensors["y"].dims == (2, 3)
    assert graph.assumptions[0].reason.startswith("acme.Warp is unknown")


def test_an_unknown_operator_whose_shape_the_file_tells_has_that():
    graph = shaped([a_node("Warp", "x", "y", domain="acme")], {"x": (F, ("N", 3))},
                   {"y": (F16, ("N", 7))}, domains=("acme",), dims={"N": 4})  # fmt: skip

    assert (graph.tensors["y"].dtype, graph.tensors["y"].dims) == (F16, (4, 7))
