"""TensorFlow Lite's operators that compute: convolutions, products, pointwise, reductions."""

from typing import Any, Final

import numpy as np

from phantomgpu.converters.runners.tflite_file import OperatorInfo
from phantomgpu.converters.runners.tflite_graph import CHANNELS_FIRST, PLAIN, TO_FIRST, Building
from phantomgpu.converters.runners.tflite_rule import (
    Rule,
    activated,
    clip,
    for_all,
    fused_activation,
    known_numbers,
    sizes,
)

_UNARY: Final = {
    "RELU": "Relu", "LOGISTIC": "Sigmoid", "TANH": "Tanh", "ELU": "Elu", "EXP": "Exp",
    "LOG": "Log", "SQRT": "Sqrt", "NEG": "Neg", "ABS": "Abs", "SIN": "Sin", "COS": "Cos",
    "FLOOR": "Floor", "CEIL": "Ceil", "ROUND": "Round", "SIGN": "Sign", "LOGICAL_NOT": "Not",
    "HARD_SWISH": "HardSwish", "LEAKY_RELU": "LeakyRelu",
}  # fmt: skip
_BINARY: Final = {
    "ADD": "Add", "SUB": "Sub", "MUL": "Mul", "DIV": "Div", "MAXIMUM": "Max", "MINIMUM": "Min",
    "POW": "Pow", "PRELU": "PRelu", "GREATER": "Greater", "GREATER_EQUAL": "GreaterOrEqual",
    "LESS": "Less", "LESS_EQUAL": "LessOrEqual", "EQUAL": "Equal", "LOGICAL_AND": "And",
    "LOGICAL_OR": "Or", "FLOOR_MOD": "Mod",
}  # fmt: skip
_REDUCTIONS: Final = {
    "MEAN": "ReduceMean", "SUM": "ReduceSum", "REDUCE_MAX": "ReduceMax", "REDUCE_MIN": "ReduceMin",
    "REDUCE_PROD": "ReduceProd",
}  # fmt: skip


def _convolution(build: Building, op: OperatorInfo) -> None:
    o, (image, weight) = op.options, op.inputs[:2]
    out, height, width, inner = sizes(build, weight)
    channels = int(build.info(image).dims[3])
    if op.name == "DEPTHWISE_CONV_2D":
        dims, group = [inner, 1, height, width], channels
    else:
        dims, group = [out, inner, height, width], channels // inner
    inputs = [build.get(image, CHANNELS_FIRST), build.weight(weight, dims)]
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        inputs.append(build.get(op.inputs[2]))
    made = build.node(
        "Conv", inputs, group=group, kernel_shape=[height, width],
        strides=[o.StrideH(), o.StrideW()],
        dilations=[o.DilationHFactor(), o.DilationWFactor()], auto_pad=_pad_word(o.Padding()),
    )  # fmt: skip
    build.put(op.outputs[0], activated(build, made, fused_activation(op)), CHANNELS_FIRST)


def _transposed_convolution(build: Building, op: OperatorInfo) -> None:
    weight, image = op.inputs[1:3]
    out, height, width, inner = sizes(build, weight)
    inputs = [build.get(image, CHANNELS_FIRST), build.weight(weight, [inner, out, height, width])]
    if len(op.inputs) > 3 and op.inputs[3] >= 0:
        inputs.append(build.get(op.inputs[3]))
    shape = [int(size) for size in build.info(op.outputs[0]).dims[1:3]]
    made = build.node(
        "ConvTranspose", inputs, kernel_shape=[height, width], output_shape=shape,
        strides=[op.options.StrideH(), op.options.StrideW()],
    )  # fmt: skip
    build.put(op.outputs[0], made, CHANNELS_FIRST)


def _pad_word(padding: int) -> str:
    return "VALID" if padding else "SAME_UPPER"


def _pool(build: Building, op: OperatorInfo) -> None:
    o = op.options
    made = build.node(
        "MaxPool" if op.name == "MAX_POOL_2D" else "AveragePool",
        [build.get(op.inputs[0], CHANNELS_FIRST)],
        kernel_shape=[o.FilterHeight(), o.FilterWidth()],
        strides=[o.StrideH(), o.StrideW()],
        auto_pad=_pad_word(o.Padding()),
    )
    build.put(op.outputs[0], activated(build, made, fused_activation(op)), CHANNELS_FIRST)


def _fully_connected(build: Building, op: OperatorInfo) -> None:
    out, inner = sizes(build, op.inputs[1])
    given = build.get(op.inputs[0])
    weight = build.weight(op.inputs[1], [inner, out])
    keeps = bool(op.options.KeepNumDims())
    if len(build.info(op.inputs[0]).dims) != 2 and not keeps:
        given = build.node("Reshape", [given, build.constant([-1, inner], "int64")])
    made = build.node("MatMul", [given, weight])
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        made = build.node("Add", [made, build.get(op.inputs[2])])
    build.put(op.outputs[0], activated(build, made, fused_activation(op)))


def _batch_matmul(build: Building, op: OperatorInfo) -> None:
    inputs = []
    for number, turned in zip(op.inputs, (op.options.AdjX(), op.options.AdjY()), strict=True):
        name = build.get(number)
        rank = len(build.info(number).dims)
        if turned:
            order = [*range(rank - 2), rank - 1, rank - 2]
            name = build.node("Transpose", [name], perm=order)
        inputs.append(name)
    build.put(op.outputs[0], build.node("MatMul", inputs))


