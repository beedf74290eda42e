"""Collects the nodes of an ONNX graph, each tensor in the layout that asks for it.

TensorFlow Lite keeps images as ``[batch, height, width, channels]``, ONNX' convolutions take
``[batch, channels, height, width]``. What a convolution or pooling makes stays in its layout as
long as what follows can take it so; a Transpose stands only where it must.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from phantomgpu.converters.runners.tflite_file import FileInfo, TensorInfo
from phantomgpu.onnx.graph import Graph, Node, Tensor, Value

PLAIN: Final = "nhwc"
CHANNELS_FIRST: Final = "nchw"
TO_FIRST: Final = (0, 3, 1, 2)
TO_PLAIN: Final = (0, 2, 3, 1)
OPSET: Final = 18


class Building:
    """A graph while it is made.

    Args:
        file: What it is made of.
    """

    def __init__(self, file: FileInfo) -> None:
        self.file = file
        self.nodes: list[Node] = []
        self.tensors: dict[str, Tensor] = {}
        self.values: dict[str, Value] = {}
        self._made: dict[tuple[int, str], str] = {}
        self._stored: dict[int, str] = {}

    def info(self, number: int) -> TensorInfo:
        """The tensor of the file."""
        return self.file.tensors[number]

    def node(self, op_type: str, inputs: Sequence[str], name: str = "", **attributes: Any) -> str:
        """Add a node of one output; returns the output's name."""
        output = name or f"{op_type}_{len(self.nodes)}"
        self.nodes.append(
            Node(f"{op_type}_{len(self.nodes)}", op_type, "", tuple(inputs), (output,), attributes)
        )
        return output

    def constant(self, values: Any, dtype: str) -> str:
        """A small tensor whose content matters."""
        name = f"constant_{len(self.values)}"
        array = np.asarray(values, dtype)
        self.tensors[name] = Tensor(name, tuple(array.shape), dtype, is_weight=True)
        self.values[name] = array
        return name

    def weight(self, number: int, dims: Sequence[int], *, suffix: str = "") -> str:
        """A weight as reals, in sizes of its own; a quantised one is stored so and dequantised."""
        info = self.info(number)
        name = info.name + suffix
        if name in self.tensors:
            return name if not info.is_quantised else f"{name}/real"
        self.tensors[name] = Tensor(name, tuple(dims), info.dtype, is_weight=True)
        if not info.is_quantised:
            if info.value is not None and tuple(dims) == info.dims:
                self.values[name] = info.value
            return name
        axis = 0 if info.scales == 1 else list(dims).index(info.scales)
        return self.node("DequantizeLinear", [name, *self._scale(info)], f"{name}/real", axis=axis)

    def get(self, number: int, layout: str = PLAIN) -> str:
        """A tensor as reals, in a layout; a Transpose is added where there is none in it."""
        info = self.info(number)
        if layout == CHANNELS_FIRST and len(info.dims) != 4:
            layout = PLAIN
        if (number, layout) in self._made:
            return self._made[number, layout]
        if info.is_weight:
            dims = tuple(int(size) for size in info.dims)
            if layout == CHANNELS_FIRST:
                return self.weight(number, [dims[at] for at in TO_FIRST], suffix="/first")
            return self.weight(number, dims)
        other = CHANNELS_FIRST if layout == PLAIN else PLAIN
        order = TO_PLAIN if layout == PLAIN else TO_FIRST
        given = self._stored.get(number, self._made[number, other])
        name = self.node("Transpose", [given], f"{info.name}/{layout}", perm=list(order))
        if number in self._stored:  # the numbers are moved as they are stored, not as reals
            name = self.node("DequantizeLinear", [name, *self._scale(info)], axis=0)
        self._made[number, layout] = name
        return name

    def layout(self, number: int) -> str:
        """The layout that a tensor was made in."""
        return PLAIN if (number, PLAIN) in self._made else CHANNELS_FIRST

    def is_first(self, *numbers: int) -> bool:
        """Whether any of them was made with channels first, and all can be had so."""
        made = [at for at in numbers if not self.info(at).is_weight]
        return any(self.layout(at) == CHANNELS_FIRST for at in made) and all(
            len(self.info(at).dims) in (0, 1, 4) for at in numbers
        )

    def put(self, number: int, name: str, layout: str = PLAIN) -> None:
        """Say that ``name`` is a tensor of the file, as reals.

        A quantised tensor is rounded to its numbers and back, as runtimes expect it.
        """
        info = self.info(number)
        if info.is_quantised:
            scale = self._scale(info)
            stored = self.node("QuantizeLinear", [name, *scale], f"{info.name}/stored", axis=0)
            name = self.node("DequantizeLinear", [stored, *scale], f"{info.name}/real", axis=0)
            self._stored[number] = stored
        self._made[number, layout] = name

    def graph(self, name: str) -> Graph:
        """All of it, with the file's inputs and outputs."""
        for number in self.file.outputs:
            last = self.get(number)
            info = self.info(number)
            if info.is_quantised:
                self.node("QuantizeLinear", [last, *self._scale(info)], info.name, axis=0)
            else:
                self.node("Identity", [last], info.name)
            self.tensors[info.name] = Tensor(info.name, info.dims, info.dtype)
        inputs = tuple(self.info(number).name for number in self.file.inputs)
        outputs = tuple(self.info(number).name for number in self.file.outputs)
        return Graph(
            name, tuple(self.nodes), self.tensors, inputs, outputs, self.values, {"": OPSET}
        )

    def begin(self) -> None:
        """Add the inputs of the file."""
        for number in self.file.inputs:
            info = self.info(number)
            self.tensors[info.name] = Tensor(info.name, info.dims, info.dtype)
            real = info.name
            if info.is_quantised:
                scale = self._scale(info)
                real = self.node("DequantizeLinear", [info.name, *scale], f"{real}/real", axis=0)
                self._stored[number] = info.name
            self._made[number, PLAIN] = real

    def _scale(self, info: TensorInfo) -> tuple[str, str]:
        """Scale and zero point: their values change no figure, so they are all 1 and 0."""
        shape = () if info.scales == 1 else (info.scales,)
        zero = "int8" if info.dtype == "int4" else info.dtype
        return self.constant(np.ones(shape), "float32"), self.constant(np.zeros(shape), zero)
