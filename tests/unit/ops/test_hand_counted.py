"""One call of each less common operator, its FLOPs worked out by hand beside it."""

import pytest

from phantomgpu.errors import ShapeError
from tests.unit.ops.builders import asked

ORT, ML = "com.microsoft", "ai.onnx.ml"
S = (2, 3, 4)  # 24 elements
IMAGE = (2, 8, 4, 4)  # 256 elements


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "details", "matrix", "vector", "special"),
    [
        # name, inputs, outputs, what else | matrix, vector, special FLOPs
        ("FlexAttention", [(1, 2, 8, 4)] * 3, [(1, 2, 8, 4)], {"domain": "ai.onnx.preview"},
            2 * 128 * 8, 128 * 4, 128 + 64),
        ("DecoderAttention", [(8, 1, 16), (8, 1, 16), (16, 16), (16, 32)], [(8, 1, 16)],
            {"domain": ORT, "num_heads": 2},
            2 * 16 * (128 + 2 * 128) + 4 * 128 * 8, 5 * 128, 128 + 128),
        ("PackedAttention", [(8, 16), (16, 48), (48,), (2, 4), (3,)], [(8, 16)],
            {"domain": ORT, "num_heads": 2},
            2 * 8 * 48 * 16 + 2 * (2 * 2 * 16) * 16, 8 * 48 + 64 * 4, 64 + 128),
        ("MatMulNBitsMlp", [(4, 16), None, (16,)], [(4, 8)], {"domain": ORT, "N": 8},
            2 * 4 * 16 * 16, 4 * 64 + 10 * 64 + 2 * 256, 64),
        ("MatMulNBitsQkv", [(4, 16), None, (16,)], [(4, 8)], {"domain": ORT, "Nq": 8, "Nkv": 4},
            2 * 4 * 16 * 16, 4 * 64 + 10 * 64 + 2 * 256, 64),
        ("CDist", [(5, 3), (7, 3)], [(5, 7)], {"domain": ORT},
            2 * 5 * 7 * 3, 3 * 35 + 2 * (15 + 21), 35),
        ("SparseToDenseMatMul", [(5, 3), (3, 7)], [(5, 7)], {"domain": ORT}, 2 * 105, 0, 0),
        ("QMoE", [(4, 16), (4, 2), (2, 8, 8), None, None, (2, 16, 4)], [(4, 16)],
            {"domain": ORT, "expert_weight_bits": 4},
            2 * 4 * 16 * (8 + 8), 4 * (2 * 8 + 2 * 16), 4 * 8),
        ("FusedGemm", [(4, 8), (8, 6), (6,)], [(4, 6)], {"domain": ORT}, 2 * 192, 2 * 24, 0),
        ("QGemm", [(4, 8), (), (), (8, 6), (), ()], [(4, 6)],
            {"domain": ORT, "dtypes": ("int8",) * 6}, 2 * 192, 5 * 24, 0),
        ("FusedMatMul", [(8,), (8, 6)], [(6,)], {"domain": ORT, "activation": "Relu"},
            2 * 48, 2 * 6, 0),
        ("GemmFastGelu", [(4, 8), (8, 6)], [(4, 6)], {"domain": ORT}, 2 * 192, 9 * 24, 24),
        ("MatMul", [(4, 4), (4, 4)], [(4, 4)], {"dtypes": ("uint4", "int4")}, 2 * 64, 0, 0),
        ("FusedConv", [IMAGE, (8, 8, 1, 1), (8,)], [IMAGE], {"domain": ORT},
            2 * 256 * 8, 2 * 256, 0),
        ("Scatter", [S, (1, 3, 4), (1, 3, 4)], [S], {"reduction": "add"}, 0, 12, 0),
        ("NonZero", [S], [(3, 24)], {}, 0, 24, 0),
        ("SVMRegressor", [(10, 4)], [(10, 1)], {"domain": ML, "support_vectors": [0.0] * 12},
            2 * 10 * 3 * 4, 3 * 30, 30),
        ("OneHot", [(2, 3), (), (2,)], [(2, 3, 5)], {}, 0, 30, 0),
        ("Col2Im", [(1, 12, 4), (2,), (2,)], [(1, 3, 4, 4)], {}, 0, 48, 0),
        ("LogSoftmax", [S], [S], {}, 0, 4 * 24, 24 + 6),
        ("QLinearSoftmax", [S, (), (), (), ()], [S], {"domain": ORT}, 0, 5 * 24, 48),
        ("MeanVarianceNormalization", [IMAGE], [IMAGE], {}, 0, 6 * 256, 2 * 8),
        ("MeanVarianceNormalization", [S], [S], {"axes": [1, 7]}, 0, 6 * 24, 2 * 8),
        ("LpNormalization", [S], [S], {"axis": 1}, 0, 2 * 24, 24 + 2 * 8),
        ("BatchNormalization", [IMAGE] + [(8,)] * 4, [IMAGE], {"training_mode": 1},
            0, 6 * 256 + 24, 16),
        ("BatchNormalization", [(2, 4, 4, 8)] + [(8,)] * 4, [(2, 4, 4, 8)],
            {"domain": "com.ms.internal.nhwc"}, 0, 2 * 256 + 24, 16),
        ("InstanceNormalization", [(2, 4, 4, 8), (8,), (8,)], [(2, 4, 4, 8)],
            {"domain": "com.ms.internal.nhwc"}, 0, 8 * 256, 2 * 16),
        ("Max", [S, S, (4,)], [S], {}, 0, 2 * 24, 0),
        ("Relu", [()], [()], {}, 0, 1, 0),
        ("AffineGrid", [(2, 2, 3), (4,)], [(2, 4, 4, 2)], {}, 0, 6 * 64, 0),
        ("LRN", [IMAGE], [IMAGE], {"size": 5}, 0, 12 * 256, 2 * 256),
        ("MaxUnpool", [(1, 1, 2, 2), (1, 1, 2, 2), (4,)], [(1, 1, 4, 4)], {}, 0, 0, 0),
        ("MaxPool", [(4, 4)], [(4, 4)], {"kernel_shape": [2, 2]}, 0, 64, 0),
        ("MaxRoiPool", [IMAGE, (3, 5)], [(3, 8, 2, 2)], {}, 0, 8 * 96, 0),
        ("DynamicQuantizeLinear", [S], [S, (), ()], {}, 0, 6 * 24, 24),
        ("CumSum", [S, ()], [S], {}, 0, 24, 0),
        ("Unique", [(16,)], [(16,)], {}, 0, 16 * 4, 0),
        ("Rfft", [(2, 16)], [(2, 9, 2)], {"domain": ORT}, 0, 5 * 2 * 16 * 4 // 2, 0),
        ("Irfft", [(2, 9, 2)], [(2, 16)], {"domain": ORT}, 0, 5 * 2 * 16 * 4 // 2, 0),
        ("DFT", [(2, 16, 2), (), ()], [(2, 16, 2)], {"opset": 20, "values": {2: [1]}},
            0, 5 * 2 * 16 * 4, 0),
        ("Det", [(2, 3, 3)], [(2,)], {}, 0, 2 * 2 * 27 // 3, 6),
        ("Inverse", [(2, 3, 3)], [(2, 3, 3)], {"domain": ORT}, 0, 2 * 2 * 27, 6),
        ("NegativeLogLikelihoodLoss", [(4, 10), (4,)], [()], {}, 0, 8, 0),
        ("SoftmaxCrossEntropyLoss", [(4, 10), (4,)], [()], {}, 0, 120 + 8, 44),
        ("RandomNormal", [], [S], {}, 0, 27 * 24, 48),
        ("Gelu", [S], [S], {}, 0, 4 * 24, 24),
        ("SwiGLU", [S, S], [S], {}, 0, 5 * 24, 48),
    ],
)  # fmt: skip
def test_flops_are_those_of_the_formula(name, inputs, outputs, details, matrix, vector, special):
    done = asked(name, inputs, outputs, **details)

    assert (done.matrix_flops, done.vector_flops, done.special_flops) == (matrix, vector, special)


def test_losses_read_only_what_they_pick():
    assert asked("NegativeLogLikelihoodLoss", [(4, 10), (4,)], [()]).read == (4, 4)


def test_two_four_bit_operands_multiply_as_int4():
    done = asked("MatMul", [(4, 4), (4, 4)], [(4, 4)], dtypes=("int4", "uint4"))

    assert done.matrix_dtype == "int4"


def test_a_global_pool_of_a_blocked_graph_is_a_reduction():
    done = asked("GlobalMaxPool", [IMAGE], [(2, 8, 1, 1)], domain="com.microsoft.nchwc")

    assert (done.family, done.parallel.m, done.parallel.n) == ("reduce", 16, 16)


@pytest.mark.parametrize(
    ("name", "inputs", "details", "message"),
    [
        ("Conv", [IMAGE], {}, "input 1"),
        ("LayerNormalization", [S], {"axis": "last"}, "axis"),
        ("MaxPool", [IMAGE], {"kernel_shape": 3}, "kernel_shape"),
        ("Resize", [IMAGE], {"mode": 1}, "mode"),
        ("Attention", [(1, 8, 16), (16, 48)], {"domain": ORT, "qkv_hidden_sizes": [1]}, "widths"),
    ],
)
def test_what_does_not_fit_is_named(name, inputs, details, message):
    with pytest.raises(ShapeError, match=message) as caught:
        asked(name, inputs, [IMAGE], **details)

    assert "a_node" in caught.value.where
    assert caught.value.fix


def test_a_window_needs_to_know_its_output():
    with pytest.raises(ShapeError, match="output 0"):
        asked("MaxPool", [IMAGE], [None], kernel_shape=[2, 2])


def test_a_text_attribute_may_come_as_bytes():
    done = asked("Resize", [IMAGE], [(2, 8, 8, 8)], mode=b"linear")

    assert done.vector_flops > 0


def test_coefficients_may_come_as_an_array():
    import numpy as np

    done = asked("LinearRegressor", [(10, 4)], [(10, 1)], domain=ML, coefficients=np.ones(4))

    assert done.macs == 40
