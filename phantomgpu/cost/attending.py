"""Attention on each GPU: which of a library's kernels runs, and what its blocks cost there."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.attention import BlockCosts, attention_time
from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import is_decoding
from phantomgpu.cost.parting import parting_of
from phantomgpu.cost.product import Pipeline
from phantomgpu.cost.variants import Variants, heads_are_alone, is_among
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_BF16: Final = PEAKS.index("bf16")
_FP8: Final = PEAKS.index("fp8")

_PROMPT_ROWS: Final = 16.0
_FILLED_ROWS: Final = 64.0
"""Queries that a block of a prompt has room for at least (FlashInfer's smallest tile), and one of
FlashAttention's when decoding, however few there are (``kBlockM`` of its split kernel, a warp group
of Hopper's)."""

_FP8_WIDTH: Final = 128.0
"""Width of the heads that fp8 prompt kernels are written for where the others unpack."""


def attention_core(
    kernels: Kernels, boards: Boards, variants: Variants, pipeline: Pipeline
) -> FloatArray:
    """Seconds of the arithmetic of fused attention. [gpu, kernel].

    Args:
        kernels: Attention kernels, of prompts and of decoding.
        boards: The GPUs.
        variants: Which kernels the runtime takes for them.
        pipeline: What the inside of a matrix kernel costs.
    """
    decodes = is_decoding(kernels)
    swaps = (
        (kernels.m <= 1.0)
        & (kernels.element_bytes > 1.0)
        & is_among(boards.architecture, variants.swaps_on)
    )
    packs = (kernels.m < variants.prompt_least) | (boards.architecture == variants.packs_on)
    alone = heads_are_alone(
        groups=kernels.kv_groups,
        least=np.where(
            decodes & is_among(boards.architecture, variants.alone_on), variants.least_group, 1.0
        ),
        most=np.where(
            decodes,
            variants.most_group,
            np.where(packs, np.inf, variants.most_prompt_group),
        ),
    )
    unpacks = (kernels.element_bytes == 1.0) & (boards.architecture == variants.unpacks_on)
    whole = (kernels.m <= variants.whole_most) & ~decodes
    values = boards.values
    return attention_time(
        queries=kernels.m,
        keys=kernels.n,
        width=kernels.k,
        heads=kernels.batch,
        kv_groups=np.where(alone, 1.0, kernels.kv_groups),
        causal=kernels.causal,
        element_bytes=kernels.element_bytes,
        flops_per_s=np.where(
            whole,
            boards.at(boards.sustained_flops_per_s, kernels.peak),
            _attention_rate(kernels, boards, variants, unpacks & ~decodes),
        ),
        block=_block_costs(kernels, boards, variants, alone & decodes, unpacks, swaps, whole),
        whole=whole,
        sm_count=boards.sm_count,
        clock_hz=boards.clock_hz,
        pipeline=replace(
            pipeline,
            step_cycles=np.where(
                decodes, values["decode_step_cycles"], values["attention_step_cycles"]
            ),
            split_cycles=values["attention_split_cycles"],
        ),
    )


def _attention_rate(
    kernels: Kernels, boards: Boards, variants: Variants, unpacks: BoolArray
) -> FloatArray:
    """FLOP/s of the two products inside attention. [gpu, kernel].

    In fp8 only heads of 128 have a kernel of their own where the library unpacks the others. Keys
    of an fp8 cache are multiplied as they are where the library has such a kernel.
    """
    values = boards.values
    sustained = boards.at(boards.sustained_flops_per_s, kernels.peak)
    narrow = (kernels.element_bytes == 1.0) & is_among(boards.architecture, variants.narrow_on)
    is_fp8 = (kernels.peak == _FP8) | (narrow & ~is_decoding(kernels))
    fp8_peak = boards.at(boards.peak_flops_per_s, np.full_like(kernels.peak, _FP8))
    in_fp8 = fp8_peak * values["efficiency_fp16"]
    in_16_bits = boards.at(boards.sustained_flops_per_s, np.full_like(kernels.peak, _BF16))
    rate = np.where(is_fp8, in_fp8 * values["attention_fp8"], sustained)
    rate = np.where(is_fp8 & unpacks & (kernels.k != _FP8_WIDTH), in_16_bits, rate)
    share = np.where(
        is_decoding(kernels), values["decode_efficiency"], values["attention_efficiency"]
    )
    return np.asarray(rate * share)


def _block_costs(
    kernels: Kernels,
    boards: Boards,
    variants: Variants,
    alone: BoolArray,
    unpacks: BoolArray,
    swaps: BoolArray,
    whole: BoolArray,
) -> BlockCosts:
    """What blocks of queries cost beside their products.

    FlashAttention-2 splits the keys of a single query only where it swapped its heads for queries
    (``csrc/flash_attn/flash_api.cpp``, mha_varlen_fwd: split-k for decoding alone).
    """
    values, decodes = boards.values, is_decoding(kernels)
    wide_keys = kernels.element_bytes > 1.0
    has_sm = wide_keys & is_among(boards.architecture, variants.alone_on)
    start = np.select(
        [alone, decodes & has_sm, decodes],
        [
            values["head_block_cycles"],
            values["whole_block_cycles"],
            values["decode_block_cycles"],
        ],
        values["attention_block_cycles"],
    )
    in_groups = decodes & ~alone
    fills = is_among(boards.architecture, variants.fills_rows_on)
    is_fp8 = kernels.peak == _FP8
    by_hand = unpacks & (decodes | (is_fp8 & (kernels.k != _FP8_WIDTH)))
    per_key = np.where(alone, values["head_key_cycles"], 0.0) + np.where(
        decodes & unpacks, values["unpack_cycles"] * kernels.k, 0.0
    )
    return BlockCosts(
        overlap_sharpness=values["softmax_sharpness"],
        score_cycles=np.where(
            whole,
            values["whole_score_cycles"]
            + np.where(kernels.element_bytes < 2.0, values["narrow_score_cycles"], 0.0),
            values["softmax_cycles"],
        ),
        key_cycles=per_key,
        start_cycles=start + np.where(by_hand, values["unpack_block_cycles"], 0.0),
        element_cycles=np.where(in_groups, values["decode_element_cycles"], 0.0),
        can_split=~(whole | (decodes & unpacks & ~alone) | (swaps & (kernels.kv_groups <= 1.0))),
        parting=parting_of(kernels, boards, variants, in_groups=in_groups, swaps=swaps & decodes),
        least_rows=np.select([~decodes, fills], [_PROMPT_ROWS, _FILLED_ROWS], 1.0),
    )
