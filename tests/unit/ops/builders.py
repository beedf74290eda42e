"""One operator call with shapes that are given by hand."""

import numpy as np

from phantomgpu.onnx.graph import Graph, Node, ShapedGraph, Tensor
from phantomgpu.ops import Demand, demand

UNKNOWN = "unknown"
"""In the place of a shape: the tensor is there, its shape is not known."""


def a_call(
    op_type, inputs, outputs, *, domain="", dtypes=(), values=None, opset=18, **attributes
) -> tuple[Node, ShapedGraph]:
    """A node and the graph around it.

    ``inputs`` and ``outputs`` are shapes by position: None for an omitted one, ``UNKNOWN``, or a
    name, which stands for the tensor that has it already. ``values`` are known inputs by position.
    """
    tensors: dict[str, Tensor] = {}

    def named(kind: str, shapes) -> tuple[str, ...]:
        names = []
        for position, shape in enumerate(shapes):
            name = f"{kind}{position}"
            if shape is None:
                name = ""
            elif isinstance(shape, str) and shape != UNKNOWN:
                name = shape
            else:
                dims = None if shape == UNKNOWN else tuple(shape)
                given = dtypes[position] if kind == "in" and position < len(dtypes) else "float32"
                tensors[name] = Tensor(name, dims, given)
            names.append(name)
        return tuple(names)

    node = Node("a_node", op_type, domain, named("in", inputs), named("out", outputs), attributes)
    known = {f"in{i}": np.asarray(value) for i, value in (values or {}).items()}
    graph = Graph("g", (node,), tensors, node.inputs, node.outputs, opsets={"": opset})
    shaped = ShapedGraph(
        graph, (node,), (1,), tensors, known, frozenset(), node.inputs, node.outputs, (), ()
    )
    return node, shaped


def asked(op_type, inputs, outputs, **details) -> Demand:
    """What the call of ``a_call`` demands."""
    return demand(*a_call(op_type, inputs, outputs, **details))
