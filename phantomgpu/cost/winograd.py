"""Winograd: 3x3 convolutions with fewer multiplications, in one kernel or in four."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.tiles import waves

FloatArray = NDArray[np.float64]

BLOCKS: Final[tuple[tuple[int, int, int], ...]] = ((1, 8, 16), (2, 4, 16), (4, 2, 16))
"""Images, rows and columns of results that a block of the fused kernel does: 32 patches of 2x2, as
in the names of cuDNN's kernels, ``winograd_128x128_ldg1_ldg4_tile148n``, ``tile228n``,
``tile418n``."""

CHANNELS: Final = 32.0
"""Output channels of such a block: 128 x 128 accumulators are 16 points of 32 patches of 32."""

FUSED_SHARE: Final = 16.0 / 36.0
"""Multiplications that F(2x2, 3x3) leaves: 16 points for the 36 products of a 2x2 patch."""

PATCH: Final = 4.0
"""Side of a patch of results where transforms are kernels of their own, F(4x4, 3x3): the names of
cuDNN's kernels, ``winogradForwardData4x4``."""

POINTS: Final = 36.0
"""Products of F(4x4, 3x3): one for each point of a transformed 6x6 patch."""

MORE_KERNELS: Final = 3.0
"""Beside the product: transforms of input, filters and output."""


@dataclass(frozen=True, slots=True)
class WinogradProducts:
    """A 3x3 convolution of stride 1 as batched products. Each [kernel].

    Attributes:
        m: Output patches of 4x4.
        k: Input channels.
        batch: Products.
        transform_bytes: Read and written by the transforms, and by the products between them.
        share: Multiplications done, of those counted.
    """

    m: FloatArray
    k: FloatArray
    batch: FloatArray
    transform_bytes: FloatArray
    share: FloatArray


def winograd_products(
    *,
    m: FloatArray,
    n: FloatArray,
    k: FloatArray,
    height: FloatArray,
    width: FloatArray,
    element_bytes: FloatArray,
) -> WinogradProducts:
    """The products that F(4x4, 3x3) makes of an implicit one.

    Args:
        m: Output positions. [kernel]
        n: Output channels. [kernel]
        k: Input channels times 9. [kernel]
        height: Rows of an output image. [kernel]
        width: Its columns. [kernel]
        element_bytes: Width of an element. [kernel]

    Returns:
        36 products: four times fewer multiplications where 4 divides the image. Filters are
        transformed too, into four times their size.

    Source:
        Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308.

    >>> small = winograd_products(m=np.float64(1600), n=np.float64(8), k=np.float64(72),
    ...     height=np.float64(40), width=np.float64(40), element_bytes=np.float64(4))
    >>> float(small.m), float(small.k), float(small.batch), float(small.share)
    (100.0, 8.0, 36.0, 0.25)
    """
    patches = m / (height * width) * np.ceil(height / PATCH) * np.ceil(width / PATCH)
    channels = k / 9.0
    between = POINTS * (patches * (channels + n) + channels * n)
    outside = m * (channels + n) + k * n
    moved = (2.0 * between + outside) * element_bytes
    share = POINTS * patches / (9.0 * m)
    return WinogradProducts(patches, channels, np.full_like(m, POINTS), np.asarray(moved), share)


def fused_blocks(
    *, m: FloatArray, n: FloatArray, height: FloatArray, width: FloatArray
) -> FloatArray:
    """Thread blocks of the kernel that transforms and multiplies at once.

    Args:
        m: Output positions. [kernel]
        n: Output channels. [kernel]
        height: Rows of an output image. [kernel]
        width: Its columns. [kernel]

    Returns:
        Whole blocks, of the shape that needs the fewest. [kernel]

    Source:
        As ``BLOCKS``.

    >>> float(fused_blocks(m=np.float64(5 * 5 * 4), n=np.float64(64), height=np.float64(5),
    ...     width=np.float64(5)))
    6.0
    """
    images = m / (height * width)
    places = [
        np.ceil(images / some) * np.ceil(height / rows) * np.ceil(width / columns)
        for some, rows, columns in BLOCKS
    ]
    return np.asarray(np.min(places, axis=0) * np.ceil(n / CHANNELS))


def fused_time(
    *,
    blocks: FloatArray,
    channels: FloatArray,
    flops_per_s: FloatArray,
    sm_count: FloatArray,
    clock_hz: FloatArray,
    step_cycles: FloatArray,
    smoothing: FloatArray,
) -> FloatArray:
    """Arithmetic of the kernel that transforms and multiplies at once.

    Args:
        blocks: From ``fused_blocks``. [kernel]
        channels: Of the input. [kernel]
        flops_per_s: What the board sustains in it. [gpu, kernel]
        sm_count: Streaming multiprocessors. [gpu, 1]
        clock_hz: Of the SMs. [gpu, 1]
        step_cycles: Latency of an input channel that its arithmetic does not hide. [gpu, 1]
        smoothing: See ``tiles.waves``. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        As ``winograd_products``, with F(2x2, 3x3).

    >>> float(fused_time(blocks=np.float64(10), channels=np.float64(1), flops_per_s=np.float64(
    ...     32768), sm_count=np.float64(1), clock_hz=np.float64(1), step_cycles=np.float64(0),
    ...     smoothing=np.float64(0)))
    10.0
    """
    flops = 2.0 * 16.0 * 32.0 * CHANNELS
    rounds = waves(tiles=blocks, slots=sm_count, smoothing=smoothing)
    return np.asarray(channels * (rounds * flops * sm_count / flops_per_s + step_cycles / clock_hz))
