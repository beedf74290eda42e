"""A workload whose larger products go to a library: what must be converted around them.

The library multiplies 16 bits and adds up in 16. The runtime keeps activations in 32, so each
operand is converted before and each result after, and weights stored in fewer bits are unpacked
into 16 first. Attention over a prompt is two such products with a softmax between: scores of the
whole square are written and read again.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from phantomgpu.dtype import PRECISIONS
from phantomgpu.serving.launches import BoolArray, Columns, FloatArray, beside, with_launches
from phantomgpu.workload import FAMILIES, PEAKS, Kernels, Workload

_ATTENTION: Final = FAMILIES.index("attention")
_PRODUCT: Final = FAMILIES.index("matmul")
_NORM: Final = FAMILIES.index("norm")
_POINTWISE: Final = FAMILIES.index("pointwise")
_BETWEEN: Final = tuple(FAMILIES.index(name) for name in ("norm", "pointwise", "move", "reduce"))
_HALF: Final = 2.0
_FULL: Final = 4.0
_SOFTMAX_FLOPS: Final = 4.0
"""Of an element beside its exponential: scale, mask, subtract the largest, divide by the sum."""

UNPACK_FLOPS: Final = 6.0
"""Of a weight: masks and shifts of its bits, its block's scale and minimum, rounding."""


def with_conversions(workload: Workload, *, rows: float) -> Workload:
    """The same work with products of more than ``rows`` rows in a library that takes 16 bits.

    Args:
        workload: At a precision of at most 16 bits; others stay as they are.
        rows: Products of fewer run in the runtime's own kernels, on weights as they are stored.

    Returns:
        Its kernels in their order, and behind them those that convert.

    Source:
        llama.cpp, ggml/src/ggml-cuda.cu: ``ggml_cuda_op_mul_mat_cublas`` (to_fp16, cublasGemmEx
        with CUBLAS_COMPUTE_16F, to_fp32), ``ggml_cuda_mul_mat_batched_cublas`` for keys and values,
        ``MMQ_MAX_BATCH_SIZE``; without flash attention, llama.cpp's default.
    """
    kernels = workload.kernels
    if PRECISIONS[workload.precision].vector_bits > 16:
        return workload
    large = (kernels.family == _PRODUCT) & (kernels.m > rows)
    attention = kernels.family == _ATTENTION
    between = np.isin(kernels.family, _BETWEEN) & (kernels.element_bytes == _HALF)
    inner, outer = kernels.batch * kernels.m * kernels.k, kernels.batch * kernels.m * kernels.n
    narrow, scores = _is_narrow(kernels), _converted(_squares(kernels))
    added = [
        beside(workload, large & narrow, "Unpack", _unpacking(kernels)),
        beside(workload, large | narrow, "Convert", _converted(inner)),
        beside(workload, large, "Convert", _converted(outer)),
        beside(workload, attention, "Convert", scores),
        beside(workload, attention, "Softmax", _softmax(kernels)),
        beside(workload, attention, "Convert", scores),
        beside(workload, attention, "MatMul", _weighted(kernels)),
        beside(workload, attention, "Convert", _converted(_results(kernels))),
    ]
    changed = _scores(_widened(_in_half(kernels, large), between), attention)
    return with_launches(replace(workload, kernels=changed), added)


def _in_half(kernels: Kernels, large: BoolArray) -> Kernels:
    """Products on operands of 16 bits, added up in 16; weights just unpacked are activations."""
    elements = kernels.batch * kernels.n * kernels.k
    stored = np.where(kernels.weight_bytes < _HALF * elements, 0.0, kernels.weight_bytes)
    read = _HALF * (elements + kernels.batch * kernels.m * kernels.k)
    write = _HALF * kernels.batch * kernels.m * kernels.n
    return replace(
        kernels,
        peak=np.where(large, PEAKS.index("fp16_accumulate"), kernels.peak),
        element_bytes=np.where(large, _HALF, kernels.element_bytes),
        weight_bytes=np.where(large, stored, kernels.weight_bytes),
        read_bytes=np.where(large, read, kernels.read_bytes),
        write_bytes=np.where(large, write, kernels.write_bytes),
    )


def _widened(kernels: Kernels, between: BoolArray) -> Kernels:
    """Activations between products in 32 bits."""
    factor = _FULL / _HALF
    read = kernels.weight_bytes + (kernels.read_bytes - kernels.weight_bytes) * factor
    return replace(
        kernels,
        read_bytes=np.where(between, read, kernels.read_bytes),
        write_bytes=np.where(between, factor * kernels.write_bytes, kernels.write_bytes),
        element_bytes=np.where(between, _FULL, kernels.element_bytes),
    )


