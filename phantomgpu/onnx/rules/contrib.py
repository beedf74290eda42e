"""What ONNX Runtime adds: fused, quantised and attention operators of ``com.microsoft``.

Source of every rule: onnxruntime, docs/ContribOperators.md.
"""

from collections.abc import Callable
from typing import Final

from phantomgpu.onnx.call import Call, Typed, broadcast, normal
from phantomgpu.onnx.rules import attention
from phantomgpu.onnx.rules.standard import common, same

Rule = Callable[[Call], list[Typed]]


def norm(call: Call) -> list[Typed]:
    """Output as the input; mean and deviation ``[..., 1]`` in fp32, from ``axis`` on."""
    dims = call.dims(0)
    axis = call.axis(-1, len(dims))
    rows = (*dims[:axis], *(1,) * (len(dims) - axis))
    return ([(call.dtype(0), dims)] + [("float32", rows)] * 2)[: call.outputs]


def skip_norm(call: Call) -> list[Typed]:
    """Output and sum as the input; mean and deviation ``[..., 1]``."""
    dims, dtype = call.dims(0), call.dtype(0)
    rows = (*dims[:-1], 1)
    both: list[Typed] = [(dtype, dims), ("float32", rows), ("float32", rows), (dtype, dims)]
    return both[: call.outputs]


def embed_norm(call: Call) -> list[Typed]:
    """Look up ``[batch, tokens]`` in ``[words, hidden]``: ``[batch, tokens, hidden]``."""
    batch, tokens = call.dims(0)
    out: Typed = (call.dtype(2), (batch, tokens, call.dims(2)[1]))
    if call.op_type.startswith("Q"):
        out = ("float32", out[1])
    both: list[Typed] = [out, ("int32", (batch,)), out]
    return both[: call.outputs]


def matmul(call: Call) -> list[Typed]:
    """Multiply ``[*batch, m, k]`` by ``[*batch, k, n]``, either stored transposed."""
    flags = call.attributes
    a = _transposed(call.dims(0), flags.get("transA"), flags.get("transBatchA"))
    b = _transposed(call.dims(1), flags.get("transB"), flags.get("transBatchB"))
    return [(_matmul_dtype(call), _product(a, b))]


