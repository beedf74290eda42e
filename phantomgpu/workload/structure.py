"""One fused flow with its numbers, and equal kernels gathered into distinct rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phantomgpu.onnx.graph import ShapedGraph
from phantomgpu.ops import Demand
from phantomgpu.workload.columns import Traits, numbers, traits
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.liveness import Lifetimes, lifetimes, live_elements
from phantomgpu.workload.measures import Measures
from phantomgpu.workload.precision import CLASSES
from phantomgpu.workload.storage import Storage
from phantomgpu.workload.workload import FloatArray


@dataclass(frozen=True, slots=True)
class Structure:
    """A fused flow: what no batch changes, and how to measure it at one.

    Attributes:
        flow: The operations.
        storage: How its buffers are stored.
        traits: See ``columns.Traits``.
        times: When each buffer is alive.
        weights: Elements of all weights in memory, by width class. [class]
        approximations: Why each operation is only approximate; empty where it is not.
    """

    flow: Flow
    storage: Storage
    traits: Traits
    times: Lifetimes
    weights: FloatArray
    approximations: tuple[str, ...]

    def measured(self, shaped: ShapedGraph, demands: Sequence[Demand | None]) -> Measures:
        """The numbers of the same operations in a graph shaped for some batch."""
        storage = self.storage.at(shaped)
        ends = np.zeros((2, CLASSES))
        for row, names in enumerate((shaped.inputs, shaped.outputs)):
            for name in names:
                kind, count = storage.counted(storage.base(name))
                ends[row, kind] += count
        return Measures(
            numbers(self.flow.ops, self.flow, demands, storage),
            live_elements(self.times, storage, len(self.flow.ops)),
            ends,
        )


def structure_of(flow: Flow, demands: Sequence[Demand | None], *, in_place: bool) -> Structure:
    """Describe a fused flow."""
    storage = Storage(flow)
    reasons = tuple(
        "; ".join(dict.fromkeys(d.approximation for p in op.parts if (d := demands[p.node])
                                and d.approximation))
        for op in flow.ops
    )  # fmt: skip
    return Structure(
        flow,
        storage,
        traits(flow, demands, storage),
        lifetimes(flow, storage, in_place=in_place),
        _weights(flow, storage),
        reasons,
    )


def _weights(flow: Flow, storage: Storage) -> FloatArray:
    """Elements of the distinct weights that operations read, by class."""
    total = np.zeros(CLASSES)
    seen: set[str] = set()
    for op in flow.ops:
        for name in op.inputs:
            source = storage.stored(name)
            if name in flow.shaped.constant and source not in seen:
                seen.add(source)
                kind, count = storage.counted(name, storage.elements(source))
                total[kind] += count
    return total


def distinct(structure: Structure, measures: Sequence[Measures]) -> NDArray[np.int64]:
    """Row number of each operation among the distinct ones, in order of first appearance, [op].

    Two operations are equal when they agree in every number at all the batches measured, in
    their traits, their label, their approximation, and the sizes of the weights they read.
    """
    kind = structure.traits
    static = np.stack([kind.family, kind.own_peak, kind.element_class])
    table = np.concatenate(
        [*(m.numbers for m in measures), static, kind.element_size[None, :], kind.repeats[None, :]]
    ).T.copy()
    storage = structure.storage
    weights = [
        tuple(storage.elements(n) for n in op.inputs if n in structure.flow.shaped.constant)
        for op in structure.flow.ops
    ]
    rows: dict[tuple[object, ...], int] = {}
    return np.array(
        [
            rows.setdefault((table[i].tobytes(), op.label, reason, weights[i]), len(rows))
            for i, (op, reason) in enumerate(
                zip(structure.flow.ops, structure.approximations, strict=True)
            )
        ],
        dtype=np.int64,
    )
