"""Which nodes of a graph are no kernel, and what looks at whose memory.

No kernel are: nodes whose outputs are known before the run (weights and all
computed from them, shapes and all computed from those), nodes nobody needs the
output of, and nodes that only name the same bytes differently. A framework
with strides has more of the last kind (``strides.py``).
"""

from collections.abc import Collection, Sequence
from typing import Final

from phantomgpu.onnx.graph import Node, ShapedGraph
from phantomgpu.ops import Demand, demand
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import Op, Part
from phantomgpu.workload.strides import sizes

_SHAPES: Final = frozenset({"Shape", "Size"})
_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
     "Multinomial"}
)  # fmt: skip
_ONE_INPUT: Final = frozenset({"Concat", "Sum", "Max", "Min", "Mean"})


def demands_of(shaped: ShapedGraph) -> tuple[Demand | None, ...]:
    """What each node demands; None for one whose outputs are known before the run.

    Known are weights, shapes, and whatever is computed from those alone, however large: that does
    not depend on the batch, as the sizes up to which values are kept would.
    """
    known = {*shaped.constant, *shaped.values}
    demands: list[Demand | None] = []
    for node in shaped.nodes:
        if _is_known(node, known):
            known.update(node.outputs)
            demands.append(None)
        else:
            demands.append(demand(node, shaped))
    return tuple(demands)


def _is_known(node: Node, known: Collection[str]) -> bool:
    if any(node.outputs) and all(name in known for name in node.outputs if name):
        return True
    if node.op_type in _SHAPES:
        return True
    given = [name for name in node.inputs if name]
    return bool(given) and node.op_type not in _RANDOM and all(name in known for name in given)


def flow_of(shaped: ShapedGraph, demands: Sequence[Demand | None]) -> Flow:
    """One operation for each node that is a kernel of its own when nothing is fused."""
    roots: dict[str, str] = {}
    ops: list[Op] = []
    for index, (node, needed) in enumerate(zip(shaped.nodes, demands, strict=True)):
        if needed is None:
            continue
        args = tuple(roots.get(name, name) for name in node.inputs)
        if args and args[0] and is_view(node, needed, shaped):
            roots |= {name: args[0] for name in node.outputs if name}
            continue
        ops.append(op_of(index, node, needed, args, shaped))
    return needed_flow(shaped, ops, roots)


def op_of(index: int, node: Node, needed: Demand, args: tuple[str, ...], shaped: ShapedGraph) -> Op:
    """The operation of one whole node."""
    return Op(
        kind=node.op_type,
        label=node.op_type,
        family="move" if needed.family == "view" else needed.family,
        parts=(Part(index),),
        args=args,
        outputs=tuple(name for name in node.outputs if name),
        repeats=shaped.repeats[index],
    )


def is_view(node: Node, needed: Demand, shaped: ShapedGraph) -> bool:
    """Whether the output is the first input, byte for byte."""
    if needed.family == "view":
        return True
    before = shaped.tensors.get(node.inputs[0])
    after = shaped.tensors.get(node.outputs[0])
    if before is None or after is None or before.dtype != after.dtype:
        return False
    if node.op_type in ("Expand", "Tile", "Cast", "CastLike"):
        return before.dims == after.dims
    if node.op_type == "Transpose":
        return _moves_only_ones(node, sizes(node.inputs[0], shaped))
    return node.op_type in _ONE_INPUT and len(node.inputs) == 1


def _moves_only_ones(node: Node, dims: tuple[int, ...]) -> bool:
    """Whether a transpose keeps the order of all dimensions of more than one element."""
    order = node.attributes.get("perm")
    order = [int(i) for i in order] if order is not None else list(range(len(dims)))[::-1]
    kept = [i for i in order if i < len(dims) and dims[i] > 1]
    return kept == sorted(kept)


def needed_flow(shaped: ShapedGraph, ops: Sequence[Op], roots: dict[str, str]) -> Flow:
    """The flow of the operations that the caller, or the next iteration of a loop, depends on."""
    wanted = frozenset(roots.get(name, name) for name in (*shaped.outputs, *shaped.carried))
    needed = set(wanted)
    kept: list[Op] = []
    for op in reversed(ops):
        if not needed.isdisjoint(op.outputs):
            kept.append(op)
            needed.update(op.inputs)
    return Flow(shaped, kept[::-1], roots, wanted)
