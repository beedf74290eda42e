"""What passes between kernels: the gap before each, and its start and end."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

PRODUCTS: Final = tuple(FAMILY[name] for name in ("matmul", "weight_only", "gemv"))
"""Kinds that are matrix products."""

_FP32: Final = PEAKS.index("fp32")


def gaps(
    boards: Boards, launch_s: FloatArray, slow_launch_s: Mapping[str, FloatArray]
) -> FloatArray:
    """Seconds between a kernel and the one before. [gpu, kernel].

    Args:
        boards: The GPUs.
        launch_s: The runtime's on any of them. [kernel]
        slow_launch_s: More of it, by id of the architecture. Each [kernel]

    Source:
        NVIDIA, "A100 Tensor Core GPU Architecture", section "Task Graph Acceleration": hardware
        makes the paths between the grids of a task graph significantly faster than before.
    """
    gaps_s = launch_s
    for name, longer_s in slow_launch_s.items():
        gaps_s = gaps_s + np.where(boards.architecture == name, longer_s, 0.0)
    return gaps_s


def start_cycles(
    kernels: Kernels, kinds: IndexArray, boards: Boards, unfused: NDArray[np.bool_]
) -> FloatArray:
    """Cycles to start and end each kernel; attention prepares and combines. [gpu, kernel]."""
    values = boards.values
    product = np.isin(kinds, PRODUCTS)
    of_product = np.where(
        kernels.peak == _FP32,
        values["product_start_cycles_fp32"],
        values["product_start_cycles"],
    )
    other = np.where(product, of_product, values["start_cycles"])
    is_prompt = (kinds == FAMILY["attention"]) | (kinds == FAMILY["wide"])
    usual = np.where(is_prompt, values["attention_start_cycles"], other)
    in_parts = 2.0 * values["product_start_cycles"] + values["start_cycles"]
    usual = np.where(unfused, in_parts, usual)
    return np.where(kinds == FAMILY["decode"], values["decode_start_cycles"], usual)
