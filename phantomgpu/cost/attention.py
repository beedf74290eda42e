"""Arithmetic of fused attention: blocks of queries walk along the keys."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.parting import Parting, parts_of
from phantomgpu.cost.product import Pipeline
from phantomgpu.cost.roofline import smooth_maximum
from phantomgpu.cost.split import split_cost_s
from phantomgpu.cost.tiles import waves

FloatArray = NDArray[np.float64]

QUERY_BLOCKS: Final[tuple[int, ...]] = (128, 64, 32, 16, 8)
"""Queries that one thread block holds: FlashAttention-2's of prompts (128 and 64) and the cubins of
TensorRT-LLM's XQA by name (``m_8``, ``m_16``, ``m_32``)."""

_FRAGMENT: Final = 16.0
"""Queries that a tensor core multiplies at once."""


@dataclass(frozen=True, slots=True)
class BlockCosts:
    """What a block of queries costs beside its products and loads. Each [gpu, kernel].

    Attributes:
        score_cycles: Of an SM for one score: its exponential and the scaling.
        key_cycles: Of an SM for one key.
        start_cycles: To start and end a block.
        element_cycles: For one element of its queries to be loaded and of its result to be stored.
        overlap_sharpness: Of the products of some warps with the exponentials of others; see
            ``roofline.smooth_maximum``.
        can_split: Whether the library cuts the keys into parts, each a block of its own.
        parting: How many parts it cuts them into.
        least_rows: Fewest queries that a block has room for.
    """

    score_cycles: FloatArray
    key_cycles: FloatArray
    start_cycles: FloatArray
    element_cycles: FloatArray
    overlap_sharpness: FloatArray
    can_split: NDArray[np.bool_]
    parting: Parting
    least_rows: FloatArray


def keys_attended(*, queries: FloatArray, keys: FloatArray, causal: FloatArray) -> FloatArray:
    """Keys that a query meets on average.

    Args:
        queries: New tokens of a sequence. [kernel]
        keys: Tokens there are, the new ones included. [kernel]
        causal: 1 where a token attends to none behind it. [kernel]

    Returns:
        ``keys``, less the half of the new ones that lies behind. [kernel]

    Source:
        Dao, "FlashAttention-2", arXiv:2307.08691, section 3.1: about half of the blocks of a
        causal square are skipped.

    >>> float(keys_attended(queries=np.float64(100), keys=np.float64(100), causal=np.float64(1)))
    50.5
    """
    return np.asarray(np.maximum(keys - causal * (queries - 1.0) / 2.0, 1.0))


def attention_time(
    *,
    queries: FloatArray,
    keys: FloatArray,
    width: FloatArray,
    heads: FloatArray,
    kv_groups: FloatArray,
    causal: FloatArray,
    element_bytes: FloatArray,
    flops_per_s: FloatArray,
    block: BlockCosts,
    sm_count: FloatArray,
    clock_hz: FloatArray,
    pipeline: Pipeline,
    whole: NDArray[np.bool_] | bool = False,
) -> FloatArray:
    """Seconds of the arithmetic of attention.

    A block of queries needs, for each key, ``4·block·width`` FLOPs, ``block`` softmax elements
    that overlap with them, the key and its value from the cache, and a fixed latency. The heads
    that share a KV head share a block where there are few queries. With too few blocks for all SMs
    the keys are split where that is faster, as flash decoding does.

    Args:
        queries: New tokens of a sequence. [kernel]
        keys: Tokens attended to. [kernel]
        width: Of a head. [kernel]
        heads: Sequences times query heads. [kernel]
        kv_groups: Query heads that share a block; those to a KV head at most. [kernel]
        causal: 1 or 0. [kernel]
        element_bytes: Width of a key's element. [kernel]
        flops_per_s: What the board sustains in the two products. [gpu, kernel]
        block: What a block costs beside.
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        pipeline: See ``product``; its depth is not used.
        whole: Whether a block holds all queries of a head, multiplies, takes their softmax and
            multiplies again. [kernel]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        Dao, "FlashAttention-2", arXiv:2307.08691; Dao et al., "Flash-Decoding for long-context
        inference", 2023.
    """
    rate = flops_per_s / sm_count
    operand_bytes_per_s = pipeline.operand_bytes_per_cycle * clock_hz
    load_s = 2.0 * width * element_bytes / operand_bytes_per_s + block.key_cycles / clock_hz
    rows = queries * kv_groups
    attended = keys_attended(queries=queries, keys=keys, causal=causal)
    result_bytes = heads * queries * width * element_bytes
    product_s, softmax_s = 4.0 * width / rate, block.score_cycles / clock_hz
    overlapped_s = smooth_maximum(product_s, softmax_s, sharpness=block.overlap_sharpness)
    score_s = np.where(whole, product_s + softmax_s, overlapped_s)
    key_latency_s = np.where(whole, 0.0, pipeline.step_cycles / clock_hz)
    length_to_split = np.where(block.can_split, attended, 0.0)
    best = np.full(np.broadcast_shapes(rate.shape, rows.shape), np.inf)
    for size in QUERY_BLOCKS:
        held = np.where(whole, np.ceil(rows / _FRAGMENT) * _FRAGMENT, size)
        blocks = np.ceil(rows / held) * (heads / kv_groups)
        step_s = held * score_s + load_s
        tried = parts_of(block.parting, blocks=blocks, keys=length_to_split, sm_count=sm_count)
        start_cycles = block.start_cycles + block.element_cycles * held * width
        for parts in tried:
            rounds = waves(tiles=blocks * parts, slots=sm_count, smoothing=pipeline.wave_smoothing)
            length = attended / parts
            time = (
                rounds * (step_s * length + start_cycles / clock_hz) + key_latency_s * length
            ) + split_cost_s(
                parts=parts,
                result_bytes=result_bytes,
                traffic=pipeline.split_traffic,
                cycles=pipeline.split_cycles,
                clock_hz=clock_hz,
                cache_bytes_per_s=operand_bytes_per_s * sm_count,
            )
            best = np.where(size >= block.least_rows, np.minimum(best, time), best)
    return np.asarray(best)
