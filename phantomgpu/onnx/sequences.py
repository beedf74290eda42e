"""Sequences of tensors, followed as the list of what is in them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.errors import LimitError
from phantomgpu.onnx.call import Call, Typed, normal
from phantomgpu.onnx.graph import Node
from phantomgpu.onnx.limits import MAX_SEQUENCE

if TYPE_CHECKING:
    from phantomgpu.onnx.inference import Inference

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


def refuse_long(node: Node, length: int) -> None:
    """Raise for a sequence of more tensors than anyone makes."""
    if length > MAX_SEQUENCE:
        raise LimitError(
            f"node {node.name[:100]!r} makes a sequence of {length} tensors",
            where=f"node {node.name[:100]}",
            fix=f"give smaller sizes; the limit is {MAX_SEQUENCE}",
        )


def _made(run: "Inference", node: Node, parts: list[Typed]) -> list[Typed]:
    refuse_long(node, len(parts))
    run.sequences[node.outputs[0]] = parts
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
    chunk = max(sizes[0], 1) if sizes and call.dims(1) == () else 1
    refuse_long(node, dims[axis] // chunk if sizes is None or call.dims(1) == () else len(sizes))
    if sizes is None:
        sizes = [1] * dims[axis]
    elif call.dims(1) == ():
        sizes = [min(chunk, dims[axis] - at) for at in range(0, dims[axis], chunk)]
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
