"""How many parts a library cuts the keys of a decoding block into: rules, not optima."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.split import split_factor
from phantomgpu.cost.variants import Variants, is_among
from phantomgpu.workload.workload import Kernels

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MOST_PARTS: Final = 128.0
"""Parts that the keys are cut into at most, as FlashAttention-2 does."""

_STEP: Final = 128.0
"""Keys of a part of XQA (``kMinHistoryTokensPerBlock``), and of a step of FlashAttention."""

_XQA_BLOCKS: Final = 8.0
"""Blocks to an SM that XQA aims at (``kTargetWaveFactor``)."""

_SWAPPED_BLOCKS: Final = 2.0
"""The same of FlashAttention-2's decoding."""

_WHOLE_STEPS: Final = 4.0
"""Steps up to which FlashAttention-3 does not split."""

_USUAL_PART: Final = 512.0
"""Keys of a part elsewhere: two steps of 256, of the kernels for Blackwell."""


@dataclass(frozen=True, slots=True)
class Parting:
    """A library's rule. Each [gpu, kernel].

    Attributes:
        least_keys: Keys that a part has at least; 0 where the faster of whole and split is taken.
        sm_blocks: Blocks to an SM that are enough not to split further.
        is_rooted: Whether of ``p`` possible parts no more than ``sqrt(8·p)`` are made.
    """

    least_keys: FloatArray
    sm_blocks: FloatArray
    is_rooted: BoolArray


def parting_of(
    kernels: Kernels, boards: Boards, variants: Variants, *, in_groups: BoolArray, swaps: BoolArray
) -> Parting:
    """The rule of each attention kernel.

    Args:
        kernels: Attention.
        boards: The GPUs.
        variants: Which kernels the runtime takes.
        in_groups: Whether it decodes with the heads of a group in a block. [gpu, kernel]
        swaps: Whether that is FlashAttention-2. [gpu, kernel]

    Source:
        NVIDIA TensorRT-LLM, ``decoderMaskedMultiheadAttention/decoderXQAImplCommon.h``,
        computeMultiBlockCount, and ``trtllmGenKernels/fmha/fmhaKernels.h``, computeNumCtas;
        FlashAttention-2, ``csrc/flash_attn/flash_api.cpp``, num_splits_heuristic and
        set_params_splitkv; FlashAttention-3, ``hopper/heuristics.h``.
    """
    is_xqa = in_groups & is_among(boards.architecture, variants.alone_on)
    is_third = is_among(boards.architecture, variants.fills_rows_on)
    swapped_step = np.select([kernels.k <= 64.0, kernels.k <= 128.0], [2.0 * _STEP, _STEP], 64.0)
    third_part = np.where(kernels.n > _WHOLE_STEPS * _STEP, _STEP, np.inf)
    return Parting(
        least_keys=np.select(
            [~in_groups, is_xqa, swaps, is_third],
            [0.0, _STEP, swapped_step, third_part],
            _USUAL_PART,
        ),
        sm_blocks=np.select([is_xqa, swaps], [_XQA_BLOCKS, _SWAPPED_BLOCKS], 1.0),
        is_rooted=is_xqa,
    )


def parts_of(
    parting: Parting, *, blocks: FloatArray, keys: FloatArray, sm_count: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Fewest and most parts that are tried. Each [gpu, kernel].

    Args:
        parting: The rule.
        blocks: Blocks of queries. [gpu, kernel]
        keys: That may be cut; 0 where the library does not split. [gpu, kernel]
        sm_count: Streaming multiprocessors. [gpu, 1]

    Returns:
        The same number twice where a rule says which; else 1, and as many as fill the SMs.

    >>> one = np.ones(1)
    >>> xqa = Parting(128.0 * one, 8.0 * one, one > 0.0)
    >>> most = parts_of(xqa, blocks=one, keys=8192.0 * one, sm_count=108.0 * one)[1]
    >>> most.tolist()  # of 64 possible ones
    [23.0]
    """
    is_ruled = parting.least_keys > 0.0
    filled = split_factor(tiles=blocks, slots=sm_count, k=keys, most=MOST_PARTS)
    possible = np.floor(keys / np.where(is_ruled, parting.least_keys, 1.0))
    most = np.where(parting.is_rooted, np.rint(np.sqrt(8.0 * possible)), MOST_PARTS)
    room = np.floor(parting.sm_blocks * sm_count / blocks)
    ruled = np.maximum(np.minimum(np.minimum(possible, most), room), 1.0)
    return np.where(is_ruled, ruled, 1.0), np.where(is_ruled, ruled, filled)
