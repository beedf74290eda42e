"""The ordinary units on each GPU: what is done to elements and to rows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY
from phantomgpu.cost.quantising import row_time
from phantomgpu.cost.rowwise import has_statistics
from phantomgpu.cost.variants import Variants
from phantomgpu.workload.workload import Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_BY_ROWS: Final = tuple(FAMILY[name] for name in ("quantize", "move", "norm"))
"""Families whose rows, where they say how long they are, have a thread block each."""

_COPIED: Final = 0.4
"""Cycles of a row that is copied beside one that is quantised: one pass and no barrier instead of
two passes and two. What aiconfigurator's rows of vLLM's cache writes took beside those that
quantise, when both were fitted alike."""


def vector_core(
    kernels: Kernels, kinds: IndexArray, boards: Boards, variants: Variants
) -> FloatArray:
    """Seconds of the ordinary units. [gpu, kernel].

    What follows a product in the same kernel finds its numbers in registers, in fp32: neither
    loads nor conversions beside it (NVIDIA CUTLASS documentation, "Efficient GEMM in CUDA").
    """
    values = boards.values
    work = kernels.vector_flops + kernels.special_flops * values["special_flops_cost"]
    work = work * np.where(kernels.matrix_flops > 0.0, values["epilogue_share"], 1.0)
    row_cycles = np.select(
        [kinds == FAMILY["softmax"], kinds == FAMILY["norm"], kinds == FAMILY["move"]],
        [
            values["softmax_row_cycles"],
            values["norm_row_cycles"],
            values["quantize_row_cycles"] * _COPIED,
        ],
        values["quantize_row_cycles"],
    )
    is_given = (kinds == FAMILY["norm"]) & ~has_statistics(
        vector_flops=kernels.vector_flops, elements=kernels.m * kernels.n
    )
    in_rows = np.isin(kernels.family, _BY_ROWS) & (kernels.n > 1.0) & ~is_given
    rows_s = row_time(
        rows=np.where(in_rows, kernels.m, 0.0),
        row_cycles=row_cycles,
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
    )
    usual = work / (boards.vector_flops_per_s * values["vector_efficiency"]) + rows_s
    held = in_rows & (kinds == FAMILY["norm"]) & (kernels.n <= variants.held_most)
    if not np.any(held):
        return np.asarray(usual)
    held_s = row_time(
        rows=kernels.m * kernels.n,
        row_cycles=values["held_cycles"],
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
    )
    return np.where(held, held_s, usual)


def depthwise_core(kernels: Kernels, boards: Boards) -> FloatArray:
    """Seconds of convolutions that have one channel to a group: they run on the vector units."""
    work = kernels.matrix_flops + kernels.vector_flops
    return np.asarray(work / (boards.vector_flops_per_s * boards.values["depthwise_efficiency"]))
