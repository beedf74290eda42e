"""Data types, their widths, and the precisions a model can be asked to run at."""

from dataclasses import dataclass
from typing import Final

BITS: Final[dict[str, int]] = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16,
    "float8e4m3fn": 8, "float8e4m3fnuz": 8, "float8e5m2": 8, "float8e5m2fnuz": 8,
    "float8e8m0": 8, "float4e2m1": 4,
    "int64": 64, "int32": 32, "int16": 16, "int8": 8, "int4": 4, "int2": 2,
    "uint64": 64, "uint32": 32, "uint16": 16, "uint8": 8, "uint4": 4, "uint2": 2,
    "bool": 8, "complex64": 64, "complex128": 128, "string": 128,
}  # fmt: skip
"""Bits of one element. A string counts as pointer and length: its bytes are not on a GPU."""

FROM_ONNX: Final[tuple[str, ...]] = (
    "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
    "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
    "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1",
    "float8e8m0", "uint2", "int2",
)  # fmt: skip
"""Name of each ``TensorProto.DataType``, by its number (onnx.proto, TensorProto.DataType)."""

FLOATS: Final[frozenset[str]] = frozenset(
    name for name in BITS if name.startswith(("float", "bfloat"))
)


@dataclass(frozen=True, slots=True)
class Precision:
    """What an fp32 graph is run as.

    Attributes:
        name: As users write it.
        activation_bits: Width of a floating-point activation in memory.
        weight_bits: Width of a floating-point weight of a matrix operator.
        matrix_peak: The peak its matrix operators use, a key of ``Spec.peak_flops_per_s``.
        vector_bits: Width at which operators that cannot run that low are run and stored.
    """

    name: str
    activation_bits: int
    weight_bits: int
    matrix_peak: str
    vector_bits: int


PRECISIONS: Final[dict[str, Precision]] = {
    p.name: p
    for p in (
        Precision("fp32", 32, 32, "fp32", 32),
        Precision("tf32", 32, 32, "tf32", 32),
        Precision("fp16", 16, 16, "fp16", 16),
        Precision("bf16", 16, 16, "bf16", 16),
        Precision("fp8", 8, 8, "fp8", 16),
        Precision("int8", 8, 8, "int8", 16),
        # Weight-only, as int4 is used in practice: fp16 activations and arithmetic.
        Precision("int4", 16, 4, "fp16", 16),
        # Operands and arithmetic of 4 bits, on boards whose matrix units take them.
        Precision("fp4", 4, 4, "fp4", 16),
    )
}
