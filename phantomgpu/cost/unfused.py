"""Attention without a fused kernel: two batched products around a softmax of its own."""

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

PARTS: Final = 3.0
"""Kernels: the scores, their softmax, and the product with the values."""

_PASSES: Final = 4.0
"""Times that the scores move: written, read and written by the softmax, and read."""

_LEAST_BYTES: Final = 2.0
"""Width of a score at the least, also of operands in 8 bits."""


def is_unfused(kernels: Kernels, boards: Boards, variants: Variants) -> BoolArray:
    """Whether attention over a prompt runs so. [gpu, kernel].

    Args:
        kernels: The table.
        boards: The GPUs.
        variants: What the runtime's profile says of its kernels.

    Source:
        NVIDIA/TensorRT, ``plugin/bertQKVToContextPlugin``: ``fused_multihead_attention.h`` lists
        kernels for compute capability 7.5 and later, ``UnfusedMHARunner`` serves the others.
    """
    is_prompt = (kernels.family == FAMILY["attention"]) & ~is_decoding(kernels)
    rows = np.flatnonzero(is_prompt)
    unfused = np.zeros(np.broadcast_shapes(boards.sm_count.shape, is_prompt.shape), dtype=bool)
    if len(rows):
        unfused[..., rows] = is_among(boards.of(rows).architecture, variants.unfused_on[rows])
    return unfused


def score_bytes(kernels: Kernels) -> FloatArray:
    """Bytes that the three kernels leave for each other. [kernel]."""
    width = np.maximum(kernels.element_bytes, _LEAST_BYTES)
    return np.asarray(_PASSES * kernels.batch * kernels.m * kernels.n * width)


def products_of(kernels: Kernels) -> tuple[Kernels, Kernels]:
    """The two products by themselves: of queries and keys, and of weights and values."""
    plain = replace(kernels, family=np.full_like(kernels.family, FAMILY["matmul"]))
    return plain, replace(plain, n=kernels.k, k=kernels.n)
