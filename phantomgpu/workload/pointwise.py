"""Chains of pointwise operations as one kernel, with the moves and reductions among them.

A compiler that writes its own kernels joins a producer and its consumer when one loop over the
same elements can do both; a result that others need too is written on the way. One kernel holds
reductions over the same rows only. A plain reduction, say the mean over an image kept channels
last, walks its input in another order than what made it: it joins a producer only where nobody
else needs the result.

Source: torch/_inductor/scheduler.py (can_fuse_vertical), torch/_inductor/codegen/simd.py
(numel and rnumel of two nodes must agree).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from phantomgpu.workload.flow import Flow, Match

_REDUCING: Final = frozenset({"norm", "reduce"})


def pointwise(flow: Flow) -> Flow:
    """Pointwise operations with each other."""
    return _grown(flow, {"pointwise"})


def pointwise_moves(flow: Flow) -> Flow:
    """Also with what only computes addresses: slices, concatenations, look-ups."""
    return _grown(flow, {"pointwise", "move", "gather"})


def pointwise_reductions(flow: Flow) -> Flow:
    """Also with reductions, softmax and normalisations over the same rows."""
    return _grown(flow, {"pointwise", "move", "gather", "norm", "reduce"})


@dataclass(slots=True)
class _Group:
    """Operations that are one kernel so far.

    Attributes:
        members: Positions.
        loop: Elements the kernel goes over.
        rows: Results of its reductions; 0 where it has none.
    """

    members: list[int]
    loop: int
    rows: int


def _grown(flow: Flow, families: Collection[str]) -> Flow:
    """Join every producer and consumer of these families that can share a loop."""
    groups = [_alone(flow, position) for position in range(len(flow.ops))]
    for position, op in enumerate(flow.ops):
        if op.family not in families:
            continue
        for name in reversed(op.inputs):
            producer = flow.producer(name)
            if producer < 0 or flow.ops[producer].family not in families:
                continue
            one, other = groups[producer], groups[position]
            if one is other or flow.ops[producer].repeats != op.repeats:
                continue
            if op.family == "reduce" and not _alone_needs(flow, other, name):
                continue
            if _share_a_loop(flow, one, other, name) and not _leads_round(flow, groups, one, other):
                joined = _Group(
                    sorted(one.members + other.members),
                    max(one.loop, other.loop),
                    one.rows or other.rows,
                )
                for member in joined.members:
                    groups[member] = joined
    distinct = {id(group): group for group in groups if len(group.members) > 1}
    return flow.contracted(Match(tuple(group.members)) for group in distinct.values())


def _alone(flow: Flow, position: int) -> _Group:
    op = flow.ops[position]
    written = max((flow.size(name) for name in op.outputs), default=0)
    if op.family in _REDUCING:
        running = [name for name in op.inputs if not flow.is_constant(name)]
        loop = max((flow.size(name) for name in running), default=written)
        rows = written if written < loop else _rows(flow, op.outputs[0])
        return _Group([position], max(loop, written), rows)
    return _Group([position], written, 0)


def _rows(flow: Flow, name: str) -> int:
    """Rows of a normalisation over the last dimension."""
    dims = flow.tensor(name).dims or (1,)
    return flow.size(name) // max(int(dims[-1]), 1)


def _share_a_loop(flow: Flow, one: _Group, other: _Group, name: str) -> bool:
    """Whether what writes ``name`` and what reads it can be one kernel."""
    if one.rows and other.rows and (one.rows, one.loop) != (other.rows, other.loop):
        return False
    if one.loop == other.loop or (one.rows and flow.size(name) == other.loop):
        return True
    if one.rows:
        return False
    return _alone_needs(flow, other, name)


def _alone_needs(flow: Flow, group: _Group, name: str) -> bool:
    """Whether nothing outside a group reads ``name``."""
    return name not in flow.wanted and all(user in group.members for user in flow.users(name))


def _leads_round(flow: Flow, groups: list[_Group], one: _Group, other: _Group) -> bool:
    """Whether a path leads from ``one`` to ``other`` through a third kernel."""
    last = other.members[-1]
    seen = {id(one), id(other)}
    waiting = _after(flow, groups, one, seen, last)
    while waiting:
        group = waiting.pop()
        for member in group.members:
            for name in flow.ops[member].outputs:
                if any(groups[user] is other for user in flow.users(name)):
                    return True
        waiting += _after(flow, groups, group, seen, last)
    return False


def _after(
    flow: Flow, groups: list[_Group], group: _Group, seen: set[int], last: int
) -> list[_Group]:
    """Kernels not yet ``seen`` that read what ``group`` writes and may come before ``last``."""
    found = []
    for member in group.members:
        for name in flow.ops[member].outputs:
            for user in flow.users(name):
                next_group = groups[user]
                if id(next_group) not in seen and next_group.members[0] < last:
                    seen.add(id(next_group))
                    found.append(next_group)
    return found
