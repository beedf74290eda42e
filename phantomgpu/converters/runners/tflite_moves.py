"""TensorFlow Lite's operators that move numbers: shapes, slices, pads, resizing, look-ups."""

from typing import Final

import numpy as np

from phantomgpu.converters.runners.protocol import Refused
from phantomgpu.converters.runners.tflite_file import OperatorInfo
from phantomgpu.converters.runners.tflite_graph import CHANNELS_FIRST, PLAIN, TO_FIRST, Building
from phantomgpu.converters.runners.tflite_rule import (
    Rule,
    activated,
    for_all,
    fused_activation,
    known_numbers,
)


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
    order = known_numbers(build, op, 1)
    build.put(op.outputs[0], build.node("Transpose", [build.get(op.inputs[0])], perm=order))


def _concat(build: Building, op: OperatorInfo) -> None:
    first = build.is_first(*op.inputs) and len(build.info(op.inputs[0]).dims) == 4
    layout = CHANNELS_FIRST if first else PLAIN
    axis = int(op.options.Axis())
    axis = TO_FIRST.index(axis % 4) if first else axis
    made = build.node("Concat", [build.get(number, layout) for number in op.inputs], axis=axis)
    build.put(op.outputs[0], activated(build, made, fused_activation(op)), layout)


def _pad(build: Building, op: OperatorInfo) -> None:
    pairs = np.asarray(known_numbers(build, op, 1)).reshape(-1, 2)
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


def _slice(build: Building, op: OperatorInfo) -> None:
    begins = known_numbers(build, op, 1)
    if op.name == "SLICE":
        sizes = known_numbers(build, op, 2)
        ends = [2**31 - 1 if s < 0 else b + s for b, s in zip(begins, sizes, strict=True)]
        steps = [1] * len(begins)
        dropped: list[int] = []
    else:
        ends, steps = known_numbers(build, op, 2), known_numbers(build, op, 3)
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
    axis = known_numbers(build, op, at)[0] % rank
    sizes = [int(build.info(out).dims[axis]) for out in op.outputs]
    start = 0
    for out, size in zip(op.outputs, sizes, strict=True):
        parts = [build.constant([each], "int64") for each in (start, start + size, axis)]
        build.put(out, build.node("Slice", [build.get(number), *parts]))
        start += size


def _axes(kind: str) -> Rule:
    def rule(build: Building, op: OperatorInfo) -> None:
        axes = known_numbers(build, op, 1) if kind == "Unsqueeze" else _squeezed(op)
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
    axis = known_numbers(build, op, 1)[0]
    kind = "ArgMax" if op.name == "ARG_MAX" else "ArgMin"
    build.put(op.outputs[0], build.node(kind, [build.get(op.inputs[0])], axis=axis, keepdims=0))


MOVES: Final[dict[str, Rule]] = {
    "RESHAPE": _reshape,
    "TRANSPOSE": _transpose,
    "CONCATENATION": _concat,
    **for_all(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    **for_all(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resize),
    **for_all(("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"), _blocks),
    **for_all(("SLICE", "STRIDED_SLICE"), _slice),
    "PACK": _pack,
    **for_all(("SPLIT", "SPLIT_V"), _split),
    "SQUEEZE": _axes("Squeeze"),
    "EXPAND_DIMS": _axes("Unsqueeze"),
    "GATHER": _gather,
    "EMBEDDING_LOOKUP": _embedding,
    "SHAPE": _shape,
    "CAST": _cast,
    **for_all(("ARG_MAX", "ARG_MIN"), _arg_max),
}
"""By the name of the operator."""
