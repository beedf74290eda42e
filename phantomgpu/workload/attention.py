"""Scaled dot-product attention, found from its softmax outwards.

``softmax(scale · Q·Kᵀ + mask) · V``: the scale may stand on the scores, on Q, on K or on both;
the mask may be added or chosen by Where; K and V may be repeated for grouped queries; the heads
may be brought in place by transposes, which a fused kernel does by strides.
"""

from dataclasses import replace
from typing import Final

from phantomgpu.workload.activations import is_scalar
from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import Op

_MOST_STEPS: Final = 8
_MOVES: Final = frozenset({"Transpose", "Contiguous"})
_REPEATS: Final = frozenset({"Expand", "Tile", "Cast"})
_TORCH_RANK: Final = 4
"""Dimensions of what PyTorch's fused kernels attend with: batch, heads, tokens, width."""


def attention(flow: Flow) -> Flow:
    """Everything between Q, K, V and the attended values as one operation."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind == "Softmax" and (match := _attention(flow, position)):
            matches.append(match)
    return attention_strides(flow.contracted(matches))


def torch_attention(flow: Flow) -> Flow:
    """The same where PyTorch's fused kernels take it; elsewhere the products stay apart.

    Windows as a fifth dimension (Twins, NesT) take the way written in products, which autocast
    does not look into. Values of another width than the keys are those of modules that write
    their products themselves (LeViT).

    Source: PyTorch, aten/src/ATen/native/transformers/sdp_utils_cpp.h (check_tensor_shapes) and
    attention.cpp (_scaled_dot_product_attention_math); timm, models/levit.py.
    """
    matches, apart = [], set()
    for position, op in enumerate(flow.ops):
        match = _attention(flow, position) if op.kind == "Softmax" else None
        if not match:
            continue
        q = _operand_dims(flow, match.anchor, 0)
        v = _operand_dims(flow, _attended(flow, position)[0], 1)
        if max(len(q), len(v)) > _TORCH_RANK:
            apart.add(position)
        elif q[-1] == v[-1]:
            matches.append(match)

    def narrowed(position: int, op: Op) -> list[Op]:
        return [replace(op, kind="HalfSoftmax") if position in apart else op]

    narrow = flow.rewritten(narrowed)
    return attention_strides(narrow.contracted(matches))


def _operand_dims(flow: Flow, product: int, position: int) -> tuple[int, ...]:
    """Dimensions of an operand of a product, as the file has it."""
    op = flow.ops[product]
    node = flow.shaped.nodes[op.parts[op.anchor].node]
    name = node.inputs[position]
    return tuple(int(dim) for dim in flow.shaped.tensors[name].dims or ())


def attention_strides(flow: Flow) -> Flow:
    """Transposes around an attention kernel become the strides it reads and writes by."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family == "attention" and op.outputs:
            args, members = list(op.args), [position]
            for i, name in enumerate(op.args[:3]):
                if name:
                    args[i], inside, _ = _prepared(flow, name, members, _MOVES)
                    members += inside
            members += _merged_heads(flow, op)
            matches.append(Match(tuple(members), args=tuple(args), anchor=position))
    return flow.contracted(matches)


def _attention(flow: Flow, softmax: int) -> Match | None:
    scores, before = _scores(flow, softmax)
    if scores < 0:
        return None
    values, after = _attended(flow, softmax)
    if values < 0:
        return None
    q, k = flow.ops[scores].args[:2]
    v = next(n for n in flow.ops[values].args if n not in _written(flow, [softmax, *after]))
    members = [scores, *before, softmax, *after, values]
    groups = 0
    operands = []
    for name in (q, k, v):
        source, inside, group = _prepared(flow, name, members)
        operands.append(source)
        members += inside
        groups = max(groups, group)
    members += _merged_heads(flow, flow.ops[values])
    return Match(
        tuple(members),
        kind="Attention",
        args=tuple(operands),
        kv_groups=groups,
        as_one=True,
        anchor=scores,
        family="attention",
    )


def _written(flow: Flow, members: list[int]) -> set[str]:
    return {name for i in members for name in flow.ops[i].outputs}