def _scores(kernels: Kernels, attention: BoolArray) -> Kernels:
    """Attention as the product of queries and keys; what follows it is added behind."""
    keys = _kept_bytes(kernels) * kernels.k / np.maximum(kernels.k + _value_width(kernels), 1.0)
    changed: dict[str, FloatArray | float] = {
        "family": _PRODUCT,
        "peak": PEAKS.index("fp16_accumulate"),
        "matrix_flops": 2.0 * _squares(kernels) * kernels.k,
        "vector_flops": 0.0,
        "special_flops": 0.0,
        "read_bytes": _HALF * kernels.batch * kernels.m * kernels.k + keys,
        "write_bytes": _HALF * _squares(kernels),
        "causal": 0.0,
        "kv_groups": 1.0,
        "element_bytes": _HALF,
    }
    return replace(
        kernels,
        **{
            name: np.where(attention, value, getattr(kernels, name)).astype(
                getattr(kernels, name).dtype
            )
            for name, value in changed.items()
        },
    )


def _weighted(kernels: Kernels) -> Columns:
    """The product of shares and values."""
    width = _value_width(kernels)
    values = _kept_bytes(kernels) * width / np.maximum(kernels.k + width, 1.0)
    return {
        "family": _PRODUCT,
        "peak": PEAKS.index("fp16_accumulate"),
        "matrix_flops": 2.0 * _squares(kernels) * width,
        "read_bytes": _HALF * _squares(kernels) + values,
        "write_bytes": _HALF * kernels.batch * kernels.m * width,
        "m": kernels.m,
        "n": width,
        "k": kernels.n,
        "batch": kernels.batch,
        "element_bytes": _HALF,
    }


def _softmax(kernels: Kernels) -> Columns:
    """Shares of each query's scores, in 32 bits, with the mask added."""
    mask = kernels.m * kernels.n
    return {
        "family": _NORM,
        "vector_flops": _SOFTMAX_FLOPS * _squares(kernels),
        "special_flops": _squares(kernels),
        "read_bytes": _FULL * (_squares(kernels) + mask),
        "write_bytes": _FULL * _squares(kernels),
        "m": kernels.batch * kernels.m,
        "n": kernels.n,
        "element_bytes": _FULL,
    }


def _unpacking(kernels: Kernels) -> Columns:
    """Stored weights into 16 bits."""
    elements = kernels.batch * kernels.n * kernels.k
    return {
        "family": _POINTWISE,
        "vector_flops": UNPACK_FLOPS * elements,
        "read_bytes": kernels.weight_bytes,
        "weight_bytes": kernels.weight_bytes,
        "write_bytes": _HALF * elements,
        "m": elements,
        "element_bytes": _HALF,
    }


def _converted(elements: FloatArray) -> Columns:
    """Activations from 32 bits to 16, or back."""
    return {
        "family": _POINTWISE,
        "vector_flops": elements,
        "read_bytes": 0.5 * (_FULL + _HALF) * elements,
        "write_bytes": 0.5 * (_FULL + _HALF) * elements,
        "m": elements,
        "element_bytes": _HALF,
    }


def _is_narrow(kernels: Kernels) -> BoolArray:
    """Whether weights are stored in fewer than 16 bits. [kernel]."""
    elements = kernels.batch * kernels.n * kernels.k
    is_product = (kernels.family == _PRODUCT) & (kernels.weight_bytes > 0.0)
    return np.asarray(is_product & (kernels.weight_bytes < _HALF * elements))


def _squares(kernels: Kernels) -> FloatArray:
    """Scores of all queries and keys."""
    return np.asarray(kernels.batch * kernels.m * kernels.n)


def _results(kernels: Kernels) -> FloatArray:
    """Elements that attention gives."""
    return np.asarray(kernels.batch * kernels.m * _value_width(kernels))


def _kept_bytes(kernels: Kernels) -> FloatArray:
    """Keys and values: what attention reads beside its queries, which have 16 bits."""
    queries = _HALF * kernels.batch * kernels.m * kernels.k
    return np.maximum(kernels.read_bytes - queries, 0.0)


def _value_width(kernels: Kernels) -> FloatArray:
    """Of a head's values: what its FLOPs leave beside the keys' width."""
    return np.asarray(kernels.matrix_flops / (2.0 * np.maximum(_squares(kernels), 1.0)) - kernels.k)
