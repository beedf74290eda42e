"""The flow of a framework with strides: fewer kernels that move, and copies where they come due."""

from collections.abc import Sequence
from typing import Final

from phantomgpu.onnx.graph import Node, ShapedGraph
from phantomgpu.ops import Demand
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import SYNTHETIC, Op, Part
from phantomgpu.workload.strides import (
    Layout,
    dense,
    multiplies_in_place,
    ordered,
    reshaped,
    sizes,
    viewed,
)
from phantomgpu.workload.views import is_view, needed_flow, op_of

_STRIDED: Final = frozenset({"Transpose", "Split", "Slice", "Expand", "Gather"})
_KEEPS_ORDER: Final = frozenset({"pointwise", "conv", "pool"})
"""Families whose output lies in memory in the order of their first input."""
_NEEDS_DENSE: Final = frozenset({"norm", "recurrent"})


class _Builder:
    """Goes through the nodes once and keeps how each tensor lies in memory."""

    def __init__(self, shaped: ShapedGraph) -> None:
        self.shaped = shaped
        self.roots: dict[str, str] = {}
        self.layouts: dict[str, Layout] = {}
        self.ops: list[Op] = []

    def layout(self, name: str) -> Layout:
        """How a tensor lies in memory."""
        known = self.layouts.get(name)
        return dense(sizes(name, self.shaped)) if known is None else known

    def add(self, index: int, node: Node, needed: Demand) -> None:
        """Take one node: as a view, a view that copies, or an operation."""
        first = node.inputs[0] if node.inputs else ""
        if first and (is_view(node, needed, self.shaped) or node.op_type in _STRIDED):
            source = self.layout(first)
            layouts = [viewed(node, source, self.shaped, i) for i in range(len(node.outputs))]
            if None not in layouts:
                root = self.roots.get(first, first)
                for name, layout in zip(node.outputs, layouts, strict=True):
                    if name and layout is not None:
                        self.roots[name] = root
                        self.layouts[name] = layout
                return
            if needed.family == "view":
                self.copy(index, first, node.outputs[0])
                return
        self.operation(index, node, needed)

    def operation(self, index: int, node: Node, needed: Demand) -> None:
        """Take a node that computes; its operands are copied where it cannot read them."""
        args = []
        for position, name in enumerate(node.inputs):
            if name and not self._readable(name, position, node, needed):
                copied = f"{name}{SYNTHETIC}{index}"
                self.copy(index, name, copied)
                args.append(copied)
            else:
                args.append(self.roots.get(name, name))
        self.ops.append(op_of(index, node, needed, tuple(args), self.shaped))
        for name in node.outputs:
            dims = sizes(name, self.shaped)
            lead = self._leading(node, dims)
            if needed.family in _KEEPS_ORDER and lead is not None and not lead.is_dense:
                self.layouts[name] = ordered(dims, lead.order)

    def copy(self, index: int, name: str, output: str) -> None:
        """Write a view anew, element after element."""
        root = self.roots.get(name, name)
        parts = (Part(index, "copy", name),)
        self.ops.append(
            Op("Contiguous", "Contiguous", "move", parts, (root,), (output,),
               repeats=self.shaped.repeats[index])
        )  # fmt: skip

    def _leading(self, node: Node, dims: tuple[int, ...]) -> Layout | None:
        """Layout of the first operand of as many dimensions and the largest size."""
        layouts = [self.layout(name) for name in node.inputs if name]
        return next((lay for lay in layouts if len(lay.dims) == len(dims) > 0), None)

    def _readable(self, name: str, position: int, node: Node, needed: Demand) -> bool:
        layout = self.layouts.get(name)
        if layout is None or layout.is_dense or name in self.shaped.constant:
            return True
        if needed.family == "matmul":
            other = sizes(node.inputs[1 - position], self.shaped) if position < 2 else ()
            if position == 0 and len(other) == 2 and len(layout.dims) > 2:
                rows = 1
                for size in layout.dims[:-1]:
                    rows *= size
                return reshaped(layout, (rows, layout.dims[-1])) is not None
            return multiplies_in_place(layout)
        if needed.family in _NEEDS_DENSE and node.op_type not in ("BatchNormalization", "Softmax"):
            return position > 0
        return True


def strided_flow(shaped: ShapedGraph, demands: Sequence[Demand | None]) -> Flow:
    """One operation for each kernel a framework with strides launches when nothing is fused."""
    builder = _Builder(shaped)
    for index, (node, needed) in enumerate(zip(shaped.nodes, demands, strict=True)):
        if needed is not None:
            builder.add(index, node, needed)
    return needed_flow(shaped, builder.ops, builder.roots)
