"""Attention that a library has no fused kernel for: two batched products around a softmax."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import FAMILY, is_decoding
from phantomgpu.cost.variants import Variants, is_among
from phantomgpu.workload.workload import Kernels

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

KERNELS: Final = 3.0
"""Scores, softmax, and the product with the values."""

_PASSES: Final = 4.0
"""Times that the scores cross the memory: written, read and written by the softmax, read."""

def is_unfused(kernels: Kernels, boards: Boards, variants: Variants) -> BoolArray:
    """Whether attention runs as three kernels. [gpu, kernel].

    Args:
        kernels: The table.
        boards: The GPUs.
        variants: What the runtime's profile says of its kernels.

    Source:
        NVIDIA/TensorRT, ``plugin/bertQKVToContextPlugin``: ``fused_multihead_attention.h`` lists
        kernels for compute capability 7.5 and later; ``UnfusedMHARunner`` serves all else.
    """
    is_prompt = (kernels.family == FAMILY["attention"]) & ~is_decoding(kernels)
    rows = np.flatnonzero(is_prompt)
    if not len(rows):
        return np.zeros(is_prompt.shape, dtype=bool)
    unfused = np.zeros(np.broadcast_shapes(boards.sm_count.shape, is_prompt.shape), dtype=bool)
    unfused[..., rows] = is_among(boards.of(rows).architecture, variants.unfused_on[rows])
    return unfused


def score_bytes(kernels: Kernels, unfused: BoolArray) -> FloatArray:
    """Bytes of all passes over the scores, in 16 bits at the least. [gpu, kernel]."""
    width = np.maximum(kernels.element_bytes, 2.0)
    return np.where(unfused, _PASSES * kernels.batch * kernels.m * kernels.n * width, 0.0)


def products_of(kernels: Kernels) -> tuple[Kernels, Kernels]:
    """The products of attention by themselves: queries by keys, weights by values."""
    plain = replace(kernels, family=np.full_like(kernels.family, FAMILY["matmul"]))
    return plain, replace(plain, n=kernels.k, k=kernels.n)
