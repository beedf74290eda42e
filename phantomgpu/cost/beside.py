"""Small kernels that a library runs around attention: its operands made to suit the kernel."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kernels import rows_of
from phantomgpu.cost.kinds import FAMILY
from phantomgpu.cost.starting import START_HZ
from phantomgpu.cost.variants import Variants, is_among
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]

_FP8: Final = PEAKS.index("fp8")
_COPIES: Final = 2.0
"""Of queries before the kernel and of results behind it."""

_COPY_BYTES: Final = 4.0
_NARROWING_BYTES: Final = 3.0
"""Read and written for an element: 16 bits each way, or 16 bits and 8."""


def beside_s(kernels: Kernels, boards: Boards, variants: Variants) -> FloatArray:
    """Seconds of the small kernels around attention. [gpu, kernel].

    A single query whose heads become queries: the heads of a group and the groups change places,
    before the kernel and behind it. With one KV head that is a matter of indices, with several
    each is a copy. Queries in 16 bits over an fp8 cache: made fp8 first.

    Args:
        kernels: Of any kind; ``height`` of attention is its KV heads.
        boards: The GPUs.
        variants: Which kernels the runtime takes.

    Source:
        FlashAttention-2, ``csrc/flash_attn/flash_api.cpp``, mha_varlen_fwd: ``transpose(1, 2)``
        and ``reshape`` of queries and results where seqlenq_ngroups_swapped; FlashAttention-3,
        ``hopper/flash_api.cpp``: queries and keys have one type.
    """
    seconds = np.zeros(np.broadcast_shapes(boards.sm_count.shape, kernels.m.shape))
    rows = np.flatnonzero(kernels.family == FAMILY["attention"])
    if len(rows):
        seconds[..., rows] = _beside_attention_s(
            rows_of(kernels, rows), boards.of(rows), variants.at(rows)
        )
    return seconds


def _beside_attention_s(kernels: Kernels, boards: Boards, variants: Variants) -> FloatArray:
    """The same of attention alone."""
    swapped = (
        (kernels.m <= 1.0)
        & (kernels.element_bytes > 1.0)
        & (kernels.kv_groups > 1.0)
        & (kernels.height > 1.0)
        & is_among(boards.architecture, variants.swaps_on)
    )
    narrowed = (
        (kernels.element_bytes == 1.0)
        & (kernels.peak != _FP8)
        & is_among(boards.architecture, variants.narrows_queries_on)
    )
    kernels_run = np.where(swapped, _COPIES, 0.0) + np.where(narrowed, 1.0, 0.0)
    bytes_each = np.where(swapped, _COPY_BYTES, _NARROWING_BYTES)
    moved = kernels.batch * kernels.m * kernels.k * bytes_each
    memory_bytes_per_s = boards.bandwidth_bytes_per_s * boards.copy_efficiency
    rate = np.where(moved < boards.cache_bytes, boards.cache_bytes_per_s, memory_bytes_per_s)
    start_s = boards.values["beside_start_cycles"] / START_HZ
    return np.asarray(kernels_run * (start_s + moved / rate))
