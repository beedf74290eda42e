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
from phantomgpu.workload.precision import CLASSES
from phantomgpu.workload.storage import Storage
from phantomgpu.workload.workload import FloatArray


@dataclass(frozen=True, slots=True)
class Measures:
    """What depends on the batch.

    Attributes:
        numbers: See ``columns.numbers``. [row, op]
        live: Activation elements alive at each step, by width class. [step, class]
        ends: Elements of all graph inputs, then of all outputs, by class. [2, class]
    """

    numbers: FloatArray
    live: FloatArray
    ends: FloatArray

    def between(self, other: "Measures", share: float) -> "Measures":
        """Linear inter- or extrapolation: ``share`` 0 is this, 1 is ``other``."""
        return Measures(
            self.numbers + share * (other.numbers - self.numbers),
            self.live + share * (other.live - self.live),
            self.ends + share * (other.ends - self.ends),
        )

    def equals(self, other: "Measures") -> bool:
        """Whether all numbers are the same, to the rounding of a float."""
        return (
            np.allclose(self.numbers, other.numbers, rtol=1e-9, atol=0.5)
            and np.allclose(self.live, other.live, rtol=1e-9, atol=0.5)
            and np.allclose(self.ends, other.ends, rtol=1e-9, atol=0.5)
        )


@dataclass(frozen=True, slots=True)
class Structure:
    """A fused flow: what no batch changes, and how to measure it at one.

    Attributes:
        flow: The operations.
        traits: See ``columns.Traits``.
        times: When each buffer is alive.
        weights: Elements of all weights in memory, by width class. [class]
        approximations: Why each operation is only approximate; empty where it is not.
    """

    flow: Flow
    traits: Traits
    times: Lifetimes
    weights: FloatArray
    approximations: tuple[str, ...]

    def measured(self, shaped: ShapedGraph, demands: Sequence[Demand | None]) -> Measures:
        """The numbers of the same operations in a graph shaped for some batch."""
        storage = Storage(self.flow, shaped)
        ends = np.zeros((2, CLASSES))
        for row, names in enumerate((shaped.inputs, shaped.outputs)):
            for name in names:
                kind, count = storage.counted(storage.base(name))
                ends[row, kind] += count
        return Measures(
            numbers(self.flow, demands, storage),
            live_elements(self.times, storage, len(self.flow.ops)),
            ends,
        )

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for two structures that do the same operations in the same order."""
        return tuple((op.parts, op.inputs, op.outputs) for op in self.flow.ops)


def structure_of(flow: Flow, demands: Sequence[Demand | None], *, in_place: bool) -> Structure:
    """Describe a fused flow."""
    storage = Storage(flow, flow.shaped)
    reasons = tuple(
        "; ".join(dict.fromkeys(d.approximation for p in op.parts if (d := demands[p.node])
                                and d.approximation))
        for op in flow.ops
    )  # fmt: skip
    return Structure(
        flow,
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
            if flow.is_constant(name) and source not in seen:
                seen.add(source)
                kind, count = storage.counted(name)
                total[kind] += count
    return total


def distinct(structure: Structure, measures: Sequence[Measures]) -> NDArray[np.int64]:
    """Row number of each operation among the distinct ones, in order of first appearance, [op].

    Two operations are equal when they agree in every number at all the batches measured, in
    their traits, their label and their approximation.
    """
    kind = structure.traits
    static = np.stack([kind.family, kind.own_peak, kind.element_class])
    table = np.concatenate(
        [*(m.numbers for m in measures), static, kind.element_size[None, :], kind.repeats[None, :]]
    ).T.copy()
    rows: dict[tuple[bytes, str, str], int] = {}
    return np.array(
        [
            rows.setdefault((table[i].tobytes(), op.label, reason), len(rows))
            for i, (op, reason) in enumerate(
                zip(structure.flow.ops, structure.approximations, strict=True)
            )
        ],
        dtype=np.int64,
    )
