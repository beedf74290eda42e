"""Each operator of TensorFlow Lite as operators of ONNX."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from phantomgpu.converters.runners.protocol import Refused
from phantomgpu.converters.runners.tflite_file import OperatorInfo
from phantomgpu.converters.runners.tflite_graph import CHANNELS_FIRST, PLAIN, TO_FIRST, Building

Rule = Callable[[Building, OperatorInfo], None]

_ACTIVATIONS: Final = ("", "Relu", "relu_n1_to_1", "relu6", "Tanh")
"""By number of ``ActivationFunctionType``."""

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


def add_operator(build: Building, op: OperatorInfo) -> None:
    """Add what an operator is in ONNX."""
    _RULES[op.name](build, op)


def is_known(name: str) -> bool:
    """Whether there is a rule for an operator."""
    return name in _RULES


def _activated(build: Building, name: str, function: int) -> str:
    kind = _ACTIVATIONS[function] if function < len(_ACTIVATIONS) else None
    if kind is None:
        raise Refused(
            f"the file has activation number {function}, which is not known here",
            "convert it with TensorFlow: add --keep-weights",
        )
    if kind in ("relu6", "relu_n1_to_1"):
        low, high = (0, 6) if kind == "relu6" else (-1, 1)
        return _clip(build, name, low, high)
    return build.node(kind, [name]) if kind else name


def _clip(build: Building, name: str, low: float, high: float) -> str:
    limits = [build.constant(low, "float32"), build.constant(high, "float32")]
    return build.node("Clip", [name, *limits])


def _fused(op: OperatorInfo) -> int:
    return int(op.options.FusedActivationFunction()) if op.options is not None else 0


def _sizes(build: Building, number: int) -> list[int]:
    """Sizes of a weight, which are all known."""
    return [int(size) for size in build.info(number).dims]


def _known(build: Building, op: OperatorInfo, at: int) -> list[int]:
    """The content of an input that must be in the file."""
    value = build.info(op.inputs[at]).value
    if value is None:
        raise Refused(
            f"{op.name} computes what it needs to know before",
            "convert it with TensorFlow: add --keep-weights",
        )
    return [int(each) for each in value.reshape(-1)]


def _convolution(build: Building, op: OperatorInfo) -> None:
    o, (image, weight) = op.options, op.inputs[:2]
    out, height, width, inner = _sizes(build, weight)
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
    build.put(op.outputs[0], _activated(build, made, _fused(op)), CHANNELS_FIRST)


def _transposed_convolution(build: Building, op: OperatorInfo) -> None:
    weight, image = op.inputs[1:3]
    out, height, width, inner = _sizes(build, weight)
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
    build.put(op.outputs[0], _activated(build, made, _fused(op)), CHANNELS_FIRST)


def _fully_connected(build: Building, op: OperatorInfo) -> None:
    out, inner = _sizes(build, op.inputs[1])
    given = build.get(op.inputs[0])
    weight = build.weight(op.inputs[1], [inner, out])
    keeps = bool(op.options.KeepNumDims())
    if len(build.info(op.inputs[0]).dims) != 2 and not keeps:
        given = build.node("Reshape", [given, build.constant([-1, inner], "int64")])
    made = build.node("MatMul", [given, weight])
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        made = build.node("Add", [made, build.get(op.inputs[2])])
    build.put(op.outputs[0], _activated(build, made, _fused(op)))


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
        made = _activated(build, made, _fused(op))
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
        made = _clip(build, build.get(op.inputs[0], layout), low, high)
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


def _reshape(build: Building, op: OperatorInfo) -> None:
    before, after = build.info(op.inputs[0]).dims, build.info(op.outputs[0]).dims
    # An image of one pixel is the same numbers in either layout.
    one_pixel = len(before) == 4 and before[1:3] == (1, 1) and len(after) == 2
    layout = CHANNELS_FIRST if one_pixel and build.is_first(op.inputs[0]) else PLAIN
    given = build.get(op.inputs[0], layout)
    unknown = [axis for axis, size in enumerate(after) if isinstance(size, str)]
    if len(unknown) <= 1:
        target = build.constant([-1 if isinstance(s, str) else s for s in after], "int64")
    else:
        target = build.node("Cast", [build.get(op.inputs[1])], to=7)
    build.put(op.outputs[0], build.node("Reshape", [given, target]))


def _transpose(build: Building, op: OperatorInfo) -> None:
    order = _known(build, op, 1)
    build.put(op.outputs[0], build.node("Transpose", [build.get(op.inputs[0])], perm=order))


def _concat(build: Building, op: OperatorInfo) -> None:
    first = build.is_first(*op.inputs) and len(build.info(op.inputs[0]).dims) == 4
    layout = CHANNELS_FIRST if first else PLAIN
    axis = int(op.options.Axis())
    axis = TO_FIRST.index(axis % 4) if first else axis
    made = build.node("Concat", [build.get(number, layout) for number in op.inputs], axis=axis)
    build.put(op.outputs[0], _activated(build, made, _fused(op)), layout)


def _reduce(build: Building, op: OperatorInfo) -> None:
    rank = len(build.info(op.inputs[0]).dims)
    axes = sorted(axis % rank for axis in _known(build, op, 1))
    keep = bool(op.options.KeepDims())
    # What is left of an image must lie in the same order in both layouts.
    first = build.is_first(op.inputs[0]) and (keep or axes == [1, 2])
    layout = CHANNELS_FIRST if first else PLAIN
    axes = sorted(TO_FIRST.index(axis) for axis in axes) if first else axes
    inputs = [build.get(op.inputs[0], layout), build.constant(axes, "int64")]
    made = build.node(_REDUCTIONS[op.name], inputs, keepdims=int(keep))
    build.put(op.outputs[0], made, layout if keep else PLAIN)


def _pad(build: Building, op: OperatorInfo) -> None:
    pairs = np.asarray(_known(build, op, 1)).reshape(-1, 2)
    first = build.is_first(op.inputs[0])
    layout = CHANNELS_FIRST if first else PLAIN
    if first:
        pairs = pairs[list(TO_FIRST)]
    inputs = [build.get(op.inputs[0], layout), build.constant(pairs.T.reshape(-1), "int64")]
    mode = "constant"
    if op.name == "MIRROR_PAD":
        mode = "symmetric" if op.options.Mode() else "reflect"
    if mode == "symmetric":
        raise Refused(
            "MIRROR_PAD of mode SYMMETRIC is not known here",
            "convert it with TensorFlow: add --keep-weights",
        )
    build.put(op.outputs[0], build.node("Pad", inputs, mode=mode), layout)


def _resize(build: Building, op: OperatorInfo) -> None:
    before, after = build.info(op.inputs[0]).dims, build.info(op.outputs[0]).dims
    ratios = [int(after[axis]) / int(before[axis]) for axis in (1, 2)]
    scales = build.constant([1.0, 1.0, *ratios], "float32")
    nearest = op.name == "RESIZE_NEAREST_NEIGHBOR"
    place = "asymmetric"
    if op.options.AlignCorners():
        place = "align_corners"
    elif op.options.HalfPixelCenters():
        place = "half_pixel"
    made = build.node(
        "Resize", [build.get(op.inputs[0], CHANNELS_FIRST), "", scales],
        mode="nearest" if nearest else "linear", coordinate_transformation_mode=place,
    )  # fmt: skip
    build.put(op.outputs[0], made, CHANNELS_FIRST)


def _blocks(build: Building, op: OperatorInfo) -> None:
    kind = "DepthToSpace" if op.name == "DEPTH_TO_SPACE" else "SpaceToDepth"
    given = build.get(op.inputs[0], CHANNELS_FIRST)
    made = build.node(kind, [given], blocksize=int(op.options.BlockSize()))
    build.put(op.outputs[0], made, CHANNELS_FIRST)


def _same_reals(build: Building, op: OperatorInfo) -> None:
    """QUANTIZE and DEQUANTIZE: rounding belongs to the tensor that comes out."""
    layout = build.layout(op.inputs[0]) if not build.info(op.inputs[0]).is_weight else PLAIN
    build.put(op.outputs[0], build.get(op.inputs[0], layout), layout)


def _slice(build: Building, op: OperatorInfo) -> None:
    begins = _known(build, op, 1)
    if op.name == "SLICE":
        sizes = _known(build, op, 2)
        ends = [2**31 - 1 if s < 0 else b + s for b, s in zip(begins, sizes, strict=True)]
        steps = [1] * len(begins)
        dropped: list[int] = []
    else:
        ends, steps = _known(build, op, 2), _known(build, op, 3)
        o = op.options
        begins = [0 if o.BeginMask() >> at & 1 else b for at, b in enumerate(begins)]
        ends = [2**31 - 1 if o.EndMask() >> at & 1 else e for at, e in enumerate(ends)]
        dropped = [at for at in range(len(begins)) if o.ShrinkAxisMask() >> at & 1]
        ends = [begins[at] + 1 or 2**31 - 1 if at in dropped else e for at, e in enumerate(ends)]
        if o.EllipsisMask() or o.NewAxisMask():
            raise Refused(
                "STRIDED_SLICE with new axes or an ellipsis is not known here",
                "convert it with TensorFlow: add --keep-weights",
            )
    axes = list(range(len(begins)))
    parts = [build.constant(each, "int64") for each in (begins, ends, axes, steps)]
    made = build.node("Slice", [build.get(op.inputs[0]), *parts])
    if dropped:
        made = build.node("Squeeze", [made, build.constant(dropped, "int64")])
    build.put(op.outputs[0], made)


def _pack(build: Building, op: OperatorInfo) -> None:
    axis = build.constant([int(op.options.Axis())], "int64")
    inputs = [build.node("Unsqueeze", [build.get(number), axis]) for number in op.inputs]
    build.put(op.outputs[0], build.node("Concat", inputs, axis=int(op.options.Axis())))


def _split(build: Building, op: OperatorInfo) -> None:
    at, image = (0, 1) if op.name == "SPLIT" else (2, 0)
    number = op.inputs[image]
    rank = len(build.info(number).dims)
    axis = _known(build, op, at)[0] % rank
    sizes = [int(build.info(out).dims[axis]) for out in op.outputs]
    start = 0
    for out, size in zip(op.outputs, sizes, strict=True):
        parts = [build.constant([each], "int64") for each in (start, start + size, axis)]
        build.put(out, build.node("Slice", [build.get(number), *parts]))
        start += size


def _axes(kind: str) -> Rule:
    def rule(build: Building, op: OperatorInfo) -> None:
        axes = _known(build, op, 1) if kind == "Unsqueeze" else _squeezed(op)
        inputs = [build.get(op.inputs[0])]
        if axes:
            inputs.append(build.constant(axes, "int64"))
        build.put(op.outputs[0], build.node(kind, inputs))

    return rule


def _squeezed(op: OperatorInfo) -> list[int]:
    dims = op.options.SqueezeDimsAsNumpy()
    return [int(each) for each in dims] if isinstance(dims, np.ndarray) else []


def _gather(build: Building, op: OperatorInfo) -> None:
    inputs = [build.get(number) for number in op.inputs[:2]]
    build.put(op.outputs[0], build.node("Gather", inputs, axis=int(op.options.Axis())))


def _embedding(build: Building, op: OperatorInfo) -> None:
    inputs = [build.get(op.inputs[1]), build.get(op.inputs[0])]
    build.put(op.outputs[0], build.node("Gather", inputs, axis=0))


def _shape(build: Building, op: OperatorInfo) -> None:
    found = build.node("Shape", [build.get(op.inputs[0])])
    build.put(op.outputs[0], build.node("Cast", [found], to=6))


def _cast(build: Building, op: OperatorInfo) -> None:
    from phantomgpu.dtype import FROM_ONNX

    number = FROM_ONNX.index(build.info(op.outputs[0]).dtype)
    build.put(op.outputs[0], build.node("Cast", [build.get(op.inputs[0])], to=number))


def _arg_max(build: Building, op: OperatorInfo) -> None:
    axis = _known(build, op, 1)[0]
    kind = "ArgMax" if op.name == "ARG_MAX" else "ArgMin"
    build.put(op.outputs[0], build.node(kind, [build.get(op.inputs[0])], axis=axis, keepdims=0))


def _all(names: Sequence[str], rule: Rule) -> dict[str, Rule]:
    return dict.fromkeys(names, rule)


_RULES: Final[dict[str, Rule]] = {
    **_all(("CONV_2D", "DEPTHWISE_CONV_2D"), _convolution),
    "TRANSPOSE_CONV": _transposed_convolution,
    **_all(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pool),
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batch_matmul,
    **_all(tuple(_BINARY), _binary),
    "SQUARED_DIFFERENCE": _squared_difference,
    **_all(tuple(_UNARY), _unary),
    "RELU6": _clipped(0, 6),
    "RELU_N1_TO_1": _clipped(-1, 1),
    "RELU_0_TO_1": _clipped(0, 1),
    "RSQRT": _rsqrt,
    "SQUARE": _square,
    "GELU": _gelu,
    **_all(("SOFTMAX", "LOG_SOFTMAX"), _softmax),
    "RESHAPE": _reshape,
    "TRANSPOSE": _transpose,
    "CONCATENATION": _concat,
    **_all(tuple(_REDUCTIONS), _reduce),
    **_all(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    **_all(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resize),
    **_all(("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"), _blocks),
    **_all(("QUANTIZE", "DEQUANTIZE"), _same_reals),
    **_all(("SLICE", "STRIDED_SLICE"), _slice),
    "PACK": _pack,
    **_all(("SPLIT", "SPLIT_V"), _split),
    "SQUEEZE": _axes("Squeeze"),
    "EXPAND_DIMS": _axes("Unsqueeze"),
    "GATHER": _gather,
    "EMBEDDING_LOOKUP": _embedding,
    "SHAPE": _shape,
    "CAST": _cast,
    **_all(("ARG_MAX", "ARG_MIN"), _arg_max),
}
