"""Arithmetic of fused attention: blocks of queries walk along the keys."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.product import Pipeline
from phantomgpu.cost.split import split_cost_s, split_factor
from phantomgpu.cost.tiles import waves

FloatArray = NDArray[np.float64]

QUERY_BLOCKS: Final[tuple[int, ...]] = (128, 64, 16)
"""Queries that one thread block holds, as FlashAttention-2 and its decoding kernel do."""


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
    softmax_cycles: FloatArray,
    block_cycles: FloatArray,
    sm_count: FloatArray,
    clock_hz: FloatArray,
    pipeline: Pipeline,
) -> FloatArray:
    """Seconds of the arithmetic of attention.

    A block of queries needs, for each key, ``4·block·width`` FLOPs, ``block`` softmax elements,
    the key and its value from the cache, and a fixed latency. The heads that share a KV head
    share a block where there are few queries. With too few blocks for all SMs the keys are
    split, as flash decoding does.

    Args:
        queries: New tokens of a sequence. [kernel]
        keys: Tokens attended to. [kernel]
        width: Of a head. [kernel]
        heads: Sequences times query heads. [kernel]
        kv_groups: Query heads to a KV head. [kernel]
        causal: 1 or 0. [kernel]
        element_bytes: Width of a key's element. [kernel]
        flops_per_s: What the board sustains in the two products. [gpu, kernel]
        softmax_cycles: Cycles of an SM for one score beside the products. [gpu, 1]
        block_cycles: Cycles to start and end one block. [gpu, 1]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        pipeline: See ``product``; its depth is not used.

    Returns:
        Seconds. [gpu, kernel]

    Source:
        Dao, "FlashAttention-2", arXiv:2307.08691; Dao et al., "Flash-Decoding for long-context
        inference", 2023.
    """
    rate = flops_per_s / sm_count
    operand_bytes_per_s = pipeline.operand_bytes_per_cycle * clock_hz
    load_s = 2.0 * width * element_bytes / operand_bytes_per_s
    rows = queries * kv_groups
    attended = keys_attended(queries=queries, keys=keys, causal=causal)
    result_bytes = heads * queries * width * element_bytes
    best = np.full(np.broadcast_shapes(rate.shape, rows.shape), np.inf)
    for block in QUERY_BLOCKS:
        blocks = np.ceil(rows / block) * (heads / kv_groups)
        step_s = block * (4.0 * width / rate + softmax_cycles / clock_hz) + load_s
        parts = split_factor(tiles=blocks, slots=sm_count, k=attended)
        rounds = waves(tiles=blocks * parts, slots=sm_count, smoothing=pipeline.wave_smoothing)
        length = attended / parts
        time = (
            rounds * (step_s * length + block_cycles / clock_hz)
            + pipeline.step_cycles / clock_hz * length
        ) + split_cost_s(
            parts=parts,
            result_bytes=result_bytes,
            traffic=pipeline.split_traffic,
            cycles=pipeline.split_cycles,
            clock_hz=clock_hz,
            cache_bytes_per_s=operand_bytes_per_s * sm_count,
        )
        best = np.minimum(best, time)
    return np.asarray(best)
