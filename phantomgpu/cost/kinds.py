"""Kinds of kernels: families told apart as far as the libraries that implement them do."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.workload.workload import FAMILIES, Kernels

_FINER: Final = ("depthwise", "grouped", "decode", "softmax", "weight_only", "gemv")

KINDS: Final[tuple[str, ...]] = (*FAMILIES, *_FINER)
"""Families, and those kinds of a family that other code serves; indices as in ``kinds_of``."""

FAMILY: Final[dict[str, int]] = {name: index for index, name in enumerate(KINDS)}

_FEW_QUERIES: Final = 16.0
"""Queries that share a KV head, up to which one thread block holds them all."""

_NARROW: Final = 0.75
"""Share of the full width below which stored weights must be unpacked first: 6 bits for 8."""


def kinds_of(kernels: Kernels) -> NDArray[np.int64]:
    """Index into ``KINDS`` of each kernel. [kernel].

    Depthwise: one output channel to a group. Grouped: several groups of several. Decoding: few
    queries against more keys. Softmax: a row-wise operator with an exponential an element.
    Weight-only: a product whose weights are stored narrower than they are multiplied. GEMV: a
    product of a single row, whatever its weights.
    """
    family, weights = kernels.family, kernels.weight_bytes
    conv, attention, norm = (family == FAMILY[name] for name in ("conv", "attention", "norm"))
    product = family == FAMILY["matmul"]
    several = conv & (kernels.batch > 1.0)
    full_bytes = kernels.batch * kernels.n * kernels.k * kernels.element_bytes
    conditions = (
        several & (kernels.n <= 1.0),
        several & (kernels.n > 1.0),
        attention & is_decoding(kernels),
        norm & (kernels.special_flops >= kernels.m * kernels.n),
        product & (kernels.m > 1.0) & (weights > 0.0) & (weights < _NARROW * full_bytes),
        product & (kernels.m <= 1.0),
    )
    kinds = family.copy()
    for condition, name in zip(conditions, _FINER, strict=True):
        kinds[condition] = FAMILY[name]
    return kinds


def is_decoding(kernels: Kernels) -> NDArray[np.bool_]:
    """Whether attention has few queries against more keys. [kernel]."""
    return np.asarray((kernels.m * kernels.kv_groups <= _FEW_QUERIES) & (kernels.n > kernels.m))
