"""Arithmetic of a matrix product: the time of its fastest tiling."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.split import split_cost_s, split_factor
from phantomgpu.cost.tiles import TILES, feeding_share, tile_count, waves

FloatArray = NDArray[np.float64]

STAGE: Final = 16.0
"""Elements of the reduced dimension that are loaded at once: a shorter rest costs as much."""


STEP: Final = 64.0
"""Elements of the reduced dimension that a thread block multiplies between two waits."""


WIDTH_BYTES: Final = 2.0
"""Width of the operands that a tensor-core pipeline's latency and depth are stated for."""


PARTIAL_BYTES: Final = 4.0
"""Width of a partial result: products are accumulated in fp32."""


@dataclass(frozen=True, slots=True)
class Product:
    """The fastest tiling of each product.

    Attributes:
        seconds: Of its arithmetic. [gpu, kernel]
        steps: Waits of its slowest SM for a stage of operands, at least 1. [gpu, kernel]
    """

    seconds: FloatArray
    steps: FloatArray


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the inside of a matrix kernel costs beside its arithmetic. Each [gpu, 1].

    Attributes:
        step_cycles: Cycles a tile needs for one element of the reduced dimension, however small
            the tile: latency that its own arithmetic does not hide.
        depth: Elements' worth of time to fill and drain the pipeline of a wave.
        operand_bytes_per_cycle: Bytes an SM takes in from the cache in a cycle.
        wave_smoothing: See ``tiles.waves``.
        split_cycles: See ``split.split_cost_s``.
        split_traffic: Likewise.
        tile_overhead: See ``tiles.feeding_share``; attention does not use it.
        stage: Elements of the reduced dimension loaded at once; attention does not use it.
        hides_latency: Whether other blocks' work hides ``step_cycles``; nor this.
        overlaps: See ``step_time``; likewise.
    """

    step_cycles: FloatArray
    depth: FloatArray
    operand_bytes_per_cycle: FloatArray
    wave_smoothing: FloatArray
    split_cycles: FloatArray
    split_traffic: FloatArray
    tile_overhead: FloatArray | float = 0.0
    stage: FloatArray | float = STAGE
    hides_latency: NDArray[np.bool_] | bool = False
    overlaps: NDArray[np.bool_] | bool = False


def product_time(
    *,
    m: FloatArray,
    n: FloatArray,
    k: FloatArray,
    batch: FloatArray,
    element_bytes: FloatArray,
    most_parts: FloatArray,
    flops_per_s: FloatArray,
    sm_count: FloatArray,
    clock_hz: FloatArray,
    cache_bytes_per_s: FloatArray,
    pipeline: Pipeline,
) -> Product:
    """The arithmetic of ``batch`` products of ``[m, k]`` by ``[k, n]``.

    Every tile of ``TILES`` is tried, whole and split along ``k``; the library's choice is
    taken to be the fastest. A wave of tiles takes, for each element of ``k``, the tile's
    arithmetic, the loading of its two operands and a fixed latency.

    Args:
        m: Rows. [kernel]
        n: Columns. [kernel]
        k: Reduced dimension. [kernel]
        batch: Independent products. [kernel]
        element_bytes: Width of an operand. [kernel]
        most_parts: That the library cuts it into along ``k``; 1 where it does not. [kernel]
        flops_per_s: What the whole board sustains on a large tile. [gpu, kernel]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        cache_bytes_per_s: Between the SMs and the last-level cache. [gpu, 1]
        pipeline: Latencies and rates of the inside of a kernel.

    Returns:
        Time and steps of the fastest tiling.

    Source:
        NVIDIA, "Matrix Multiplication Background User's Guide"; NVIDIA CUTLASS documentation,
        "Efficient GEMM in CUDA".
    """
    rate = flops_per_s / sm_count
    load_s = element_bytes / (pipeline.operand_bytes_per_cycle * clock_hz)
    latency_s = pipeline.step_cycles / clock_hz
    hides = bool(np.any(pipeline.hides_latency))
    hidden_s = np.where(pipeline.hides_latency, latency_s, 0.0)
    latency_s = latency_s - hidden_s
    result_bytes = m * n * batch * PARTIAL_BYTES
    best = np.full(np.broadcast_shapes(rate.shape, m.shape), np.inf)
    steps = np.ones_like(best)
    for tile_m, tile_n in TILES:
        tiles = tile_count(m=m, n=n, batch=batch, tile_m=tile_m, tile_n=tile_n)
        fed = feeding_share(tile_m=tile_m, tile_n=tile_n, overhead=pipeline.tile_overhead)
        step_s = step_time(
            arithmetic_s=2.0 * tile_m * tile_n / (rate * fed),
            loading_s=(tile_m + tile_n) * load_s,
            overlaps=pipeline.overlaps,
        )
        split = split_factor(tiles=tiles, slots=sm_count, k=k, most=most_parts)
        for parts in (np.ones_like(split), split):
            rounds = waves(tiles=tiles * parts, slots=sm_count, smoothing=pipeline.wave_smoothing)
            length = np.ceil(k / (pipeline.stage * parts)) * pipeline.stage + pipeline.depth
            busy_s = np.maximum(rounds * step_s, hidden_s) if hides else rounds * step_s
            time = (busy_s + latency_s) * length + split_cost_s(
                parts=parts,
                result_bytes=result_bytes,
                traffic=pipeline.split_traffic,
                cycles=pipeline.split_cycles,
                clock_hz=clock_hz,
                cache_bytes_per_s=cache_bytes_per_s,
            )
            steps = np.where(time < best, rounds * k / (parts * STEP), steps)
            best = np.minimum(best, time)
    return Product(best, np.maximum(steps, 1.0))


def narrowed(pipeline: Pipeline, *, element_bytes: FloatArray) -> Pipeline:
    """The pipeline of a kernel whose operands are of another width than 16 bits.

    A stage holds as many bytes in every format: narrower elements share its latency with more of
    their kind, and more of them fill it.

    Args:
        pipeline: For operands of ``WIDTH_BYTES``.
        element_bytes: Width of an operand. [gpu, kernel]

    Source:
        NVIDIA TensorRT-LLM, ``cutlass_extensions/gemm_configs.h``: tiles such as 64x128x128B, whose
        reduced dimension is counted in bytes.

    >>> one = np.ones(1)
    >>> eight_bits = narrowed(Pipeline(*6 * (one,)), element_bytes=one)
    >>> float(eight_bits.step_cycles[0]), float(eight_bits.depth[0])
    (0.5, 2.0)
    """
    share = element_bytes / WIDTH_BYTES
    return replace(pipeline, step_cycles=pipeline.step_cycles * share, depth=pipeline.depth / share)


def step_time(
    *, arithmetic_s: FloatArray, loading_s: FloatArray, overlaps: NDArray[np.bool_] | bool
) -> FloatArray:
    """Seconds of a tile for one element of the reduced dimension.

    Tensor-core kernels load the next stage while they multiply this one: the longer of the two
    counts, and a bit of the other. On the vector units the same threads do both.

    Args:
        arithmetic_s: Of the tile. [gpu, kernel]
        loading_s: Of its two operands. [gpu, kernel]
        overlaps: Whether a kernel loads while it multiplies. [kernel]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        NVIDIA CUTLASS documentation, "Efficient GEMM in CUDA", section "Pipelining". The
        exponent, 4, is chosen: two equal terms are 1.19 of one.

    >>> float(step_time(arithmetic_s=np.float64(1), loading_s=np.float64(1), overlaps=False))
    2.0
    """
    if not np.any(overlaps):
        return np.asarray(arithmetic_s + loading_s)
    longer = np.sqrt(np.sqrt(arithmetic_s**4 + loading_s**4))
    return longer if np.all(overlaps) else np.where(overlaps, longer, arithmetic_s + loading_s)
