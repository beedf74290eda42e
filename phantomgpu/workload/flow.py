"""The operations of a graph and how data flows between them; views are looked through."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from phantomgpu.onnx.graph import ShapedGraph, Tensor
from phantomgpu.ops import Family
from phantomgpu.workload.operation import SYNTHETIC, Op


@dataclass(frozen=True, slots=True)
class Match:
    """Operations that one kernel does.

    Attributes:
        ops: Positions in ``Flow.ops``.
        kind: What the result is; empty for the anchor's kind.
        args: Its inputs in the operator's own order, where later rules look at them.
        kv_groups, quantised, abreast: See ``Op``.
        as_one: The label is ``kind`` alone instead of the parts joined.
        anchor: Position in ``Flow.ops`` of the operation whose family and shape it has; -1 for
            the heaviest family.
        family: Of the result; None for the anchor's.
    """

    ops: tuple[int, ...]
    kind: str = ""
    args: tuple[str, ...] = ()
    kv_groups: int = 0
    as_one: bool = False
    anchor: int = -1
    family: Family | None = None
    quantised: str = ""
    abreast: bool = False


class Flow:
    """Operations in an order in which they can run.

    Attributes:
        shaped: The graph.
        ops: The operations.
        roots: Buffer that a view looks at, by the view's name.
        wanted: Buffers the caller fetches.
        wide: Buffers that stay fp32 whatever the precision; ``autocast`` decides them.
    """

    __slots__ = ("_fed", "_producer", "_users", "ops", "roots", "shaped", "wanted", "wide")

    def __init__(
        self,
        shaped: ShapedGraph,
        ops: Sequence[Op],
        roots: Mapping[str, str],
        wanted: frozenset[str],
        wide: frozenset[str] = frozenset(),
    ) -> None:
        self.shaped = shaped
        self.ops = tuple(ops)
        self.roots = roots
        self.wanted = wanted
        self.wide = wide
        self._fed = frozenset(shaped.inputs) - shaped.constant
        self._producer: dict[str, int] = {}
        self._users: dict[str, list[int]] = {}
        for position, op in enumerate(self.ops):
            for name in op.outputs:
                self._producer[name] = position
            for name in op.inputs:
                self._users.setdefault(name, []).append(position)

    def producer(self, name: str) -> int:
        """Position of the operation that writes ``name``; -1 for inputs and constants."""
        return self._producer.get(name, -1)

    def users(self, name: str) -> Sequence[int]:
        """Positions of the operations that read ``name``, in order."""
        return self._users.get(name, ())

    def sole_user(self, name: str) -> int:
        """Position of the only operation that needs ``name``; -1 where there is another need."""
        users = self._users.get(name, ())
        return users[0] if len(users) == 1 and name not in self.wanted else -1

    def is_constant(self, name: str) -> bool:
        """Known before the model runs: no operation makes it and no caller feeds it."""
        return name not in self._producer and name not in self._fed

    def tensor(self, name: str) -> Tensor:
        """The graph's tensor behind a buffer, the synthetic ones included."""
        return self.shaped.tensors[name.partition(SYNTHETIC)[0]]

    def is_weight(self, name: str) -> bool:
        """A weight, or a copy of one in another width or layout."""
        return name.partition(SYNTHETIC)[0] in self.shaped.constant

    def size(self, name: str) -> int:
        """Elements of a buffer."""
        return self.tensor(name).size

    def contracted(self, matches: Iterable[Match]) -> "Flow":
        """The flow in which each match is one operation.

        A match that shares an operation with an earlier one, that would have to run before its
        own result, or that mixes trip counts is left as it was.
        """
        taken: set[int] = set()
        accepted: list[Match] = []
        for match in matches:
            members = sorted(set(match.ops))
            if len(members) < 2 or not taken.isdisjoint(members):
                continue
            if len({self.ops[i].repeats for i in members}) > 1 or not self._is_convex(members):
                continue
            taken.update(members)
            accepted.append(replace(match, ops=tuple(members)))
        return self._with(accepted) or self._one_by_one(accepted)

    def _with(self, accepted: Sequence[Match]) -> "Flow | None":
        """The flow with these matches contracted; None where each waits for another."""
        if not accepted:
            return self
        taken = {position for match in accepted for position in match.ops}
        ranked = [(i, op) for i, op in enumerate(self.ops) if i not in taken]
        ranked += [(match.ops[-1], self._fused(match)) for match in accepted]
        ordered = in_order(ranked)
        if len(ordered) < len(ranked):
            return None
        return Flow(self.shaped, ordered, self.roots, self.wanted, self.wide)

    def _one_by_one(self, matches: Sequence[Match]) -> "Flow":
        """The flow with as many of the matches contracted as can be in this order."""
        flow, accepted = self, list[Match]()
        for match in matches:
            bigger = self._with([*accepted, match])
            if bigger is not None:
                flow = bigger
                accepted.append(match)
        return flow

    def rewritten(self, change: Callable[[int, Op], Iterable[Op]]) -> "Flow":
        """The flow in which ``change`` says what stands in the place of each operation."""
        ops = [new for position, op in enumerate(self.ops) for new in change(position, op)]
        return Flow(self.shaped, ops, self.roots, self.wanted, self.wide)

    def _is_convex(self, members: Sequence[int]) -> bool:
        """No path leads out of ``members`` and back into them."""
        inside = set(members)
        last = members[-1]
        outside: list[int] = []
        for position in members:
            outside += [u for u in self._next(position) if u not in inside and u < last]
        seen = set(outside)
        while outside:
            for user in self._next(outside.pop()):
                if user in inside:
                    return False
                if user < last and user not in seen:
                    seen.add(user)
                    outside.append(user)
        return True

    def _next(self, position: int) -> Iterator[int]:
        for name in self.ops[position].outputs:
            yield from self._users.get(name, ())

    def _fused(self, match: Match) -> Op:
        members = [self.ops[i] for i in match.ops]
        inside = set(match.ops)
        written = {name for op in members for name in op.outputs}
        read = tuple(
            dict.fromkeys(name for op in members for name in op.inputs if name not in written)
        )
        outputs = tuple(
            name
            for op in members
            for name in op.outputs
            if name in self.wanted or any(u not in inside for u in self._users.get(name, ()))
        )
        chosen = (
            match.ops.index(match.anchor)
            if match.anchor >= 0
            else min(range(len(members)), key=lambda i: (_WEIGHT[members[i].family], i))
        )
        anchor = members[chosen]
        offset = sum(len(op.parts) for op in members[:chosen])
        ordered = [name for name in match.args if not name or name in read]
        return Op(
            kind=match.kind or anchor.kind,
            label=match.kind if match.as_one else "+".join(op.label for op in members),
            family=match.family or anchor.family,
            parts=tuple(part for op in members for part in op.parts),
            args=(*ordered, *(name for name in read if name not in ordered)),
            outputs=outputs,
            repeats=anchor.repeats,
            anchor=offset + anchor.anchor,
            kv_groups=match.kv_groups or anchor.kv_groups,
            quantised=match.quantised or anchor.quantised,
            abreast=match.abreast or anchor.abreast,
        )


