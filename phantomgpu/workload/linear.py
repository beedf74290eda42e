"""Matrix products with what they can do on the way in and out: bias, scale, transpose."""

from collections.abc import Callable

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
        before, args = _before(flow, op, lambda position: _scaled(flow, flow.ops[position]))
        user = flow.sole_user(op.outputs[0])
        after = [user] if user >= 0 and _scaled(flow, flow.ops[user]) else []
        matches.append(Match((*before, position, *after), args=args))
    return flow.contracted(matches)


def _before(flow: Flow, op: Op, source: Callable[[int], str]) -> tuple[list[int], tuple[str, ...]]:
    """Producers of the factors that the product can do itself, and its operands without them.

    ``source`` gives what such a producer works on; empty for any other.
    """
    members: list[int] = []
    args = list(op.args)
    for i, name in enumerate(op.args[:2]):
        producer = flow.producer(name)
        if producer >= 0 and flow.sole_user(name) >= 0 and source(producer):
            members.append(producer)
            args[i] = source(producer)
    return members, tuple(args)


def _scaled(flow: Flow, op: Op) -> str:
    """What ``op`` multiplies or divides by a constant; empty where it does not."""
    if op.kind not in ("Mul", "Div") or len(op.parts) > 1 or len(op.args) != 2:
        return ""
    running = [name for name in op.args if not is_scalar(flow, name)]
    return (
        running[0] if len(running) == 1 and (op.kind == "Mul" or op.args[0] == running[0]) else ""
    )


def transpose_matmul(flow: Flow) -> Flow:
    """A transpose of the last two dimensions before a product becomes its flag."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family == "matmul":
            before, args = _before(flow, op, lambda position: _untransposed(flow, position))
            matches.append(Match((*before, position), args=args))
    return flow.contracted(matches)


def _untransposed(flow: Flow, position: int) -> str:
    """What is transposed where only the last two dimensions change places; else empty."""
    op = flow.ops[position]
    if op.kind != "Transpose" or len(op.parts) > 1:
        return ""
    rank = len(flow.tensor(op.outputs[0]).dims or ())
    order = flow.shaped.nodes[op.parts[0].node].attributes.get("perm")
    order = list(order) if order is not None else list(range(rank))[::-1]
    swaps = rank > 1 and order == [*range(rank - 2), rank - 1, rank - 2]
    return op.args[0] if swaps else ""