def _scores(flow: Flow, softmax: int) -> tuple[int, list[int]]:
    """The product Q·Kᵀ under a softmax, and the scaling and masking between."""
    members: list[int] = []
    name = flow.ops[softmax].args[0]
    for _ in range(_MOST_STEPS):
        producer = flow.producer(name)
        if producer < 0 or flow.sole_user(name) < 0:
            break
        op = flow.ops[producer]
        if _is_product(flow, op):
            return producer, members
        before = _through(flow, op)
        if not before:
            break
        members.append(producer)
        name = before
    return -1, []


def _through(flow: Flow, op: Op) -> str:
    """The running operand of a scaling, masking or cast; empty where it is none of them."""
    if op.kind in ("Cast", "Div", "Clip", "Tanh"):
        return op.args[0]
    if op.kind in ("Mul", "Add", "Where", "Sub", "Max"):
        running = [name for name in op.inputs if not flow.is_constant(name)]
        largest = max((flow.size(name) for name in op.outputs), default=0)
        full = [name for name in running if flow.size(name) == largest and flow.producer(name) >= 0]
        if op.kind == "Where":
            full = [name for name in full if name != op.args[0]]
        return max(full, key=lambda name: _leads_to_product(flow, name), default="")
    return ""


def _leads_to_product(flow: Flow, name: str) -> bool:
    """Whether a product of two activations is found a few steps before ``name``."""
    for _ in range(_MOST_STEPS):
        producer = flow.producer(name)
        if producer < 0:
            return False
        op = flow.ops[producer]
        if _is_product(flow, op):
            return True
        if op.kind not in ("Mul", "Div", "Add", "Cast", "Where", "Sub"):
            return False
        running = [n for n in op.inputs if not flow.is_constant(n)]
        if not running:
            return False
        name = max(running, key=flow.size)
    return False


def _is_product(flow: Flow, op: Op) -> bool:
    """A matrix product of two activations."""
    return op.family == "matmul" and sum(not flow.is_constant(n) for n in op.args[:2]) == 2


def _attended(flow: Flow, softmax: int) -> tuple[int, list[int]]:
    """The product with V behind a softmax, and the casts and guards between."""
    members: list[int] = []
    names = {flow.ops[softmax].outputs[0]}
    for _ in range(_MOST_STEPS):
        users = {user for name in names for user in flow.users(name)} - set(members)
        if not users or not names.isdisjoint(flow.wanted):
            break
        first = min(users)
        op = flow.ops[first]
        if _is_product(flow, op):
            return (first, members) if users == {first} else (-1, [])
        if op.kind not in ("Cast", "IsNaN", "Where", "Mul", "Identity", *_MOVES):
            break
        members.append(first)
        names.update(op.outputs)
    return -1, []


def _prepared(
    flow: Flow, name: str, members: list[int], moves: frozenset[str] = _MOVES | _REPEATS
) -> tuple[str, list[int], int]:
    """What Q, K or V is made from, the operations a fused kernel does on the way, and KV groups."""
    inside: list[int] = []
    groups = 0
    for _ in range(4):
        producer = flow.producer(name)
        users = set(flow.users(name)) - set(members) - set(inside)
        source = _moved_or_scaled(flow, producer, moves) if producer >= 0 else ""
        if not source or users or name in flow.wanted:
            break
        groups = max(groups, _copies(flow, name, source))
        inside.append(producer)
        name = source
    return name, inside, groups


def _moved_or_scaled(flow: Flow, position: int, moves: frozenset[str]) -> str:
    """What an operation brings in place, repeats or scales; empty where it does none of that."""
    op = flow.ops[position]
    if op.kind in moves:
        return op.args[0]
    running = [name for name in op.inputs if not is_scalar(flow, name)]
    scales = op.kind in ("Mul", "Div") and moves != _MOVES and len(running) == 1
    return running[0] if scales else ""


def _copies(flow: Flow, name: str, source: str) -> int:
    """How often every element of ``source`` stands in ``name``; 0 where it does once."""
    times = flow.size(name) // max(flow.size(source), 1)
    return times if times > 1 else 0


def _merged_heads(flow: Flow, values: Op) -> list[int]:
    """The transpose that puts the heads side by side again."""
    user = flow.sole_user(values.outputs[0])
    return [user] if user >= 0 and flow.ops[user].kind in _MOVES else []
