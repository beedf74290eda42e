"""Sequences of tensors, followed as the list of what is in them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.call import Call, Typed, normal
from phantomgpu.onnx.graph import Node

if TYPE_CHECKING:
    from phantomgpu.onnx.inference import Inference

_MAX_LENGTH = 4096
Outcomes = list[Typed] | None


def sequence_outcomes(run: "Inference", node: Node, call: Call) -> Outcomes:
    """Dtype and dims of the outputs of an operator on sequences; None for every other one."""
    rule = _RULES.get(node.op_type) if node.domain == "" else None
    return None if rule is None else rule(run, node, call)


def whole(parts: list[Typed]) -> Typed:
    """What a sequence is shown as: its elements behind each other."""
    if not parts:
        return "float32", (0,)
    if len({dims for _, dims in parts}) == 1:
        return parts[0][0], (len(parts), *parts[0][1])
    total = 0
    for _, dims in parts:
        size = 1
        for dim in dims:
            size *= dim
        total += size
    return parts[0][0], (total,)


def _made(run: "Inference", node: Node, parts: list[Typed]) -> list[Typed]:
    run.sequences[node.outputs[0]] = parts[:_MAX_LENGTH]
    return [whole(parts)]


def _parts(run: "Inference", node: Node) -> list[Typed]:
    """What is in the first input; an unknown sequence counts as one of what it is shown as."""
    name = node.inputs[0]
    if name in run.sequences:
        return run.sequences[name]
    tensor = run.tensors[name]
    run.assume(node, "the length of its sequence is unknown; taken as 1")
    return [(tensor.dtype, tensor.dims)]  # type: ignore[list-item]


def _construct(run: "Inference", node: Node, call: Call) -> Outcomes:
    return _made(run, node, [each for each in call.inputs if each is not None])


def _empty(run: "Inference", node: Node, call: Call) -> Outcomes:
    run.sequences[node.outputs[0]] = []
    return [(FROM_ONNX[call.attributes.get("dtype", 1)], (0,))]


def _insert(run: "Inference", node: Node, call: Call) -> Outcomes:
    parts = list(_parts(run, node))
    place = call.ints(2) if call.has(2) else [len(parts)]
    added = call.inputs[1]
    if added is not None:
        parts.insert(place[0] if place else len(parts), added)
    return _made(run, node, parts)


def _erase(run: "Inference", node: Node, call: Call) -> Outcomes:
    parts = list(_parts(run, node))
    place = call.ints(1) if call.has(1) else [-1]
    if parts:
        parts.pop(place[0] if place and abs(place[0]) <= len(parts) - 1 else -1)
    return _made(run, node, parts)


def _at(run: "Inference", node: Node, call: Call) -> Outcomes:
    parts = _parts(run, node)
    if not parts:
        run.assume(node, "it reads from an empty sequence; taken as a scalar")
        return [("float32", ())]
    place = call.ints(1)
    if place is None and len(set(parts)) > 1:
        run.assume(node, "which element it takes is computed from data; the largest is taken")
        return [max(parts, key=lambda part: whole([part])[1])]
    return [parts[place[0] if place and -len(parts) <= place[0] < len(parts) else 0]]


def _length(run: "Inference", node: Node, call: Call) -> Outcomes:
    return [("int64", ())]


def _split(run: "Inference", node: Node, call: Call) -> Outcomes:
    dtype, dims = call.dtype(0), call.dims(0)
    axis = normal(call.attributes.get("axis", 0), len(dims))
    sizes = call.ints(1) if call.has(1) else None
    keep = call.attributes.get("keepdims", 1) or call.has(1)
    if call.has(1) and sizes is None:
        run.assume(node, "the parts are computed from data; taken as one")
        sizes = [dims[axis]]
    if sizes is None:
        sizes = [1] * dims[axis]
    elif call.dims(1) == ():
        chunk = max(sizes[0], 1)
        sizes = [min(chunk, dims[axis] - at) for at in range(0, dims[axis], chunk)]
    if len(sizes) > _MAX_LENGTH:
        sizes = sizes[:_MAX_LENGTH]
    rest = dims[axis + 1 :]
    middle = [(size,) if keep else () for size in sizes]
    return _made(run, node, [(dtype, (*dims[:axis], *size, *rest)) for size in middle])


def _concat(run: "Inference", node: Node, call: Call) -> Outcomes:
    parts = _parts(run, node)
    if not parts:
        return [(call.dtype(0), (0,))]
    dtype, first = parts[0]
    stacked = bool(call.attributes.get("new_axis", 0))
    axis = normal(call.attributes["axis"], len(first) + stacked)
    if stacked:
        return [(dtype, (*first[:axis], len(parts), *first[axis:]))]
    total = sum(dims[axis] for _, dims in parts)
    return [(dtype, (*first[:axis], total, *first[axis + 1 :]))]


def _same(run: "Inference", node: Node, call: Call) -> Outcomes:
    """Identity and the operators on optionals pass a sequence on."""
    if not node.inputs or node.inputs[0] not in run.sequences:
        if node.op_type.startswith("Optional") and call.inputs and call.inputs[0] is not None:
            return [("bool", ()) if node.op_type == "OptionalHasElement" else call.inputs[0]]
        return None
    return _made(run, node, run.sequences[node.inputs[0]])


_RULES: Final[dict[str, Callable[["Inference", Node, Call], Outcomes]]] = {
    "SequenceConstruct": _construct, "SequenceEmpty": _empty, "SequenceInsert": _insert,
    "SequenceErase": _erase, "SequenceAt": _at, "SequenceLength": _length,
    "SplitToSequence": _split, "ConcatFromSequence": _concat, "Identity": _same,
    "Optional": _same, "OptionalGetElement": _same, "OptionalHasElement": _same,
}  # fmt: skip
