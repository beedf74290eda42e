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

_NEARLY_ALL: Final = 0.9
"""Of a result: what is read beside an image is another result from here on; borders are less."""

_NOWHERE: Final = listed(())


def image_misalignment(kernels: Kernels, boards: Boards, variants: Variants) -> FloatArray | float:
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
    is_off = _is_product(kernels) & (_positions(kernels) > 1.0)
    is_off &= np.mod(_positions(kernels) * kernels.element_bytes, _LOAD_BYTES) != 0.0
    rows, is_there = _concerned(kernels, boards, variants, is_off)
    if not len(rows):
        return 1.0
    slowdown = np.ones(np.broadcast_shapes(boards.sm_count.shape, kernels.m.shape))
    slowdown[..., rows] = np.where(is_there, boards.of(rows).values["image_misalignment"], 1.0)
    return slowdown


def transposing_time(
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
    is_plain = _is_product(kernels) | (kinds == FAMILY["depthwise"])
    is_image = (_positions(kernels) > 1.0) | (kernels.window > 1.0)
    rows, is_there = _concerned(kernels, boards, variants, ~is_plain & is_image)
    if not len(rows):
        return 0.0, 0.0
    activations = kernels.read_bytes - kernels.weight_bytes + kernels.write_bytes
    images = (activations - _added_bytes(kernels))[rows]
    on, moved = boards.of(rows), 2.0 * images * is_there
    hits = hit_share(
        working_bytes=images,
        cache_bytes=on.cache_bytes,
        usable_share=on.values["cache_share"],
        sharpness=on.values["cache_sharpness"],
    )
    missed = moved * (1.0 - hits)
    from_memory_s = memory_time(
        traffic_bytes=missed,
        bandwidth_bytes_per_s=on.bandwidth_bytes_per_s,
        efficiency=on.copy_efficiency,
    )
    from_cache_s = cache_time(traffic_bytes=moved * hits, bytes_per_s=on.cache_bytes_per_s)
    starts_s = 2.0 * is_there * on.values["start_cycles"] / on.clock_hz
    seconds = np.zeros(np.broadcast_shapes(boards.sm_count.shape, kernels.m.shape))
    memory_bytes = np.zeros_like(seconds)
    seconds[..., rows] = from_memory_s + from_cache_s + starts_s
    memory_bytes[..., rows] = missed
    return seconds, memory_bytes


def _has_images(variants: Variants) -> bool:
    """Whether any of the kernels is of a runtime whose images are channels first."""
    return bool(np.any(variants.transposes_on != _NOWHERE))


def _concerned(
    kernels: Kernels, boards: Boards, variants: Variants, chosen: NDArray[np.bool_]
) -> tuple[IndexArray, NDArray[np.bool_]]:
    """Convolutions among the chosen kernels that run on tensor cores, and on which boards.

    Returns:
        Rows, and whether the board's architecture is listed. [gpu, row]
    """
    is_conv = (kernels.family == FAMILY["conv"]) & np.isin(kernels.peak, _ON_TENSOR_CORES)
    rows = np.flatnonzero(is_conv & chosen & (variants.transposes_on != _NOWHERE))
    lists = variants.transposes_on[rows]
    if len(rows) and np.all(lists == lists[0]):
        lists = lists[:1]
    return rows, is_among(boards.of(rows).architecture, lists)


def _is_product(kernels: Kernels) -> NDArray[np.bool_]:
    """Whether a convolution is a plain product of the image as it lies. [kernel]."""
    return np.asarray((kernels.window == 1.0) & (kernels.stride == 1.0) & (kernels.batch == 1.0))


def _added_bytes(kernels: Kernels) -> FloatArray:
    """Of a tensor that a convolution adds to its result: it is read as it lies. [kernel].

    What is read beside the weights and the image is taken for one where it is as large as the
    result. A window of one and a stride reads no more of the image than it multiplies.
    """
    each = np.where(kernels.window > 1.0, kernels.stride**2, 1.0) / kernels.window
    image = kernels.batch * kernels.m * kernels.k * each * kernels.element_bytes
    beside = kernels.read_bytes - kernels.weight_bytes - image
    return np.where(beside > _NEARLY_ALL * kernels.write_bytes, kernels.write_bytes, 0.0)


def _positions(kernels: Kernels) -> FloatArray:
    """Of an output image. [kernel]."""
    return kernels.height * kernels.width
