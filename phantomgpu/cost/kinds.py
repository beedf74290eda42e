"""Kinds of kernels: families told apart as far as the libraries that implement them do."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.workload.workload import FAMILIES, PEAKS, Kernels

_FINER: Final = (
    "depthwise", "grouped", "wide", "decode", "softmax", "weight_only", "gemv", "block_quantize",
)  # fmt: skip

KINDS: Final[tuple[str, ...]] = (*FAMILIES, *_FINER)
"""Families, and those kinds of a family that other code serves; indices as in ``kinds_of``."""

FAMILY: Final[dict[str, int]] = {name: index for index, name in enumerate(KINDS)}

_FEW_QUERIES: Final = 16.0
"""New tokens of a sequence up to which libraries use their decoding kernel: one, or some drafts."""

_WIDEST_HEAD: Final = 256.0
"""Of FlashAttention's kernels (Dao, "FlashAttention-2": head dimensions up to 256)."""

_WIDTHS: Final = {
    "fp32": 4.0, "tf32": 4.0, "fp16": 2.0, "bf16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.5,
    "fp4": 0.5, "fp64": 8.0, "fp16_accumulate": 2.0,
}  # fmt: skip
_MULTIPLIED_BYTES: Final = np.array([_WIDTHS[name] for name in PEAKS])
"""Width of the operands that the units of a peak multiply."""

_FP4: Final = PEAKS.index("fp4")

_NARROW: Final = 0.75
"""Share of the full width below which stored weights must be unpacked first: 6 bits for 8."""


def kinds_of(kernels: Kernels) -> NDArray[np.int64]:
    """Index into ``KINDS`` of each kernel. [kernel].

    Depthwise: one output channel to a group. Grouped: several groups of several. Wide: attention
    to heads that FlashAttention has no kernel for. Decoding: few queries against more keys.
    Softmax: a row-wise operator with an exponential an element. Weight-only: a product whose
    weights are stored narrower than they are multiplied. GEMV: a product of a single row,
    whatever its weights. Block-quantize: to fp4, with a scale for each sixteen values, where wider
    formats take one for a tensor or a row.
    """
    family, weights = kernels.family, kernels.weight_bytes
    conv, attention, norm = (family == FAMILY[name] for name in ("conv", "attention", "norm"))
    product = family == FAMILY["matmul"]
    several = conv & (kernels.batch > 1.0)
    # A product in int8 may be handed fp16 and quantise it itself: its weights are not narrow.
    multiplied = np.minimum(kernels.element_bytes, _MULTIPLIED_BYTES[kernels.peak])
    full_bytes = kernels.batch * kernels.n * kernels.k * multiplied
    conditions = (
        several & (kernels.n <= 1.0),
        several & (kernels.n > 1.0),
        attention & (kernels.k > _WIDEST_HEAD),
        attention & is_decoding(kernels),
        norm & (kernels.special_flops >= kernels.m * kernels.n),
        product & (kernels.m > 1.0) & (weights > 0.0) & (weights < _NARROW * full_bytes),
        product & (kernels.m <= 1.0),
        (family == FAMILY["quantize"]) & (kernels.peak == _FP4),
    )
    kinds = family.copy()
    for condition, name in zip(conditions, _FINER, strict=True):
        kinds[condition] = FAMILY[name]
    return kinds


def is_decoding(kernels: Kernels) -> NDArray[np.bool_]:
    """Whether attention has few queries against more keys. [kernel]."""
    return np.asarray((kernels.m <= _FEW_QUERIES) & (kernels.n > kernels.m))
