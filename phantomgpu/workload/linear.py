"""Matrix products with what they can do on the way in and out: bias, scale, transpose."""

from phantomgpu.workload.activations import is_scalar
from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import Op


def linear(flow: Flow) -> Flow:
    """Product with a weight, then the addition of a bias, as one operation."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family == "matmul" and op.outputs and has_weight(flow, op):
            user = flow.sole_user(op.outputs[0])
            if user >= 0 and _adds_bias(flow, flow.ops[user], op.outputs[0]):
                matches.append(Match((position, user)))
    return flow.contracted(matches)


def has_weight(flow: Flow, op: Op) -> bool:
    """Whether one factor of a product is known before the run."""
    return any(name and flow.is_constant(name) for name in op.args[:2])


def _adds_bias(flow: Flow, op: Op, product: str) -> bool:
    """Whether ``op`` adds a constant vector along the last dimension of ``product``."""
    others = [name for name in op.args if name != product]
    if op.kind != "Add" or len(others) != 1 or not flow.is_constant(others[0]):
        return False
    dims = flow.tensor(op.outputs[0]).dims
    return bool(dims) and flow.size(others[0]) in (1, dims[-1] if dims else 0)


def matmul_scale(flow: Flow) -> Flow:
    """A scalar factor before or behind a product becomes its alpha."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family != "matmul" or not op.outputs:
            continue
        members = [position]
        user = flow.sole_user(op.outputs[0])
        if user >= 0 and _scales(flow, flow.ops[user]):
            members.append(user)
        for name in op.args[:2]:
            producer = flow.producer(name)
            if producer >= 0 and flow.sole_user(name) >= 0 and _scales(flow, flow.ops[producer]):
                members.append(producer)
        matches.append(Match(tuple(members)))
    return flow.contracted(matches)


def _scales(flow: Flow, op: Op) -> bool:
    if op.kind not in ("Mul", "Div") or len(op.parts) > 1:
        return False
    scalars = [name for name in op.inputs if is_scalar(flow, name)]
    return len(scalars) == 1 and len(op.inputs) == 2 and (op.kind == "Mul" or op.args[1] in scalars)


def transpose_matmul(flow: Flow) -> Flow:
    """A transpose of the last two dimensions before a product becomes its flag."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family != "matmul":
            continue
        members = [position]
        for name in dict.fromkeys(op.args[:2]):
            producer = flow.producer(name)
            if producer >= 0 and flow.sole_user(name) >= 0 and _swaps_last(flow, producer):
                members.append(producer)
        matches.append(Match(tuple(members)))
    return flow.contracted(matches)


def _swaps_last(flow: Flow, position: int) -> bool:
    op = flow.ops[position]
    if op.kind != "Transpose" or len(op.parts) > 1:
        return False
    rank = len(flow.tensor(op.outputs[0]).dims or ())
    order = flow.shaped.nodes[op.parts[0].node].attributes.get("perm")
    order = list(order) if order is not None else list(range(rank))[::-1]
    return rank > 1 and order == [*range(rank - 2), rank - 1, rank - 2]
