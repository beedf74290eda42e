"""Which nodes of a graph are no kernel, and what looks at whose memory.

No kernel are: nodes whose outputs are known before the run (weights and all
computed from them, shapes and all computed from those), nodes nobody needs the
output of, and nodes that only name the same bytes differently.
"""

from collections.abc import Sequence

from phantomgpu.onnx.graph import Node, ShapedGraph
from phantomgpu.ops import Demand, demand
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import Op, Part


def demands_of(shaped: ShapedGraph) -> tuple[Demand | None, ...]:
    """What each node demands; None for one whose outputs are known before the run."""
    return tuple(None if is_known(node, shaped) else demand(node, shaped) for node in shaped.nodes)


def is_known(node: Node, shaped: ShapedGraph) -> bool:
    """Whether a runtime has all its outputs before the first run: constants and shapes."""
    return all(
        name in shaped.constant or name in shaped.values for name in node.outputs if name
    ) and any(node.outputs)


def flow_of(shaped: ShapedGraph, demands: Sequence[Demand | None]) -> Flow:
    """One operation for each node that is a kernel of its own when nothing is fused."""
    roots: dict[str, str] = {}
    ops: list[Op] = []
    for index, (node, needed) in enumerate(zip(shaped.nodes, demands, strict=True)):
        if needed is None:
            continue
        args = tuple(roots.get(name, name) for name in node.inputs)
        if args and args[0] and _is_view(node, needed, shaped):
            roots |= {name: args[0] for name in node.outputs if name}
            continue
        outputs = tuple(name for name in node.outputs if name)
        family = "move" if needed.family == "view" else needed.family
        ops.append(
            Op(node.op_type, node.op_type, family, (Part(index),), args, outputs,
               repeats=shaped.repeats[index])
        )  # fmt: skip
    wanted = frozenset(roots.get(name, name) for name in shaped.outputs)
    return Flow(shaped, _needed(ops, wanted), roots, wanted)


def _is_view(node: Node, needed: Demand, shaped: ShapedGraph) -> bool:
    """Whether the output is the first input, byte for byte."""
    if needed.family == "view":
        return True
    before = shaped.tensors.get(node.inputs[0])
    after = shaped.tensors.get(node.outputs[0])
    if before is None or after is None or before.dtype != after.dtype:
        return False
    if node.op_type in ("Expand", "Slice", "Tile", "Cast", "CastLike"):
        return before.dims == after.dims
    return node.op_type in ("Concat", "Sum", "Max", "Min", "Mean") and len(node.inputs) == 1


def _needed(ops: Sequence[Op], wanted: frozenset[str]) -> list[Op]:
    """The operations that something the caller fetches depends on."""
    needed = set(wanted)
    kept: list[Op] = []
    for op in reversed(ops):
        if not needed.isdisjoint(op.outputs):
            kept.append(op)
            needed.update(op.inputs)
    return kept[::-1]
