"""Convolutions of channels-first images on tensor cores, which take channels last."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.bandwidth import cache_time, memory_time
from phantomgpu.cost.cache import hit_share
from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY
from phantomgpu.cost.variants import Variants, is_among, listed
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_LOAD_BYTES: Final = 16.0
"""Of a vector load of one thread, which must begin at a multiple of it (CUDA C++ Programming
Guide, "Device Memory Accesses")."""

_ON_TENSOR_CORES: Final = tuple(PEAKS.index(name) for name in ("tf32", "fp16", "bf16"))


def image_misalignment(
    kernels: Kernels, boards: Boards, variants: Variants
) -> FloatArray | float:
    """Slowdown of plain products of channels-first images that no vector load divides.

    Args:
        kernels: The table.
        boards: The GPUs.
        variants: Architectures on which the runtime's images are channels first.

    Returns:
        At least 1. [gpu, kernel], or 1 for all.

    Source:
        As ``_LOAD_BYTES``; a window of one is a product of the weights and an image, whose rows
        are its channels.
    """
    if not _has_images(variants):
        return 1.0
    is_off = _is_on_tensor_cores(kernels) & _lies_as_product(kernels) & (_positions(kernels) > 1.0)
    is_off &= np.mod(_positions(kernels) * kernels.element_bytes, _LOAD_BYTES) != 0.0
    is_off = is_off & is_among(boards.architecture, variants.transposes_on)
    return np.where(is_off, boards.values["image_misalignment"], 1.0)


def beside_time(
    kernels: Kernels, kinds: IndexArray, boards: Boards, variants: Variants
) -> tuple[FloatArray | float, FloatArray | float]:
    """Kernels that the library runs before and after a convolution to change the layout.

    Windows of one are multiplied as they lie, unless with a stride.

    Args:
        kernels: The table.
        kinds: From ``kinds_of``. [kernel]
        boards: The GPUs.
        variants: Architectures on which the runtime's convolutions are transposed.

    Returns:
        Seconds, and bytes from and to the memory. Each [gpu, kernel], or 0 for all.

    Source:
        NVIDIA, "Convolutional Layers User's Guide", section "Tensor Layouts in Memory: NCHW vs
        NHWC": tensor-core convolutions take NHWC; of NCHW the library makes transposed copies, in
        kernels of their own.
    """
    if not _has_images(variants):
        return 0.0, 0.0
    is_plain = _lies_as_product(kernels) | (kinds == FAMILY["depthwise"])
    is_image = (_positions(kernels) > 1.0) | (kernels.window > 1.0)
    needed = _is_on_tensor_cores(kernels) & ~is_plain & is_image
    images = np.where(needed, kernels.read_bytes - kernels.weight_bytes + kernels.write_bytes, 0.0)
    moved = 2.0 * images * is_among(boards.architecture, variants.transposes_on)
    values = boards.values
    hits = hit_share(
        working_bytes=images,
        cache_bytes=boards.cache_bytes,
        usable_share=values["cache_share"],
        sharpness=values["cache_sharpness"],
    )
    missed = moved * (1.0 - hits)
    from_memory_s = memory_time(
        traffic_bytes=missed,
        bandwidth_bytes_per_s=boards.bandwidth_bytes_per_s,
        efficiency=boards.copy_efficiency,
    )
    from_cache_s = cache_time(traffic_bytes=moved * hits, bytes_per_s=boards.cache_bytes_per_s)
    starts_s = np.where(moved > 0.0, 2.0 * values["start_cycles"] / boards.clock_hz, 0.0)
    return from_memory_s + from_cache_s + starts_s, missed


def _has_images(variants: Variants) -> bool:
    return bool(np.any(variants.transposes_on != listed(())))


def _is_on_tensor_cores(kernels: Kernels) -> NDArray[np.bool_]:
    """Convolutions of operands that tensor cores multiply. [kernel]."""
    is_conv = kernels.family == FAMILY["conv"]
    return np.asarray(is_conv & np.isin(kernels.peak, _ON_TENSOR_CORES))


def _lies_as_product(kernels: Kernels) -> NDArray[np.bool_]:
    """Whether a convolution is a plain product of the image as it lies. [kernel]."""
    return np.asarray((kernels.window == 1.0) & (kernels.stride == 1.0) & (kernels.batch == 1.0))


def _positions(kernels: Kernels) -> FloatArray:
    """Of an output image. [kernel]."""
    return kernels.height * kernels.width
