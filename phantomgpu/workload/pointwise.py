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


@dataclass(slots=True, eq=False)
class _Group:
    """Operations that are one kernel so far.

    Attributes:
        members: Positions.
        loop: Elements the kernel goes over.
        rows: Results of its reductions; 0 where it has none.
        first: The least of the positions.
        last: The greatest.
    """

    members: list[int]
    loop: int
    rows: int
    first: int
    last: int


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
            if op.family == "reduce" and not _alone_needs(flow, groups, other, name):
                continue
            if _share_a_loop(flow, groups, one, other, name) and not _leads_round(
                flow, groups, one, other
            ):
                _join(groups, one, other)
    distinct = {id(group): group for group in groups if len(group.members) > 1}
    return flow.contracted(Match(tuple(group.members)) for group in distinct.values())


def _join(groups: list[_Group], one: _Group, other: _Group) -> None:
    """Make the smaller of two groups part of the larger."""
    large, small = (one, other) if len(one.members) >= len(other.members) else (other, one)
    large.members += small.members
    large.loop = max(large.loop, small.loop)
    large.rows = large.rows or small.rows
    large.first, large.last = min(large.first, small.first), max(large.last, small.last)
    for member in small.members:
        groups[member] = large


def _alone(flow: Flow, position: int) -> _Group:
    op = flow.ops[position]
    loop, rows = max((flow.size(name) for name in op.outputs), default=0), 0
    if op.family in _REDUCING:
        written = loop
        running = [name for name in op.inputs if not flow.is_constant(name)]
        loop = max((flow.size(name) for name in running), default=written)
        rows = written if written < loop else _rows(flow, op.outputs[0])
        loop = max(loop, written)
    return _Group([position], loop, rows, position, position)


def _rows(flow: Flow, name: str) -> int:
    """Rows of a normalisation over the last dimension."""
    dims = flow.tensor(name).dims or (1,)
    return flow.size(name) // max(int(dims[-1]), 1)


def _share_a_loop(flow: Flow, groups: list[_Group], one: _Group, other: _Group, name: str) -> bool:
    """Whether what writes ``name`` and what reads it can be one kernel."""
    if one.rows and other.rows and (one.rows, one.loop) != (other.rows, other.loop):
        return False
    if one.loop == other.loop or (one.rows and flow.size(name) == other.loop):
        return True
    return not one.rows and _alone_needs(flow, groups, other, name)


def _alone_needs(flow: Flow, groups: list[_Group], group: _Group, name: str) -> bool:
    """Whether nothing outside a group reads ``name``."""
    return name not in flow.wanted and all(groups[user] is group for user in flow.users(name))


def _leads_round(flow: Flow, groups: list[_Group], one: _Group, other: _Group) -> bool:
    """Whether a path leads from ``one`` to ``other`` through a third kernel."""
    seen = {id(other)}
    waiting = [other]
    while waiting:
        group = waiting.pop()
        for member in group.members:
            for name in flow.ops[member].inputs:
                producer = flow.producer(name)
                if producer < 0:
                    continue
                before = groups[producer]
                if before is one and group is not other:
                    return True
                if before is not one and before.last > one.first and id(before) not in seen:
                    seen.add(id(before))
                    waiting.append(before)
    return False
