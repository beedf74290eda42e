"""Measures at one batch to the columns of a Workload."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from phantomgpu.dtype import Precision
from phantomgpu.workload.columns import FLOPS, READ, READ_WEIGHT, ROWS, SHAPE, WRITE, Traits
from phantomgpu.workload.measures import Measures
from phantomgpu.workload.precision import peaks, widths
from phantomgpu.workload.structure import Structure
from phantomgpu.workload.workload import FloatArray, Kernels


class Rows:
    """Which operation stands for each distinct kernel, and how many are equal to it.

    Attributes:
        of: Distinct row of each operation. [op]
        first: First operation of each distinct row. [row]
        count: Kernels of each row in one run. [row]
    """

    __slots__ = ("count", "first", "of")

    def __init__(self, of: NDArray[np.int64], repeats: FloatArray) -> None:
        self.of = of
        self.first = np.unique(of, return_index=True)[1]
        self.count: FloatArray = np.zeros(len(self.first))
        np.add.at(self.count, of, repeats)


@dataclass(frozen=True, slots=True)
class Run:
    """One run at one batch, before any precision: its distinct kernels, and what is in memory.

    Attributes:
        traits: Of the distinct kernels. Each [kernel]
        count: How often each is launched. [kernel]
        numbers: See ``columns.numbers``. [row, kernel]
        live: Activation elements alive at each step, by width class. [step, class]
        ends: Elements of all inputs, then of all outputs. [2, class]
        weights: Elements of all weights in memory. [class]
    """

    traits: Traits
    count: FloatArray
    numbers: FloatArray
    live: FloatArray
    ends: FloatArray
    weights: FloatArray


def run_of(structure: Structure, rows: Rows, measures: Measures) -> Run:
    """The distinct kernels of a structure with their numbers at one batch."""
    kind, first = structure.traits, rows.first
    chosen = {each.name: getattr(kind, each.name)[first] for each in fields(Traits)}
    return Run(
        traits=Traits(**chosen),
        count=rows.count,
        numbers=measures.numbers[:, first],
        live=measures.live,
        ends=measures.ends,
        weights=structure.weights,
    )


def kernels_at(run: Run, precision: Precision) -> Kernels:
    """The columns of a Workload: a run at a precision."""
    width = widths(precision)
    kind, numbers = run.traits, run.numbers
    values = dict(zip((*FLOPS, *SHAPE), numbers[:READ], strict=True))
    return Kernels(
        family=kind.family,
        peak=peaks(kind.own_peak, precision),
        read_bytes=width @ numbers[READ:READ_WEIGHT],
        weight_bytes=width @ numbers[READ_WEIGHT:WRITE],
        write_bytes=width @ numbers[WRITE:ROWS],
        element_bytes=width[kind.element_class] * kind.element_size,
        count=run.count,
        **values,
    )