def _product(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    left = (1, *a) if len(a) == 1 else a
    right = (*b, 1) if len(b) == 1 else b
    if left[-1] != right[-2]:
        raise ValueError(f"{list(a)} by {list(b)}: {left[-1]} is not {right[-2]}")
    out = (*broadcast(left[:-2], right[:-2]), left[-2], right[-1])
    if len(a) == 1:
        out = (*out[:-2], out[-1])
    return out[:-1] if len(b) == 1 else out


def _transposed(dims: tuple[int, ...], last: object, batch: object) -> tuple[int, ...]:
    if batch and len(dims) > 2:
        dims = (*dims[1:-1], dims[0], dims[-1])
    return (*dims[:-2], dims[-1], dims[-2]) if last and len(dims) > 1 else dims


def _matmul_dtype(call: Call) -> str:
    if call.op_type == "MatMulIntegerToFloat":
        return call.dtype(2)
    if call.op_type == "MatMulInteger16":
        return "int32"
    return call.dtype(0)


def matmul_bits(call: Call) -> list[Typed]:
    """Multiply ``[..., K]`` by a packed ``[K, N]``: ``[..., N]``."""
    return [(call.dtype(0), (*call.dims(0)[:-1], int(call.attributes["N"])))]


def qlinear_gemm(call: Call) -> list[Typed]:
    """``A, scale, zero, B, scale, zero, C, scale, zero``: float where no output scale is given."""
    a, b = call.dims(0), call.dims(3)
    m = a[1] if call.attributes.get("transA") else a[0]
    n = b[0] if call.attributes.get("transB") else b[1]
    return [(call.dtype(0) if call.has(7) else call.dtype(1), (m, n))]


def qlinear_matmul(call: Call) -> list[Typed]:
    """``QLinearMatMul`` of the contrib domain: ``A, scale, zero, B, ...``."""
    return [(call.dtype(0), _product(call.dims(0), call.dims(3)))]


def qlinear_binary(call: Call) -> list[Typed]:
    """Two quantised inputs broadcast against each other: ``A, scale, zero, B, ...``."""
    return [(call.dtype(0), broadcast(call.dims(0), call.dims(3)))]


def qlinear_where(call: Call) -> list[Typed]:
    """``condition, X, scale, zero, Y, ...`` broadcast against each other."""
    return [(call.dtype(1), broadcast(call.dims(0), call.dims(1), call.dims(4)))]


def qlinear_concat(call: Call) -> list[Typed]:
    """``scale, zero, (X, scale, zero)...`` behind each other along ``axis``."""
    parts = [call.dims(index) for index in range(2, len(call.inputs), 3)]
    axis = normal(call.attributes["axis"], len(parts[0]))
    total = sum(part[axis] for part in parts)
    return [(call.dtype(2), (*parts[0][:axis], total, *parts[0][axis + 1 :]))]


def quantize(call: Call) -> list[Typed]:
    """As the input, in the dtype of the zero point."""
    return [(call.dtype(2) if call.has(2) else "uint8", call.dims(0))]


def dequantize(call: Call) -> list[Typed]:
    """As the input, in the dtype of the scale."""
    return [(call.dtype(1), call.dims(0))]


def gather_quantized(call: Call) -> list[Typed]:
    """Rows of a packed table: the axis is replaced by the indices' sizes."""
    data, indices = list(call.dims(0)), call.dims(1)
    axis = normal(call.attributes.get("gather_axis", 0), len(data))
    if call.dtype(0) == "uint8" and call.attributes.get("bits", 4) == 4:
        packed = normal(call.attributes.get("quantize_axis", 1), len(data))
        data[packed] *= 2
    return [(call.dtype(2), (*data[:axis], *indices, *data[axis + 1 :]))]


def halved(call: Call) -> list[Typed]:
    """A gate and a value side by side: half as many channels."""
    dims = call.dims(0)
    return [(call.dtype(0), (*dims[:-1], dims[-1] // 2))]


def lstm(call: Call) -> list[Typed]:
    """``[steps, directions, batch, hidden]``, the last state and cell."""
    steps, batch, _ = call.dims(0)
    directions, hidden = call.dims(2)[0], int(call.attributes["hidden_size"])
    dtype, last = call.dtype(0), (directions, batch, hidden)
    every: list[Typed] = [(dtype, (steps, directions, batch, hidden)), (dtype, last), (dtype, last)]
    return every[: call.outputs]


def reorder_output(call: Call) -> list[Typed]:
    """Blocked channels back to plain ones."""
    dims = call.dims(0)
    channels = int(call.attributes["channels"])
    if call.attributes.get("channels_last"):
        return [(call.dtype(0), (dims[0], *dims[2:], channels))]
    return [(call.dtype(0), (dims[0], channels, *dims[2:]))]


def reorder_input(call: Call) -> list[Typed]:
    """Plain channels to blocked ones."""
    dims = call.dims(0)
    if call.attributes.get("channels_last"):
        return [(call.dtype(0), (dims[0], dims[-1], *dims[1:-1]))]
    return same(call)


def search(call: Call) -> list[Typed]:
    """Generated tokens ``[batch, sequences, max_length]``."""
    length = call.ints(1)
    if length is None:
        raise LookupError("max_length is computed from data")
    beams = call.ints(4) if call.op_type == "BeamSearch" and call.has(4) else None
    batch = call.dims(0)[0]
    dims = (batch, beams[0], length[0]) if beams else (batch, length[0])
    return [("int32", dims)] + [("float32", (batch,))] * (call.outputs - 1)


CONTRIB: Final[dict[str, Rule]] = {
    **dict.fromkeys(
        ("BiasGelu", "FastGelu", "QuickGelu", "Gelu", "BiasDropout", "BitmaskDropout",
         "BiasSoftmax", "RotaryEmbedding", "GroupNorm", "SkipGroupNorm", "QLinearSigmoid",
         "QLinearLeakyRelu", "QLinearSoftmax", "MoE", "QMoE", "LongformerAttention", "Inverse",
         "Silu", "Affine", "ImageScaler", "ParametricSoftplus", "ScaledTanh", "ThresholdedRelu",
         "MeanVarianceNormalization", "NGramRepeatBlock", "GemmFastGelu", "SimplifiedGelu"), same),
    **dict.fromkeys(
        ("LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"), norm),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), skip_norm),
    **dict.fromkeys(("EmbedLayerNormalization", "QEmbedLayerNormalization"), embed_norm),
    **dict.fromkeys(
        ("FusedMatMul", "FusedMatMulActivation", "TransposeMatMul", "DynamicQuantizeMatMul",
         "MatMulIntegerToFloat", "MatMulInteger16", "SparseToDenseMatMul", "GemmFastGelu"), matmul),
    **dict.fromkeys(("MatMulNBits", "MatMulBnb4", "MatMulFpQ4"), matmul_bits),
    **dict.fromkeys(("QLinearAdd", "QLinearMul"), qlinear_binary),
    **dict.fromkeys(("BiasAdd", "ComplexMul"), common),
    "BiasSplitGelu": halved, "QGemm": qlinear_gemm, "QLinearMatMul": qlinear_matmul,
    "QLinearWhere": qlinear_where,
    "QLinearConcat": qlinear_concat, "QuantizeLinear": quantize, "DequantizeLinear": dequantize,
    "GatherBlockQuantized": gather_quantized, "DynamicQuantizeLSTM": lstm,
    "ReorderOutput": reorder_output, "ReorderInput": reorder_input,
    **dict.fromkeys(("BeamSearch", "GreedySearch", "Sampling"), search),
    **attention.RULES,
}  # fmt: skip
"""By operator of the contrib domains."""

NOT_STANDARD: Final[dict[str, int]] = {
    "SimplifiedLayerNormalization": 10_000, "SkipLayerNormalization": 10_000,
    "SkipSimplifiedLayerNormalization": 10_000, "FusedMatMul": 10_000, "BiasGelu": 10_000,
    "FastGelu": 10_000, "QuickGelu": 10_000, "Affine": 10_000, "ImageScaler": 10_000,
    "ParametricSoftplus": 10_000, "ScaledTanh": 10_000, "EmbedLayerNormalization": 10_000,
    "LayerNormalization": 17, "Gelu": 20, "RotaryEmbedding": 23, "RMSNormalization": 23,
    "MultiHeadAttention": 10_000, "GroupQueryAttention": 10_000, "Attention": 23,
    "ThresholdedRelu": 10,
}  # fmt: skip
"""What ONNX Runtime writes into the standard domain, and the opset that made it standard."""
