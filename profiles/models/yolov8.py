"""The published YOLOv8 detection architecture, at any of its five sizes -> an ONNX graph.

Written from the published description (backbone of strided convolutions and C2f blocks, SPPF, a
path aggregation neck, a decoupled anchor-free head with distribution focal loss; depth and width
multiples of each size), not from anyone's code. Batch norms are folded into the convolutions, as
every runtime does. The weights are external and absent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES = 80
"""Of COCO."""
BINS = 16
"""Of the distribution over each side's distance."""
STRIDES = (8, 16, 32)
OPSET = 17


@dataclass(frozen=True)
class Size:
    """What tells one size from the others: multiples of depth and width, and a cap on width."""

    depth: float
    width: float
    widest: int


SIZES = {
    "n": Size(1 / 3, 0.25, 1024),
    "s": Size(1 / 3, 0.5, 1024),
    "m": Size(2 / 3, 0.75, 768),
    "l": Size(1, 1, 512),
    "x": Size(1, 1.25, 512),
}


class Writer:
    """Nodes and weights in the order in which they are asked for."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.channels: dict[str, int] = {"images": 3}

    def node(self, op: str, *inputs: str, outputs: int = 1, **attributes: object) -> list[str]:
        """Append a node; the names of its outputs."""
        made = [f"{op.lower()}_{len(self.nodes)}" + f"_{i}" * (outputs > 1) for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, made, **attributes))
        return made

    def one(self, op: str, *inputs: str, **attributes: object) -> str:
        """Append a node of one output that has the channels of its first input."""
        (made,) = self.node(op, *inputs, **attributes)
        self.channels[made] = self.channels.get(inputs[0], 0)
        return made

    def constant(self, values: object, kind: type = np.int64) -> str:
        """A small tensor that stays in the file."""
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(values, kind), name))
        return name

    def weight(self, *dims: int) -> str:
        """A tensor that is not in the file."""
        tensor = TensorProto(name=f"weight_{len(self.weights)}", dims=dims, data_type=1)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights")
        self.weights.append(tensor)
        return tensor.name

    def conv(self, x: str, out: int, kernel: int = 1, stride: int = 1) -> str:
        """A convolution with bias, padded to keep or divide the size."""
        made = self.one(
            "Conv", x, self.weight(out, self.channels[x], kernel, kernel), self.weight(out),
            kernel_shape=[kernel, kernel], strides=[stride, stride], pads=[kernel // 2] * 4,
        )  # fmt: skip
        self.channels[made] = out
        return made

    def silu(self, x: str, out: int, kernel: int = 1, stride: int = 1) -> str:
        """A convolution and its activation."""
        made = self.conv(x, out, kernel, stride)
        return self.one("Mul", made, self.one("Sigmoid", made))

    def concat(self, parts: Sequence[str], axis: int = 1) -> str:
        """The parts side by side."""
        made = self.one("Concat", *parts, axis=axis)
        self.channels[made] = sum(self.channels.get(part, 0) for part in parts)
        return made

    def halves(self, x: str) -> list[str]:
        """The first and second half of the channels."""
        made = self.node("Split", x, outputs=2, axis=1)
        self.channels |= dict.fromkeys(made, self.channels[x] // 2)
        return made

    def c2f(self, x: str, out: int, bottlenecks: int, *, shortcut: bool) -> str:
        """Two convolutions around bottlenecks whose results all reach the second."""
        parts = self.halves(self.silu(x, out))
        for _ in range(bottlenecks):
            made = self.silu(self.silu(parts[-1], out // 2, 3), out // 2, 3)
            parts.append(self.one("Add", parts[-1], made) if shortcut else made)
        return self.silu(self.concat(parts), out)

    def sppf(self, x: str) -> str:
        """Three poolings in a row, each result kept."""
        out = self.channels[x]
        parts = [self.silu(x, out // 2)]
        for _ in range(3):
            parts.append(
                self.one("MaxPool", parts[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4)
            )
        return self.silu(self.concat(parts), out)

    def doubled(self, x: str) -> str:
        """Twice as high and wide, by repetition."""
        return self.one(
            "Resize", x, "", self.constant([1, 1, 2, 2], np.float32), mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip


def yolov8(size: str) -> onnx.ModelProto:
    """The model of a size, with free ``batch``, ``height`` and ``width`` (multiples of 32)."""
    w = Writer()
    boxes, scores = _head(w, _features(w, SIZES[size]))
    w.node("Concat", boxes, w.one("Sigmoid", scores), axis=1)
    w.nodes[-1].output[0] = "detections"
    value, float32 = helper.make_tensor_value_info, TensorProto.FLOAT
    graph = helper.make_graph(
        w.nodes,
        f"yolov8{size}",
        [value("images", float32, ["batch", 3, "height", "width"])],
        [value("detections", float32, ["batch", 4 + CLASSES, "candidates"])],
        w.weights,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="phantomgpu")


def _features(w: Writer, size: Size) -> list[str]:
    """Backbone and neck: what the head looks at, by stride."""

    def width(channels: int) -> int:
        return int(np.ceil(min(channels, size.widest) * size.width / 8)) * 8

    def depth(bottlenecks: int) -> int:
        return max(1, round(bottlenecks * size.depth))

    x = w.silu("images", width(64), 3, 2)
    kept = []
    for channels, bottlenecks in ((128, 3), (256, 6), (512, 6), (1024, 3)):
        x = w.silu(x, width(channels), 3, 2)
        x = w.c2f(x, width(channels), depth(bottlenecks), shortcut=True)
        kept.append(x)
    _, p3, p4, x = kept
    p5 = w.sppf(x)
    n4 = w.c2f(w.concat([w.doubled(p5), p4]), width(512), depth(3), shortcut=False)
    n3 = w.c2f(w.concat([w.doubled(n4), p3]), width(256), depth(3), shortcut=False)
    down = w.silu(n3, width(256), 3, 2)
    m4 = w.c2f(w.concat([down, n4]), width(512), depth(3), shortcut=False)
    down = w.silu(m4, width(512), 3, 2)
    m5 = w.c2f(w.concat([down, p5]), width(1024), depth(3), shortcut=False)
    return [n3, m4, m5]


def _head(w: Writer, features: Sequence[str]) -> tuple[str, str]:
    """Boxes ``[batch, 4, candidates]`` in pixels and scores ``[batch, classes, candidates]``."""
    first = w.channels[features[0]]
    box_width = max(16, first // 4, 4 * BINS)
    class_width = max(first, min(CLASSES, 100))
    sides, scores = [], []
    for x in features:
        box = w.conv(w.silu(w.silu(x, box_width, 3), box_width, 3), 4 * BINS)
        score = w.conv(w.silu(w.silu(x, class_width, 3), class_width, 3), CLASSES)
        sides.append(w.one("Reshape", box, w.constant([0, 4 * BINS, -1])))
        scores.append(w.one("Reshape", score, w.constant([0, CLASSES, -1])))
    return _boxes(w, w.concat(sides, 2), features), w.concat(scores, 2)


def _boxes(w: Writer, sides: str, features: Sequence[str]) -> str:
    """Distributions over the sides' distances to boxes in pixels."""
    bins = w.one("Reshape", sides, w.constant([0, 4, BINS, -1]))
    chances = w.one("Softmax", w.one("Transpose", bins, perm=[0, 2, 1, 3]), axis=1)
    w.channels[chances] = BINS
    (mean,) = w.node("Conv", chances, w.weight(1, BINS, 1, 1), kernel_shape=[1, 1])
    distances = w.node(
        "Split", w.one("Reshape", mean, w.constant([0, 4, -1])), outputs=2, axis=1
    )  # left and top, right and bottom
    centers, strides = _anchors(w, features)
    top_left = w.one("Sub", centers, distances[0])
    bottom_right = w.one("Add", centers, distances[1])
    middle = w.one("Div", w.one("Add", top_left, bottom_right), w.constant(2, np.float32))
    extent = w.one("Sub", bottom_right, top_left)
    return w.one("Mul", w.concat([middle, extent]), strides)


def _anchors(w: Writer, features: Sequence[str]) -> tuple[str, str]:
    """Centres ``[1, 2, candidates]`` in cells, and how many pixels a cell is."""
    centers, strides = [], []
    for x, stride in zip(features, STRIDES, strict=True):
        size = w.one("Shape", x, start=2, end=4)
        points = []
        for axis in (1, 0):
            (cells,) = w.node("Gather", size, w.constant(axis), axis=0)
            (steps,) = w.node("Range", w.constant(0), cells, w.constant(1))
            place = w.one("Add", w.one("Cast", steps, to=1), w.constant(0.5, np.float32))
            line = w.one("Reshape", place, w.constant([1, -1] if axis else [-1, 1]))
            points.append(w.one("Reshape", w.one("Expand", line, size), w.constant([1, 1, -1])))
        centers.append(w.concat(points))
        like = w.one("Shape", points[0])
        value = numpy_helper.from_array(np.array([stride], np.float32))
        strides.append(w.one("ConstantOfShape", like, value=value))
    return w.concat(centers, 2), w.concat(strides, 2)
