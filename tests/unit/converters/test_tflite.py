"""Operators of TensorFlow Lite in ONNX: the shapes that follow are those that the file declares."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from phantomgpu.converters.runners.protocol import Refused, shape_of
from phantomgpu.converters.runners.tflite_file import (
    FileInfo,
    OperatorInfo,
    TensorInfo,
    read_tflite,
)
from phantomgpu.converters.runners.tflite_graph import Building
from phantomgpu.converters.runners.tflite_operators import add_operator, is_known
from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from phantomgpu.onnx.write import model_bytes

FILES = ["small.tflite", "small-int8.tflite"]
IMAGE = (2, 8, 8, 4)


def options(**values):
    """Options as the generated classes have them: a function for each."""
    given = {"FusedActivationFunction": 0, **values}
    return SimpleNamespace(**{name: (lambda value=value: value) for name, value in given.items()})


def a_tensor(name, dims, dtype="float32", *, value=None, weight=False, scales=0):
    array = None if value is None else np.asarray(value)
    return TensorInfo(name, dims, dtype, weight or array is not None, array, scales, 0)


def shaped(file):
    """The graph of a file, written, read and with all its shapes."""
    build = Building(file)
    build.begin()
    for op in file.operators:
        add_operator(build, op)
    graph = read_model(BytesSource("made", model_bytes(build.graph("made"))))
    return infer_shapes(graph, {})


def one(name, inputs, declared, given=None, *, dtype="float32"):
    """The sizes that an operator alone gives; its first input is fed, the others are weights."""
    tensors = [*inputs, a_tensor("out", declared, dtype)]
    last = len(inputs)
    op = OperatorInfo(name, tuple(range(last)), (last,), given)
    made = shaped(FileInfo(tuple(tensors), (op,), (0,), (last,)))
    return made.tensors["out"].dims


def numbers(values):
    return a_tensor("numbers", np.shape(values), "int32", value=np.array(values, np.int32))


def image(dims=IMAGE):
    return a_tensor("x", dims)


CONV = options(StrideH=2, StrideW=2, DilationHFactor=1, DilationWFactor=1, Padding=0)
POOL = options(FilterHeight=3, FilterWidth=3, StrideH=2, StrideW=2, Padding=1)
SLICED = options(BeginMask=0, EndMask=0b1001, ShrinkAxisMask=0, EllipsisMask=0, NewAxisMask=0)
SHRUNK = options(BeginMask=0, EndMask=0b1110, ShrinkAxisMask=1, EllipsisMask=0, NewAxisMask=0)

CASES = {
    "convolution": ("CONV_2D", [image(), a_tensor("w", (6, 3, 3, 4), weight=True)],
                    (2, 4, 4, 6), CONV),
    "grouped": ("CONV_2D", [image(), a_tensor("w", (6, 3, 3, 2), weight=True)],
                (2, 4, 4, 6), CONV),
    "depthwise": ("DEPTHWISE_CONV_2D", [image(), a_tensor("w", (1, 3, 3, 8), weight=True)],
                  (2, 4, 4, 8), CONV),
    "pool": ("MAX_POOL_2D", [image()], (2, 3, 3, 4), POOL),
    "dense": ("FULLY_CONNECTED", [a_tensor("x", (2, 5)), a_tensor("w", (7, 5), weight=True)],
              (2, 7), options(KeepNumDims=False)),
    "dense of an image": ("FULLY_CONNECTED", [image(), a_tensor("w", (7, 256), weight=True)],
                          (2, 7), options(KeepNumDims=False)),
    "dense over tokens": ("FULLY_CONNECTED",
                          [a_tensor("x", (2, 9, 5)), a_tensor("w", (7, 5), weight=True)],
                          (2, 9, 7), options(KeepNumDims=True)),
    "product": ("BATCH_MATMUL", [a_tensor("x", (2, 3, 5)), a_tensor("w", (2, 7, 5), weight=True)],
                (2, 3, 7), options(AdjX=False, AdjY=True)),
    "sum with a bias": ("ADD", [image(), a_tensor("b", (4,), weight=True)], IMAGE, options()),
    "relu": ("RELU", [image()], IMAGE, None),
    "relu 6": ("RELU6", [image()], IMAGE, None),
    "gelu": ("GELU", [image()], IMAGE, None),
    "hard swish": ("HARD_SWISH", [image()], IMAGE, None),
    "leaky relu": ("LEAKY_RELU", [image()], IMAGE, options(Alpha=0.1)),
    "one by root": ("RSQRT", [image()], IMAGE, None),
    "square": ("SQUARE", [image()], IMAGE, None),
    "difference": ("SQUARED_DIFFERENCE", [image(), a_tensor("b", (4,), weight=True)], IMAGE, None),
    "softmax": ("SOFTMAX", [image()], IMAGE, None),
    "mean": ("MEAN", [image(), numbers([1, 2])], (2, 4), options(KeepDims=False)),
    "mean that keeps": ("MEAN", [image(), numbers([1, 2])], (2, 1, 1, 4), options(KeepDims=True)),
    "mean of channels": ("MEAN", [image(), numbers([3])], (2, 8, 8), options(KeepDims=False)),
    "pad": ("PAD", [image(), numbers([[0, 0], [1, 2], [3, 0], [0, 5]])], (2, 11, 11, 9), None),
    "mirror": ("MIRROR_PAD", [image(), numbers([[0, 0], [1, 1], [1, 1], [0, 0]])],
               (2, 10, 10, 4), options(Mode=0)),
    "resize": ("RESIZE_BILINEAR", [image(), numbers([12, 20])], (2, 12, 20, 4),
               options(AlignCorners=False, HalfPixelCenters=True)),
    "blocks": ("SPACE_TO_DEPTH", [image()], (2, 4, 4, 16), options(BlockSize=2)),
    "reshape": ("RESHAPE", [image(), numbers([2, 256])], (2, 256), None),
    "transpose": ("TRANSPOSE", [image(), numbers([0, 3, 1, 2])], (2, 4, 8, 8), None),
    "concat": ("CONCATENATION", [image(), a_tensor("b", (2, 8, 8, 3), weight=True)],
               (2, 8, 8, 7), options(Axis=-1)),
    "slice": ("SLICE", [image(), numbers([0, 2, 2, 0]), numbers([-1, 3, 4, 2])],
              (2, 3, 4, 2), None),
    "strided slice": ("STRIDED_SLICE", [image(), numbers([0, 1, 2, 0]), numbers([0, 7, 6, 0]),
                                        numbers([1, 2, 1, 1])], (2, 3, 4, 4), SLICED),
    "one of a batch": ("STRIDED_SLICE", [image(), numbers([1, 0, 0, 0]), numbers([2, 0, 0, 0]),
                                         numbers([1, 1, 1, 1])], (8, 8, 4), SHRUNK),
    "squeeze": ("SQUEEZE", [image((2, 1, 1, 4))], (2, 4),
                options(SqueezeDimsAsNumpy=np.array([1, 2]))),
    "expand": ("EXPAND_DIMS", [a_tensor("x", (2, 4)), numbers([1])], (2, 1, 4), None),
    "gather": ("GATHER", [a_tensor("x", (9, 4)), numbers([1, 2, 3])], (3, 4), options(Axis=0)),
    "pack": ("PACK", [a_tensor("x", (2, 4))], (2, 1, 4), options(Axis=1)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_operator_gives_the_sizes_that_the_file_declares(case):
    name, inputs, declared, given = CASES[case]

    assert one(name, inputs, declared, given) == declared


@pytest.mark.parametrize(("name", "dtype", "sizes"), [
    ("ARG_MAX", "int64", (2, 8, 8)), ("SHAPE", "int32", (4,)), ("CAST", "int32", IMAGE),
])  # fmt: skip
def test_an_operator_gives_the_type_that_the_file_declares(name, dtype, sizes):
    more = [numbers([3])] if name == "ARG_MAX" else []

    assert one(name, [image(), *more], sizes, None, dtype=dtype) == sizes


def test_a_split_gives_each_part():
    parts = [a_tensor("a", (2, 8, 8, 1)), a_tensor("b", (2, 8, 8, 3))]
    tensors = (image(), numbers([1, 3]), numbers([3]), *parts)
    op = OperatorInfo("SPLIT_V", (0, 1, 2), (3, 4), None)

    made = shaped(FileInfo(tensors, (op,), (0,), (3, 4)))

    assert [made.tensors[name].dims for name in "ab"] == [(2, 8, 8, 1), (2, 8, 8, 3)]


def test_convolutions_that_follow_each_other_move_no_image_between_them():
    weight = a_tensor("w", (4, 3, 3, 4), weight=True)
    tensors = (image(), weight, a_tensor("y", (2, 4, 4, 4)), a_tensor("z", (2, 2, 2, 4)))
    ops = (OperatorInfo("CONV_2D", (0, 1), (2,), CONV), OperatorInfo("CONV_2D", (2, 1), (3,), CONV))

    made = shaped(FileInfo(tensors, ops, (0,), (3,)))

    assert [node.op_type for node in made.nodes].count("Transpose") == 2


@pytest.mark.parametrize("name", FILES)
def test_every_tensor_of_a_real_file_has_the_sizes_that_it_declares(repository, name):
    file = read_tflite(repository / "tests" / "unit" / "converters" / name)

    made = shaped(file)

    outputs = [file.tensors[at] for at in file.outputs]
    assert [made.tensors[each.name].dims[1:] for each in outputs] == [
        each.dims[1:] for each in outputs
    ]
    assert made.dims[0].symbol == "batch"


def test_a_quantised_file_stores_its_weights_as_int8(repository):
    file = read_tflite(repository / "tests" / "unit" / "converters" / "small-int8.tflite")

    made = shaped(file)

    convolutions = [node for node in made.nodes if node.op_type == "Conv"]
    stored = {node.outputs[0]: node.inputs[0] for node in made.nodes
              if node.op_type == "DequantizeLinear"}  # fmt: skip
    assert convolutions
    for node in convolutions:
        assert [made.tensors[stored[name]].dtype for name in node.inputs[:2]] == ["int8", "int8"]


@pytest.mark.parametrize("name", FILES)
def test_a_cut_file_is_refused_wherever_it_is_cut(repository, tmp_path, name):
    whole = (repository / "tests" / "unit" / "converters" / name).read_bytes()
    path = Path(tmp_path / "cut.tflite")
    for at in range(8, len(whole) // 2, len(whole) // 40):
        path.write_bytes(whole[:at])
        with pytest.raises(Refused, match=r"cut\.tflite is no whole TensorFlow Lite file"):
            read_tflite(path)


def test_what_is_computed_where_a_number_is_needed_is_refused():
    with pytest.raises(Refused, match="computes what it needs to know"):
        one("TRANSPOSE", [image(), a_tensor("order", (4,), "int32", weight=True)], IMAGE)


def test_an_operator_that_is_not_known_is_known_as_such():
    assert not is_known("CUSTOM my_op")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,3,224,224", ("float32", [1, 3, 224, 224])),
        ("int64: batch, 128", ("int64", ["batch", 128])),
    ],
)
def test_the_shape_of_an_input_is_read(text, expected):
    assert shape_of(text) == expected
