"""Batched products in fp32: cuBLAS has one tile for all of them, however small they are."""

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.product import STEP, Pipeline, Product
from phantomgpu.cost.tiles import waves

FloatArray = NDArray[np.float64]


def batched_time(
    *,
    m: FloatArray,
    n: FloatArray,
    k: FloatArray,
    batch: FloatArray,
    tile_m: FloatArray,
    tile_n: FloatArray,
    flops_per_s: FloatArray,
    sm_count: FloatArray,
    clock_hz: FloatArray,
    pipeline: Pipeline,
) -> Product:
    """The arithmetic of ``batch`` products that all run in one stated tile, never split.

    For single products the library looks for a tiling that suits the shape; for a batch in fp32
    it takes the same kernel for nearly all shapes: a batch of 10 x 10 runs in tiles of 128 x 64.
    The latency of a step is hidden behind the work of the blocks that share an SM.

    Args:
        m: Rows. [kernel]
        n: Columns. [kernel]
        k: Reduced dimension. [kernel]
        batch: Independent products. [kernel]
        tile_m: Rows of the tile, more than 0. [gpu, 1]
        tile_n: Columns of the tile, more than 0. [gpu, 1]
        flops_per_s: What the whole board sustains in that tile. [gpu, kernel]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        pipeline: Latencies and rates of the inside of a kernel.

    Returns:
        Time and steps.

    Source:
        Kernels that profilers name: ``maxwell_sgemm_128x64_nn`` for 10 x 10 on Pascal
        (JuliaGPU/CuArrays.jl issue 182), ``volta_sgemm_64x64_nn`` on Volta and Turing,
        ``ampere_sgemm_128x128_nn`` for 77 x 77, one block to a product. PyTorch, whose
        matrices are row by row, sees the two sides the other way round.

    >>> free = Pipeline(*(np.zeros(1) for _ in range(2)), np.array([1e12]),
    ...     *(np.zeros(1) for _ in range(3)))
    >>> one, many = (np.array([value]) for value in (1.0, 100.0))
    >>> small = batched_time(m=one, n=one, k=np.array([64.0]), batch=many,
    ...     tile_m=np.array([128.0]), tile_n=np.array([64.0]), flops_per_s=np.array([1e14]),
    ...     sm_count=many, clock_hz=np.array([1e9]), pipeline=free)
    >>> round(float(small.seconds[0]) * 1e6, 3)  # as for 128 x 64 each
    1.049
    """
    tiles = np.ceil(m / tile_m) * np.ceil(n / tile_n) * batch
    rounds = waves(tiles=tiles, slots=sm_count, smoothing=pipeline.wave_smoothing)
    step_s = 2.0 * tile_m * tile_n * sm_count / flops_per_s
    length = np.ceil(k / pipeline.stage) * pipeline.stage + pipeline.depth
    time = np.maximum(rounds * step_s, pipeline.step_cycles / clock_hz) * length
    return Product(np.asarray(time), np.asarray(np.maximum(rounds * k / STEP, 1.0)))