def _binary(build: Building, op: OperatorInfo) -> None:
    layout = CHANNELS_FIRST if build.is_first(*op.inputs) else PLAIN
    inputs = [_operand(build, number, layout) for number in op.inputs]
    made = build.node(_BINARY[op.name], inputs)
    if op.name in ("ADD", "SUB", "MUL", "DIV"):
        made = activated(build, made, fused_activation(op))
    build.put(op.outputs[0], made, layout)


def _operand(build: Building, number: int, layout: str) -> str:
    """An operand that broadcasts: one of channels alone is spread over the image."""
    dims = build.info(number).dims
    if layout == CHANNELS_FIRST and len(dims) == 1:
        return build.weight(number, [int(dims[0]), 1, 1], suffix="/channels")
    return build.get(number, layout)


def _squared_difference(build: Building, op: OperatorInfo) -> None:
    layout = CHANNELS_FIRST if build.is_first(*op.inputs) else PLAIN
    less = build.node("Sub", [_operand(build, number, layout) for number in op.inputs])
    build.put(op.outputs[0], build.node("Mul", [less, less]), layout)


def _unary(build: Building, op: OperatorInfo) -> None:
    layout = build.layout(op.inputs[0])
    attributes: dict[str, Any] = (
        {"alpha": float(op.options.Alpha())} if op.name == "LEAKY_RELU" else {}
    )
    made = build.node(_UNARY[op.name], [build.get(op.inputs[0], layout)], **attributes)
    build.put(op.outputs[0], made, layout)


def _clipped(low: float, high: float) -> Rule:
    def rule(build: Building, op: OperatorInfo) -> None:
        layout = build.layout(op.inputs[0])
        made = clip(build, build.get(op.inputs[0], layout), low, high)
        build.put(op.outputs[0], made, layout)

    return rule


def _rsqrt(build: Building, op: OperatorInfo) -> None:
    layout = build.layout(op.inputs[0])
    root = build.node("Sqrt", [build.get(op.inputs[0], layout)])
    build.put(op.outputs[0], build.node("Reciprocal", [root]), layout)


def _square(build: Building, op: OperatorInfo) -> None:
    layout = build.layout(op.inputs[0])
    name = build.get(op.inputs[0], layout)
    build.put(op.outputs[0], build.node("Mul", [name, name]), layout)


def _gelu(build: Building, op: OperatorInfo) -> None:
    """``x * (1 + erf(x / sqrt 2)) / 2``, as exporters of opset 18 write it."""
    layout = build.layout(op.inputs[0])
    x = build.get(op.inputs[0], layout)
    inner = build.node("Erf", [build.node("Div", [x, build.constant(np.sqrt(2), "float32")])])
    more = build.node("Mul", [x, build.node("Add", [inner, build.constant(1, "float32")])])
    made = build.node("Mul", [more, build.constant(0.5, "float32")])
    build.put(op.outputs[0], made, layout)


def _softmax(build: Building, op: OperatorInfo) -> None:
    first = build.is_first(op.inputs[0])
    layout = CHANNELS_FIRST if first else PLAIN
    kind = "LogSoftmax" if op.name == "LOG_SOFTMAX" else "Softmax"
    made = build.node(kind, [build.get(op.inputs[0], layout)], axis=1 if first else -1)
    build.put(op.outputs[0], made, layout)


def _reduce(build: Building, op: OperatorInfo) -> None:
    rank = len(build.info(op.inputs[0]).dims)
    axes = sorted(axis % rank for axis in known_numbers(build, op, 1))
    keep = bool(op.options.KeepDims())
    # What is left of an image must lie in the same order in both layouts.
    first = build.is_first(op.inputs[0]) and (keep or axes == [1, 2])
    layout = CHANNELS_FIRST if first else PLAIN
    axes = sorted(TO_FIRST.index(axis) for axis in axes) if first else axes
    inputs = [build.get(op.inputs[0], layout), build.constant(axes, "int64")]
    made = build.node(_REDUCTIONS[op.name], inputs, keepdims=int(keep))
    build.put(op.outputs[0], made, layout if keep else PLAIN)


def _same_reals(build: Building, op: OperatorInfo) -> None:
    """QUANTIZE and DEQUANTIZE: rounding belongs to the tensor that comes out."""
    layout = build.layout(op.inputs[0]) if not build.info(op.inputs[0]).is_weight else PLAIN
    build.put(op.outputs[0], build.get(op.inputs[0], layout), layout)


COMPUTE: Final[dict[str, Rule]] = {
    **for_all(("CONV_2D", "DEPTHWISE_CONV_2D"), _convolution),
    "TRANSPOSE_CONV": _transposed_convolution,
    **for_all(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pool),
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batch_matmul,
    **for_all(tuple(_BINARY), _binary),
    "SQUARED_DIFFERENCE": _squared_difference,
    **for_all(tuple(_UNARY), _unary),
    "RELU6": _clipped(0, 6),
    "RELU_N1_TO_1": _clipped(-1, 1),
    "RELU_0_TO_1": _clipped(0, 1),
    "RSQRT": _rsqrt,
    "SQUARE": _square,
    "GELU": _gelu,
    **for_all(("SOFTMAX", "LOG_SOFTMAX"), _softmax),
    **for_all(tuple(_REDUCTIONS), _reduce),
    **for_all(("QUANTIZE", "DEQUANTIZE"), _same_reals),
}
"""By the name of the operator."""
