"""Measures at any batch from those at two, and what does not lie on the line through them.

With all other dimensions fixed, sizes and FLOPs are affine in the batch. What
is not: a look-up reads each row of its table at most once, however many
indices there are. Such operations are worked out at the batch itself, from
sizes that do lie on a line.
"""

from dataclasses import dataclass, replace

from phantomgpu.onnx.graph import ShapedGraph, Tensor
from phantomgpu.ops import Demand, demand
from phantomgpu.workload.columns import numbers
from phantomgpu.workload.measures import Measures
from phantomgpu.workload.shapings import Shaping
from phantomgpu.workload.structure import Structure


@dataclass(frozen=True, slots=True)
class Line:
    """Measures of one structure at every batch.

    Attributes:
        batches: The two that were measured.
        low: Measures at the first.
        high: At the second.
        structure: What was measured.
        shapes: The graph at the two batches.
        bent: Operations that are worked out at each batch.
    """

    batches: tuple[int, int]
    low: Measures
    high: Measures
    structure: Structure
    shapes: tuple[Shaping, Shaping]
    bent: tuple[int, ...]

    def at(self, batch: int) -> Measures:
        """The measures at a batch."""
        share = self._share(batch)
        found = self.low.between(self.high, share)
        if self.bent:
            shaped, demands = self._shaping(batch)
            storage = self.structure.storage.at(shaped)
            ops = [self.structure.flow.ops[i] for i in self.bent]
            found.numbers[:, list(self.bent)] = numbers(ops, self.structure.flow, demands, storage)
        return found

    def _share(self, batch: int) -> float:
        return (batch - self.batches[0]) / (self.batches[1] - self.batches[0])

    def _shaping(self, batch: int) -> tuple[ShapedGraph, list[Demand | None]]:
        """The graph at a batch, as far as the bent operations look at it."""
        low, high = (shaping.shaped for shaping in self.shapes)
        flow = self.structure.flow
        indices = {part.node for i in self.bent for part in flow.ops[i].parts}
        names = {name for i in self.bent for name in (*flow.ops[i].inputs, *flow.ops[i].outputs)}
        for index in indices:
            names.update(low.nodes[index].inputs, low.nodes[index].outputs)
        share = self._share(batch)
        tensors = {
            name: _between(low.tensors[name], high.tensors[name], share)
            for name in names
            if name in low.tensors
        }
        shaped = replace(low, tensors=tensors)
        demands: list[Demand | None] = [None] * len(low.nodes)
        for index in indices:
            demands[index] = demand(low.nodes[index], shaped)
        return shaped, demands


def _between(low: Tensor, high: Tensor, share: float) -> Tensor:
    if low.dims is None or high.dims is None or low.dims == high.dims:
        return low
    dims = tuple(
        round(int(a) + share * (int(b) - int(a))) for a, b in zip(low.dims, high.dims, strict=True)
    )
    return replace(low, dims=dims)


def line_through(
    structure: Structure, low: Shaping, high: Shaping, check: Shaping, batches: tuple[int, int, int]
) -> Line | None:
    """The line through two batches; None where a third one contradicts it."""
    first, second, third = (structure.measured(*shaping) for shaping in (low, high, check))
    bent = _partial_reads(structure, low)
    line = Line(batches[:2], first, second, structure, (low, high), bent)
    return line if line.at(batches[2]).equals(third) else None


def _partial_reads(structure: Structure, shaping: Shaping) -> tuple[int, ...]:
    """Operations that read some of a weight: how much may grow until it is all of it."""
    shaped, demands = shaping
    return tuple(
        i
        for i, op in enumerate(structure.flow.ops)
        if any(
            name in shaped.constant and 0 < count < shaped.tensors[name].size
            for part in op.parts
            if (needed := demands[part.node]) is not None
            for name, count in zip(shaped.nodes[part.node].inputs, needed.read, strict=False)
        )
    )
