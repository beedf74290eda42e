"""Measured operator rows to the kernels that ran: what ``ops`` and ``workload`` do for a graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import floor
from typing import Any, Final

import numpy as np

from phantomgpu.validation.rows import Row
from phantomgpu.validation.timing import Timing, timing_of
from phantomgpu.workload.workload import FAMILIES, PEAKS, Kernels

KernelRow = dict[str, float]

COLUMNS: Final = ("source", "gpu", "op", "dtype", "runtime", "latency_ms")
"""Columns that every operator row must have."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One operator row and the kernels it stands for.

    Attributes:
        row: As read.
        latency_s: Measured.
        timing: What was in the figure.
        kernels: One after the other; empty where no prediction is made.
        reason: Why there is none.
    """

    row: Row
    latency_s: float
    timing: Timing
    kernels: tuple[KernelRow, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """How a number format is stored and computed.

    Attributes:
        peak: A key of ``PEAKS``.
        operand_bytes: Width of an activation inside the product.
        weight_bytes: Width of a weight.
        stored_bytes: Width of activations between operators.
        quantised: Whether a kernel of its own makes the operand.
    """

    peak: str
    operand_bytes: float
    weight_bytes: float
    stored_bytes: float
    quantised: bool = False


NUMBERS: Final[Mapping[str, Number]] = {
    "fp32": Number("fp32", 4, 4, 4),
    "tf32": Number("tf32", 4, 4, 4),
    "fp16": Number("fp16", 2, 2, 2),
    "bf16": Number("bf16", 2, 2, 2),
    "bfloat16": Number("bf16", 2, 2, 2),
    "fp8": Number("fp8", 1, 1, 2, quantised=True),
    "fp8_block": Number("fp8", 1, 1, 2, quantised=True),
    "nvfp4": Number("fp4", 0.5625, 0.5625, 2, quantised=True),
    "int8": Number("int8", 1, 1, 2, quantised=True),
    "sq": Number("int8", 1, 1, 2, quantised=True),
    "int8_wo": Number("fp16", 2, 1, 2),
    "int4_wo": Number("fp16", 2, 0.5, 2),
}
"""By the ``dtype`` of a row. A value of NVFP4 has four bits, and sixteen share a scale of eight
(NVIDIA, "Introducing NVFP4 for Efficient and Accurate Low-Precision Inference", 2025)."""

_BINARY: Final = frozenset({"add", "sub", "mul", "div", "pow", "mlp_act"})
"""Elementwise operators that read two tensors; those ending in "u" read one and a scalar."""

_SPECIAL: Final = frozenset({"tanh", "gelu", "div", "divu", "pow", "powu", "mlp_act"})
"""Elementwise operators with a special function for each element."""

_WRAPPED: Final = frozenset({"addu", "mulu", "divu", "powu", "relu", "gelu"})
"""Elementwise operators whose host wraps a number as a tensor, or calls a module."""

_ROPE_FIRST: Final = "trt-llm"
"""Runtime whose attention operator first rotates queries and keys in a kernel of its own, and
before that, for a prompt, sums up the lengths of the sequences in another (TensorRT-LLM,
``cpp/tensorrt_llm/common/attentionOp.cpp``: invokeBuildDecoderInfo, invokeQKVPreprocessing)."""

_TAKES_TURNS: Final = (2.0, 32.0)
"""Least and most query heads to a KV head that TensorRT-LLM decodes with keys and values by turns;
with fewer and with more all keys come first (``decoderMaskedMultiheadAttentionTemplate.h``)."""

_KEYS_IN_CACHE: Final = 1024.0
"""Keys up to which those of all blocks in flight are still in the cache when their turn to be read
as values comes: 256 bytes each, for a few hundred blocks."""

_ROW_SCALES: Final = frozenset({"vllm"})
"""Runtimes whose fp8 products quantise each row in a block of its own (vLLM,
``csrc/quantization/w8a8/fp8/common.cu``, dynamic_per_token_scaled_fp8_quant)."""

_EXTRA_LAUNCHES: Final[Mapping[tuple[str, str], int]] = {
    ("trt-llm", "fp8"): 4,
    ("trt-llm", "nvfp4"): 1,
    ("vllm", "nvfp4"): 1,
    ("trt-llm", "sq"): 1,
    ("trt-llm", "int8_wo"): 1,
    ("trt-llm", "int4_wo"): 1,
}
"""Small kernels beside the two big ones: the largest magnitude of a tensor and its scale, or the
clearing of a workspace. Counted from the floor under each runtime's smallest products, which is
that many kernel starts higher than the same runtime's floor in bf16. vLLM's fp8 has none: its
scale is given (aiconfigurator, ``collector/vllm/collect_gemm.py``: activation_scheme "static")."""


_ROWS_ON_VECTOR: Final = 4.0
"""Rows up to which TensorRT-LLM's SmoothQuant takes a kernel that needs no workspace
(``vector_rows_most`` of its profile)."""


def measured(row: Row) -> Measured:
    """The kernels that an operator row timed.

    Raises:
        DataError: A cell that the operator needs is no number.
    """
    timing = _timing(row)
    latency_s = row.number("latency_ms") / 1e3
    rule = _RULES.get(row.text("op"))
    if rule is None:
        return Measured(row, latency_s, timing, (), f"no rule for operator {row.text('op')!r}")
    dtype = row.text("dtype").partition("/")[0]
    if dtype not in NUMBERS:
        return Measured(row, latency_s, timing, (), f"no rule for dtype {row.text('dtype')!r}")
    return Measured(row, latency_s, timing, tuple(rule(row, NUMBERS[dtype], timing)))


def _timing(row: Row) -> Timing:
    """How the row was timed, and what its operator asks of the host."""
    timing = timing_of(row.text("runtime"), row.text("dtype"))
    more = {"linear": "alone_linear"}.get(row.text("op"), "")
    if row.text("sub") in _WRAPPED:
        more = "alone_scalar"
    return replace(timing, host_factors=(*timing.host_factors, more)) if more else timing


def table_of(rows: Sequence[KernelRow]) -> Kernels:
    """Kernel rows as columns."""
    columns: dict[str, Any] = {
        column.name: np.array([row[column.name] for row in rows]) for column in fields(Kernels)
    }
    for name in ("family", "peak"):
        columns[name] = columns[name].astype(np.int64)
    return Kernels(**columns)


def kernel(family: str, peak: str, **columns: float) -> KernelRow:
    """One kernel; what is not given is one, or nothing."""
    row = dict.fromkeys((column.name for column in fields(Kernels)), 0.0)
    row.update(m=1.0, n=1.0, k=1.0, batch=1.0, window=1.0, stride=1.0, kv_groups=1.0, steps=1.0)
    row.update(height=1.0, width=1.0, count=1.0, element_bytes=4.0)
    row.update(columns)
    row.update(family=float(FAMILIES.index(family)), peak=float(PEAKS.index(peak)))
    return row


def _product(row: Row, number: Number, timing: Timing) -> list[KernelRow]:
    """``B`` products of ``M x K`` by ``K x N``, after quantising their left operand."""
    batch = row.number("B", 1.0)
    m, n, k = (row.number(name) for name in ("M", "N", "K"))
    weights = batch * n * k * number.weight_bytes
    product = kernel(
        "matmul",
        number.peak,
        matrix_flops=2.0 * batch * m * n * k,
        read_bytes=batch * m * k * number.operand_bytes + weights,
        weight_bytes=weights if timing.copies > 1 else 0.0,
        write_bytes=batch * m * n * number.stored_bytes,
        m=m,
        n=n,
        k=k,
        batch=batch,
        element_bytes=number.operand_bytes,
        count=float(timing.copies),
    )
    launches = _EXTRA_LAUNCHES.get((timing.runtime, row.text("dtype")), 0)
    if row.text("dtype") == "sq" and m <= _ROWS_ON_VECTOR:
        launches = 0
    before = []
    if launches:
        before.append(kernel("reduce", number.peak, count=float(launches * timing.copies)))
    if number.quantised:
        by_row = timing.runtime in _ROW_SCALES and row.text("dtype") == "fp8"
        before.append(_quantise(batch * m * k, number, timing, rows=batch * m if by_row else 0.0))
    return [*before, product]


def _quantise(elements: float, number: Number, timing: Timing, *, rows: float) -> KernelRow:
    """Reads activations, writes them narrower; with a scale for each of ``rows``, if any."""
    return kernel(
        "quantize",
        number.peak,
        vector_flops=3.0 * elements,
        read_bytes=elements * number.stored_bytes,
        write_bytes=elements * number.operand_bytes,
        m=rows or elements,
        n=elements / rows if rows else 1.0,
        element_bytes=number.stored_bytes,
        count=float(timing.copies),
    )


def _convolution(row: Row, number: Number, timing: Timing) -> list[KernelRow]:
    """A square convolution of ``insize`` squared by ``ksize`` squared."""
    batch, cin, cout = (row.number(name) for name in ("B", "Cin", "Cout"))
    window, size, stride = (row.number(name) for name in ("ksize", "insize", "stride"))
    out = floor((size + 2.0 * row.number("pad", 0.0) - window) / stride) + 1.0
    m, k = batch * out * out, cin * window * window
    weights = cout * k * number.weight_bytes
    read = batch * cin * size * size * number.operand_bytes
    return [
        kernel(
            "conv",
            number.peak,
            matrix_flops=2.0 * m * cout * k,
            read_bytes=read + weights,
            write_bytes=m * cout * number.stored_bytes,
            m=m,
            n=cout,
            k=k,
            window=window * window,
            stride=stride,
            height=out,
            width=out,
            element_bytes=number.operand_bytes,
            count=float(timing.copies),
        )
    ]


def _elementwise(row: Row, number: Number, timing: Timing) -> list[KernelRow]:
    """``rows x cols`` results of one or two operands."""
    elements = row.number("rows") * row.number("cols")
    sub = row.text("sub")
    return [
        kernel(
            "pointwise",
            number.peak,
            vector_flops=elements,
            special_flops=elements if sub in _SPECIAL else 0.0,
            read_bytes=elements * number.stored_bytes * (2.0 if sub in _BINARY else 1.0),
            write_bytes=elements * number.stored_bytes,
            m=elements,
            element_bytes=number.stored_bytes,
        )
    ]


def _row_wise(row: Row, number: Number, special: float, vector: float) -> list[KernelRow]:
    """``rows`` normalised over ``cols``."""
    rows, cols = row.number("rows"), row.number("cols")
    return [
        kernel(
            "norm",
            number.peak,
            vector_flops=vector * rows * cols,
            special_flops=special * rows * cols + rows,
            read_bytes=rows * cols * number.stored_bytes,
            write_bytes=rows * cols * number.stored_bytes,
            m=rows,
            n=cols,
            element_bytes=number.stored_bytes,
        )
    ]


def _layer_norm(row: Row, number: Number, timing: Timing) -> list[KernelRow]:
    return _row_wise(row, number, special=0.0, vector=7.0)


def _softmax(row: Row, number: Number, timing: Timing) -> list[KernelRow]:
    return _row_wise(row, number, special=1.0, vector=4.0)


def _attention(row: Row, number: Number, timing: Timing) -> list[KernelRow]:
    """``B`` sequences of ``seq`` new tokens that attend to ``kv_len``."""
    batch, heads, width = (row.number(name) for name in ("B", "heads", "head_dim"))
    kv_heads = row.number("kv_heads", heads)
    queries, keys = row.number("seq", 1.0), row.number("kv_len")
    stored = 1.0 if "kv_fp8" in row.text("dtype") else number.stored_bytes
    alone = queries == 1.0 and not _TAKES_TURNS[0] <= heads / kv_heads <= _TAKES_TURNS[1]
    far = alone and keys > _KEYS_IN_CACHE
    distinct = timing.distinct_alone if far else timing.distinct_kv
    kv_bytes = 2.0 * batch * kv_heads * keys * width * stored * distinct
    query_bytes = batch * heads * queries * width * number.stored_bytes
    scores = batch * heads * queries * keys
    fused = kernel(
        "attention",
        number.peak,
        matrix_flops=4.0 * scores * width,
        read_bytes=query_bytes + kv_bytes,
        write_bytes=query_bytes,
        m=queries,
        n=keys,
        k=width,
        batch=batch * heads,
        kv_groups=max(heads / kv_heads, 1.0),
        height=kv_heads,
        causal=1.0 if queries > 1.0 else 0.0,
        element_bytes=stored if queries == 1.0 else min(stored, number.operand_bytes),
        count=float(timing.copies),
    )
    if timing.cache_writes:
        writes = _cache_writes(batch * queries, 2.0 * kv_heads * width, stored, number, timing)
        return [*writes, fused]
    if timing.runtime != _ROPE_FIRST:
        return [fused]
    elements = batch * queries * (heads + 2.0 * kv_heads) * width
    rotate = kernel(
        "pointwise",
        number.peak,
        vector_flops=3.0 * elements,
        read_bytes=elements * number.stored_bytes,
        write_bytes=elements * number.stored_bytes,
        m=elements,
        element_bytes=number.stored_bytes,
        count=float(timing.copies),
    )
    if row.text("op") != "attention_context":
        return [rotate, fused]
    lengths = kernel("reduce", number.peak, count=float(timing.copies))
    return [lengths, rotate, fused]


def _cache_writes(
    tokens: float, elements: float, stored: float, number: Number, timing: Timing
) -> list[KernelRow]:
    """Keys and values of new tokens, written into the cache.

    One kernel has a thread block for each token; two of them, of keys and of values, are
    PyTorch's, and have none.

    Source:
        vLLM, ``csrc/cache_kernels.cu``, reshape_and_cache_flash; SGLang,
        ``srt/mem_cache/memory_pool.py``, MHATokenToKVPool.set_kv_buffer.
    """
    parts = timing.cache_writes
    each = elements / parts
    by_token = parts == 1
    write = kernel(
        "move",
        number.peak,
        read_bytes=tokens * each * number.stored_bytes,
        write_bytes=tokens * each * stored,
        m=tokens if by_token else tokens * each,
        n=each if by_token else 1.0,
        element_bytes=number.stored_bytes,
        count=float(timing.copies),
    )
    return [write] * parts


_RULES: Final[Mapping[str, Callable[[Row, Number, Timing], list[KernelRow]]]] = {
    "matmul": _product,
    "linear": _product,
    "bmm": _product,
    "conv2d": _convolution,
    "elementwise": _elementwise,
    "layernorm": _layer_norm,
    "softmax": _softmax,
    "attention_context": _attention,
    "attention_generation": _attention,
}
"""By the ``op`` of a row."""
