"""Bytes of each kernel: what the last-level cache serves, and what the memory does."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.cache import hit_share
from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY
from phantomgpu.cost.rowwise import has_statistics, passes_again, resident_bytes
from phantomgpu.workload.workload import Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_GRADUAL: Final = 2.0
"""Sharpness of the cache where rows come and go independently of each other."""


def traffic(
    kernels: Kernels,
    kinds: IndexArray,
    boards: Boards,
    weights_in_use: FloatArray,
    *,
    between: FloatArray,
    held_most: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Bytes the cache serves, and bytes the memory does. Each [gpu, kernel].

    Activations were just written. Weights, and the keys and values of past tokens, are read once
    a run: all weights pass through the cache before they are read again.

    Args:
        kernels: The table.
        kinds: From ``kinds_of``. [kernel]
        boards: The GPUs.
        weights_in_use: As for ``kernels.activities``. [kernel]
        between: Bytes that the parts of a kernel leave for each other. [gpu, kernel]
        held_most: Elements up to which a normalisation keeps a row in registers. [kernel]
    """
    widening = np.where(kernels.element_bytes < 2.0, boards.at(boards.widening, kernels.peak), 1.0)
    weights = kernels.weight_bytes * widening
    activations = (kernels.read_bytes - kernels.weight_bytes + kernels.write_bytes) * widening
    activations = activations + between
    values = boards.values
    passing = np.where(kinds == FAMILY["decode"], weights_in_use, 0.0)
    is_shared = kernels.matrix_flops > 0.0
    share = values["cache_share"] / np.where(is_shared, values["cache_copies"], 1.0)
    hits = [
        hit_share(
            working_bytes=working,
            cache_bytes=boards.cache_bytes,
            usable_share=share,
            sharpness=values["cache_sharpness"],
        )
        for working in (
            activations + weights + passing,
            activations + np.maximum(weights_in_use * widening, weights),
        )
    ]
    cached = activations * hits[0] + weights * hits[1]
    missed = activations + weights - cached
    again_cached, again_missed = _again(kernels, kinds, boards, hits[0], held_most)
    return np.asarray(cached + again_cached), np.asarray(missed + again_missed)


def _again(
    kernels: Kernels,
    kinds: IndexArray,
    boards: Boards,
    hits: FloatArray,
    held_most: FloatArray,
) -> tuple[FloatArray | float, FloatArray | float]:
    """Bytes that row-wise kernels read again, from the cache and from memory. [gpu, kernel]."""
    is_held = (kinds == FAMILY["norm"]) & (kernels.n <= held_most)
    in_rows = (kernels.family == FAMILY["norm"]) & (kernels.n > 1.0) & ~is_held
    if not np.any(in_rows):
        return 0.0, 0.0
    elements = kernels.m * kernels.n
    again = passes_again(
        columns=kernels.n,
        element_bytes=kernels.element_bytes,
        is_softmax=kinds == FAMILY["softmax"],
        has_statistics=has_statistics(vector_flops=kernels.vector_flops, elements=elements),
    )
    row_bytes = (kernels.read_bytes + kernels.write_bytes) / kernels.m
    at_work = resident_bytes(rows=kernels.m, row_bytes=row_bytes, sm_count=boards.sm_count)
    values = boards.values
    stays = hit_share(
        working_bytes=at_work,
        cache_bytes=boards.cache_bytes,
        usable_share=values["cache_share"],
        sharpness=np.asarray(_GRADUAL),
    )
    read = np.where(in_rows, again * elements * kernels.element_bytes, 0.0)
    is_softmax = kinds == FAMILY["softmax"]  # blocks as wide as the row: few rows at work
    stays = np.where(is_softmax, 1.0, np.maximum(stays, hits))
    return read * stays, read * (1.0 - stays)
