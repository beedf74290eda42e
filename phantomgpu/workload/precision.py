"""Width and peak of everything at a precision.

What runs low: the operands of convolutions and matrix products. Everything
else is stored at the precision's ``vector_bits``; softmax and normalisation do
their arithmetic in fp32 whatever they store. Integers, booleans and fp64 keep
their width. A tensor the graph itself holds in 16 bits or fewer never gets
wider, and gets narrower only where a precision of fewer bits is asked for.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.dtype import BITS, FLOATS, PRECISIONS, Precision
from phantomgpu.errors import UnknownNameError, nearest
from phantomgpu.workload.workload import PEAKS

FIXED: Final = 0
"""Width class of what keeps its width: counted in bytes, not elements."""
OPERAND: Final = 1
"""Activation that only matrix operators read."""
VECTOR: Final = 2
"""Any other floating-point tensor."""
WEIGHT: Final = 3
"""Weight of a matrix operator."""
HALF: Final = 3
"""Added to the class of a tensor that the graph holds in 16 bits."""
CLASSES: Final = 7

FOLLOWS: Final = -1
"""``own_peak`` of a kernel that runs at the precision's peak."""
VECTOR_FP16: Final = -2
"""``own_peak`` of a matrix kernel that runs at ``vector_bits`` (attention)."""

_SPELLED: Final[dict[str, str]] = {
    "float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "float64": "fp64",
    "int8": "int8", "uint8": "int8", "int4": "int4", "uint4": "int4", "float8e4m3fn": "fp8",
    "float8e4m3fnuz": "fp8", "float8e5m2": "fp8", "float8e5m2fnuz": "fp8", "float4e2m1": "fp8",
    "int32": "fp32", "int64": "fp32", "int16": "fp16",
}  # fmt: skip


def precision_named(name: str) -> Precision:
    """The precision of that name.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in PRECISIONS:
        raise UnknownNameError(
            f"there is no precision '{name}'",
            where="precision",
            fix=f"choose one of {', '.join(PRECISIONS)}; nearest: "
            f"{', '.join(nearest(name, PRECISIONS))}",
        )
    return PRECISIONS[name]


def narrowed(precision: Precision) -> Precision:
    """A precision under a runtime that keeps activations between int8 operators in int8 as well.

    Norms write int8, and attention multiplies in it.

    >>> narrowed(PRECISIONS["int8"]).vector_bits, narrowed(PRECISIONS["fp8"]).vector_bits
    (8, 16)
    """
    return replace(precision, vector_bits=8) if precision.matrix_peak == "int8" else precision


def width_class(dtype: str, role: int) -> tuple[int, float]:
    """Class of a tensor and what one element counts in it: 1, or its bytes where they are fixed.

    >>> width_class("float32", WEIGHT), width_class("int64", VECTOR), width_class("int4", WEIGHT)
    ((3, 1.0), (0, 8.0), (0, 0.5))
    """
    bits = BITS.get(dtype, 32)
    if dtype in FLOATS and bits == 32:
        return role, 1.0
    if dtype in FLOATS and bits == 16:
        return role + HALF, 1.0
    return FIXED, bits / 8


def widths(precision: Precision) -> NDArray[np.float64]:
    """Bytes of one element of each class at a precision, [class]."""
    bits = np.array(
        [8, precision.activation_bits, precision.vector_bits, precision.weight_bits] + 3 * [16]
    )
    bits[1 + HALF :] = np.minimum(bits[1 + HALF :], bits[1 : 1 + HALF])
    return np.asarray(bits / 8)


def peak_code(dtype: str) -> int:
    """Index into ``PEAKS`` of the peak a graph's own data type runs at; fp32 follows the request.

    >>> peak_code("float32") == FOLLOWS, PEAKS[peak_code("uint8")]
    (True, 'int8')
    """
    spelled = _SPELLED.get(dtype, "fp32")
    return FOLLOWS if spelled == "fp32" else PEAKS.index(spelled)


def peaks(own: NDArray[np.int64], precision: Precision) -> NDArray[np.int64]:
    """Peak of each kernel at a precision.

    A kernel whose operands the graph holds in 16 bits runs at that peak unless fewer bits are
    asked for; one the graph holds in int8, fp8 or fp64 always runs at its own.
    """
    asked = PEAKS.index(precision.matrix_peak)
    vector = asked if precision.vector_bits == precision.activation_bits else PEAKS.index("fp16")
    half = [PEAKS.index("fp16"), PEAKS.index("bf16")]
    lower = precision.activation_bits < 16
    follows = (own == FOLLOWS) | (np.isin(own, half) & lower)
    return np.where(follows, asked, np.where(own == VECTOR_FP16, vector, own))
