"""Language models that rows name without a file: their published shapes, as the kernels of a run.

A run is one generated token (``tgN``) or one prompt (``ppN``), as llama.cpp's benchmark times them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from phantomgpu.validation.operators import KernelRow, kernel, table_of
from phantomgpu.workload import KernelNames, Workload


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A decoder with grouped-query attention and a gated feed-forward network.

    Attributes:
        layers: Decoder layers.
        hidden: Width of the residual stream.
        heads: Query heads.
        kv_heads: Key and value heads.
        feed_forward: Width of the feed-forward network.
        vocabulary: Tokens.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int


LANGUAGE_MODELS: Final[Mapping[str, LanguageModel]] = {
    "Llama-3-8B": LanguageModel(32, 4096, 32, 8, 14336, 128256),
    "Llama-3-70B": LanguageModel(80, 8192, 64, 8, 28672, 128256),
}
"""By the ``model`` of a row. Source: Meta, "The Llama 3 Herd of Models", arXiv:2407.21783, table 3.
"""

WEIGHT_BYTES: Final[Mapping[str, float]] = {"fp16": 2.0, "Q4_K_M": 4.9 / 8.0}
"""Of one parameter, by the ``precision`` of a row. Q4_K_M mixes 4 and 6 bits: Llama-3-8B's file
has 4.92 GB for 8.03 G parameters."""

CHUNK: Final = 512
"""Prompt tokens that llama.cpp takes through the layers at once (``--ubatch-size``)."""

_INPUT: Final = re.compile(r"(tg|pp)(\d+)")
_STORED: Final = 2.0
"""Bytes of an activation and of a cached key."""


def language_workload(name: str, precision: str, text: str) -> Workload | str:
    """The work of a row; a reason where it cannot be told.

    Args:
        name: The row's model.
        precision: As the row writes it.
        text: The row's input: ``tg512`` or ``pp512``.
    """
    found = _INPUT.fullmatch(text)
    if found is None:
        return f"input {text!r} is neither tgN nor ppN"
    if precision not in WEIGHT_BYTES:
        return f"there is no rule for weights in {precision!r}"
    model, tokens = LANGUAGE_MODELS[name], int(found[2])
    if found[1] == "tg":
        # The first token attends to none before it, the last to all.
        rows = _pass(model, WEIGHT_BYTES[precision], tokens=1, keys=tokens / 2.0, passes=1.0)
        tokens = 1
    else:
        chunk = min(tokens, CHUNK)
        keys = (tokens + chunk) / 2.0
        rows = _pass(model, WEIGHT_BYTES[precision], chunk, keys, passes=tokens / chunk)
    return _workload(model, rows, precision, tokens)


def _pass(
    model: LanguageModel, weight_bytes: float, tokens: int, keys: float, passes: float
) -> list[KernelRow]:
    """The kernels that take some tokens through all layers, and the last of them to the words."""
    width = model.hidden // model.heads
    kv = model.kv_heads * width
    per_layer = passes * model.layers
    return [
        _product(tokens, model.hidden + 2 * kv, model.hidden, weight_bytes, per_layer),
        _product(tokens, model.hidden, model.hidden, weight_bytes, per_layer),
        _product(tokens, 2 * model.feed_forward, model.hidden, weight_bytes, per_layer),
        _product(tokens, model.hidden, model.feed_forward, weight_bytes, per_layer),
        _product(1, model.vocabulary, model.hidden, weight_bytes, passes),
        _attention(model, tokens, keys, per_layer),
        _pointwise(tokens * (model.hidden + kv), 1.0, per_layer),  # rotary embedding
        _pointwise(tokens * model.feed_forward, 2.0, per_layer),  # gate
        _pointwise(tokens * model.hidden, 2.0, 2.0 * per_layer),  # residual
        _norm(tokens, model.hidden, 2.0 * per_layer),
    ]


def _product(m: int, n: int, k: int, weight_bytes: float, count: float) -> KernelRow:
    """A product; of a single row on the vector units, which unpack each weight and use it once."""
    return kernel(
        "matmul",
        "fp16",
        matrix_flops=2.0 * m * n * k,
        vector_flops=2.0 * n * k if m == 1 else 0.0,
        read_bytes=m * k * _STORED + n * k * weight_bytes,
        weight_bytes=n * k * weight_bytes,
        write_bytes=m * n * _STORED,
        m=float(m),
        n=float(n),
        k=float(k),
        element_bytes=_STORED,
        count=count,
    )


def _attention(model: LanguageModel, tokens: int, keys: float, count: float) -> KernelRow:
    width = model.hidden // model.heads
    queries = tokens * model.hidden * _STORED
    cached = 2.0 * keys * model.kv_heads * width * _STORED
    return kernel(
        "attention",
        "fp16",
        matrix_flops=4.0 * tokens * keys * model.hidden,
        read_bytes=queries + cached,
        weight_bytes=cached,
        write_bytes=queries,
        m=float(tokens),
        n=keys,
        k=float(width),
        batch=float(model.heads),
        kv_groups=model.heads / model.kv_heads,
        element_bytes=_STORED,
        count=count,
    )


def _pointwise(elements: int, reads: float, count: float) -> KernelRow:
    return kernel(
        "pointwise",
        "fp16",
        vector_flops=3.0 * elements,
        read_bytes=reads * elements * _STORED,
        write_bytes=elements * _STORED,
        m=float(elements),
        element_bytes=_STORED,
        count=count,
    )


def _norm(rows: int, width: int, count: float) -> KernelRow:
    return kernel(
        "norm",
        "fp16",
        vector_flops=4.0 * rows * width,
        special_flops=float(rows),
        read_bytes=rows * width * _STORED,
        write_bytes=rows * width * _STORED,
        m=float(rows),
        n=float(width),
        element_bytes=_STORED,
        count=count,
    )


def _workload(model: LanguageModel, rows: list[KernelRow], precision: str, tokens: int) -> Workload:
    table = table_of(rows)
    weights = float((table.weight_bytes * table.count)[:5].sum())
    embedding = model.vocabulary * model.hidden * WEIGHT_BYTES[precision]
    return Workload(
        kernels=table,
        names=tuple(KernelNames("", (), "") for _ in rows),
        batch=tokens,
        precision="fp16",
        runtime="llama-cpp",
        weight_bytes=int(weights + embedding),
        peak_activation_bytes=int(4 * min(tokens, CHUNK) * model.feed_forward * _STORED),
        input_bytes=4 * tokens,
        output_bytes=int(model.vocabulary * 4),
    )