_WEIGHT: dict[str, int] = {
    family: weight
    for weight, families in enumerate(
        (
            ("attention", "recurrent"),
            ("conv", "matmul"),
            ("norm",),
            ("reduce", "pool"),
            ("approximate", "gather", "quantize"),
            ("pointwise",),
            ("move", "view"),
        )
    )
    for family in families
}
"""Which member gives a fused kernel its family and shape: the least."""


def in_order(ranked: Iterable[tuple[int, Op]]) -> list[Op]:
    """Operations sorted so that each runs after what it reads, by rank where that is free."""
    ranks, ops = zip(*sorted(ranked, key=lambda pair: pair[0]), strict=True)
    del ranks
    producer = {name: i for i, op in enumerate(ops) for name in op.outputs}
    users: list[list[int]] = [[] for _ in ops]
    missing = [0] * len(ops)
    for i, op in enumerate(ops):
        for name in op.inputs:
            before = producer.get(name, i)
            if before != i:
                users[before].append(i)
                missing[i] += 1
    ready = [i for i, count in enumerate(missing) if not count]
    heapify(ready)
    ordered: list[Op] = []
    while ready:
        i = heappop(ready)
        ordered.append(ops[i])
        for user in users[i]:
            missing[user] -= 1
            if not missing[user]:
                heappush(ready, user)
    return ordered
