"""Measures at one batch to the columns of a Workload."""

import numpy as np
from numpy.typing import NDArray

from phantomgpu.dtype import Precision
from phantomgpu.workload.columns import FLOPS, READ, READ_WEIGHT, ROWS, SHAPE, WRITE
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


def kernels_at(
    structure: Structure, rows: Rows, numbers: FloatArray, precision: Precision
) -> Kernels:
    """The columns of a Workload.

    Args:
        structure: Whose traits the kernels have.
        rows: Its distinct kernels.
        numbers: Of the distinct kernels alone. [row of the table, kernel]
        precision: What it is run as.
    """
    width = widths(precision)
    kind = structure.traits
    values = dict(zip((*FLOPS, *SHAPE), numbers[:READ], strict=True))
    classes = kind.element_class[rows.first]
    return Kernels(
        family=kind.family[rows.first],
        peak=peaks(kind.own_peak[rows.first], precision),
        read_bytes=width @ numbers[READ:READ_WEIGHT],
        weight_bytes=width @ numbers[READ_WEIGHT:WRITE],
        write_bytes=width @ numbers[WRITE:ROWS],
        element_bytes=width[classes] * kind.element_size[rows.first],
        count=rows.count,
        **values,
    )
