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

ATTENTION: Final = tuple(FAMILY[name] for name in ("attention", "wide", "decode"))
"""Kinds that are attention."""

START_HZ: Final = 1.9e9
"""Clock of ``attention_start_cycles``, ``decode_start_cycles`` and ``beside_start_cycles``: a start
passes in the front end and in waiting for memory, whose clocks are not the SMs'."""

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


def start_times(
    kernels: Kernels, kinds: IndexArray, boards: Boards, unfused: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Seconds to start and end each kernel: paced by the SMs' clock, and not. Each [gpu, kernel].

    Attention prepares and combines, which no SM's clock paces; see ``START_HZ``.

    Args:
        kernels: The table.
        kinds: From ``kinds_of``. [kernel]
        boards: The GPUs.
        unfused: From ``unfused.is_unfused``: two products and a softmax start. [gpu, kernel]
    """
    values = boards.values
    of_product = np.where(
        kernels.peak == _FP32,
        values["product_start_cycles_fp32"],
        values["product_start_cycles"],
    )
    usual = np.where(np.isin(kinds, PRODUCTS), of_product, values["start_cycles"])
    in_parts = 2.0 * of_product + values["start_cycles"]
    of_attention = np.where(
        kinds == FAMILY["decode"],
        values["decode_start_cycles"],
        values["attention_start_cycles"],
    )
    is_attention = np.isin(kinds, ATTENTION) & ~unfused
    paced = np.where(unfused, in_parts, usual) / boards.clock_hz
    return (
        np.where(is_attention, 0.0, paced),
        np.where(is_attention, of_attention / START_HZ, 0.0),
    )
