"""How each buffer is stored: elements, width class, and what resides in memory."""

from collections.abc import Mapping
from copy import copy
from typing import Final

from phantomgpu.onnx.graph import Node, ShapedGraph, Tensor
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import SYNTHETIC
from phantomgpu.workload.precision import FIXED, OPERAND, VECTOR, WEIGHT, width_class

_PRODUCTS: Final = frozenset({"matmul", "conv", "recurrent"})
_SAME_WEIGHT: Final = frozenset(
    {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "DequantizeLinear"}
)
"""Operators on a weight that a runtime undoes by reading the stored weight differently."""


class Storage:
    """Sizes and width classes of the buffers of a flow.

    Roles come from the flow, sizes from its graph, or from the same graph at another batch.
    """

    __slots__ = ("_maker", "_roles", "_roots", "_shaped", "_stored", "_wide")

    def __init__(self, flow: Flow) -> None:
        self._shaped = shaped = flow.shaped
        self._roots = flow.roots
        self._wide = flow.wide
        self._roles: dict[str, int] = _roles(flow)
        self._maker: Mapping[str, Node] = {
            name: node
            for node in shaped.nodes
            if node.op_type in _SAME_WEIGHT
            for name in node.outputs
            if name in shaped.constant
        }
        self._stored: dict[str, str] = {}

    def at(self, shaped: ShapedGraph) -> "Storage":
        """The same buffers in a graph with other sizes."""
        other = copy(self)
        other._shaped = shaped
        return other

    def base(self, name: str) -> str:
        """The graph's own buffer behind a view or a synthetic tensor."""
        name = name.partition(SYNTHETIC)[0] if name not in self._shaped.tensors else name
        return self._roots.get(name, name)

    def stored(self, name: str) -> str:
        """The weight in the file that a constant is a view, transpose or dequantisation of.

        What a Scan hands its body is a slice of it, so the file's may have more elements.
        """
        if name not in self._maker:
            return name
        if name not in self._stored:
            source, seen = name, set()
            while source in self._maker and source not in seen:
                seen.add(source)
                source = self._maker[source].inputs[0]
            handed = self._maker[name].op_type == "Identity"  # by a Scan: one slice of a stack
            same = handed or self.elements(source) == self.elements(name)
            self._stored[name] = source if same else name
        return self._stored[name]

    def elements(self, name: str) -> int:
        """Elements of a buffer; 0 where nothing is known of it."""
        tensor = self._tensor(name)
        return 0 if tensor is None or tensor.dims is None else tensor.size

    def counted(self, name: str, elements: int | None = None) -> tuple[int, float]:
        """Width class of a buffer, and so many of its elements (all where None) in that class.

        Fixed widths count bytes.
        """
        count = self.elements(name) if elements is None else elements
        source = self.stored(name)
        tensor = self._tensor(source)
        if tensor is None:
            return FIXED, 4.0 * count
        if name in self._wide:
            return FIXED, 4.0 * count
        kind, size = width_class(tensor.dtype, self._roles.get(name, VECTOR))
        return kind, size * count

    def _tensor(self, name: str) -> Tensor | None:
        """The graph's tensor of that name, or the one a synthetic tensor is made from."""
        return self._shaped.tensors.get(name) or self._shaped.tensors.get(
            name.partition(SYNTHETIC)[0]
        )


def _roles(flow: Flow) -> dict[str, int]:
    """Role of every buffer by who reads it; ``VECTOR`` for those that are not in it."""
    roles: dict[str, int] = {}
    names = {name for op in flow.ops for name in (*op.inputs, *op.outputs)}
    for name in names - flow.wanted:
        users = [flow.ops[user] for user in flow.users(name)]
        if not users or any(user.family not in _PRODUCTS for user in users):
            continue
        if not flow.is_constant(name):
            roles[name] = OPERAND
        elif len(flow.tensor(name).dims or ()) > 1:
            roles[name] = WEIGHT
    return roles
