"""How tokens of a decoder attend to each other: grouped-query and latent attention.

What a layer keeps of each token for later ones is an input (``past/...``) and an output
(``new/...``) of the model: a runtime appends the output to the cache that the input looks at.
"""

from dataclasses import dataclass
from typing import Any

from phantomgpu.families.builder import Body, Builder
from phantomgpu.families.layers import linear, normalise
from phantomgpu.onnx.graph import Graph


@dataclass(frozen=True, slots=True)
class Positions:
    """What layers are told of where tokens stand.

    Attributes:
        cosine: ``[batch, sequence, rotary / 2]``; empty where no layer rotates.
        sine: Likewise.
        is_prompt: Whether more than one token is new; empty where no layer asks.
    """

    cosine: str = ""
    sine: str = ""
    is_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Attention in which some query heads share one head of keys and values.

    Attributes:
        heads: Query heads.
        kv_heads: Heads of keys and values.
        width: Of one head.
        rotary: Elements of a head that are rotated by position; 0 for none.
        window: Tokens that one sees, itself included; 0 for all.
        softcap: Bound of the scores; 0 for none.
        bias: Whether query, key and value have biases.
        out_bias: Whether the output has one.
        norm: What normalises queries and keys: ``""``, ``"head"`` (each head) or ``"all"``.
        sinks: Whether each head has a parameter that takes part in the softmax.
    """

    heads: int
    kv_heads: int
    width: int
    rotary: int = 0
    window: int = 0
    softcap: float = 0.0
    bias: bool = False
    out_bias: bool = False
    norm: str = ""
    sinks: bool = False

    @property
    def kept(self) -> int:
        """Elements kept for one token."""
        return 2 * self.kv_heads * self.width


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention.

    Attributes:
        heads: Query heads.
        query_rank: Width that queries are made from; 0 for the hidden width itself.
        rank: Width of what keys and values are made from.
        plain: Elements of a head's key that do not depend on the position.
        rotary: Elements that do, shared by all heads.
        value: Width of a head's value.
    """

    heads: int
    query_rank: int
    rank: int
    plain: int
    rotary: int
    value: int

    @property
    def window(self) -> int:
        """All tokens are seen."""
        return 0

    @property
    def kept(self) -> int:
        """Elements kept for one token."""
        return self.rank + self.rotary


def grouped(b: Body, x: str, at: str, hidden: int, plan: Grouped, where: Positions) -> str:
    """Attention of ``[B, S, hidden]`` to itself and to what was kept."""
    q_width, kv_width = plan.heads * plan.width, plan.kv_heads * plan.width
    q = linear(b, x, f"{at}/q_proj", hidden, q_width, bias=plan.bias)
    k = linear(b, x, f"{at}/k_proj", hidden, kv_width, bias=plan.bias)
    v = linear(b, x, f"{at}/v_proj", hidden, kv_width, bias=plan.bias)
    if plan.norm:
        q = _head_norm(b, q, f"{at}/q_norm", plan.heads, plan)
        k = _head_norm(b, k, f"{at}/k_norm", plan.kv_heads, plan)
    if plan.rotary:
        q = _rotated(b, q, at, plan.heads, plan, where)
        k = _rotated(b, k, at, plan.kv_heads, plan, where)
    if plan.sinks:
        b.weight(f"{at}/sinks", plan.heads)
    past = [
        b.cache(f"{at}/{name}", "batch", plan.kv_heads, "past", plan.width)
        for name in ("key", "value")
    ]
    b.keep(f"{at}/key", k, "batch", "sequence", kv_width)
    b.keep(f"{at}/value", v, "batch", "sequence", kv_width)
    given: dict[str, Any] = {"left_window_size": plan.window - 1} if plan.window else {}
    if plan.softcap:
        given["softcap"] = plan.softcap
    made = b.op(
        "Attention", q, k, v, "", *past, at=at, is_causal=1, q_num_heads=plan.heads,
        kv_num_heads=plan.kv_heads, **given,
    )  # fmt: skip
    return linear(b, made, f"{at}/o_proj", q_width, hidden, bias=plan.out_bias)


def _head_norm(b: Builder, x: str, at: str, heads: int, plan: Grouped) -> str:
    """RMS norm of each head by itself, or of all together."""
    if plan.norm == "all":
        return normalise(b, x, at, heads * plan.width)
    apart = b.op("Reshape", x, b.constant([0, 0, heads, plan.width]))
    normed = normalise(b, apart, at, plan.width)
    return b.op("Reshape", normed, b.constant([0, 0, heads * plan.width]))


def _rotated(b: Builder, x: str, at: str, heads: int, plan: Grouped, where: Positions) -> str:
    return b.op(
        "RotaryEmbedding", x, where.cosine, where.sine, at=f"{at}/rotary", num_heads=heads,
        rotary_embedding_dim=plan.rotary if plan.rotary < plan.width else 0,
    )  # fmt: skip


def latent(b: Body, x: str, at: str, hidden: int, plan: Latent, where: Positions) -> str:
    """Latent attention of ``[B, S, hidden]``: keys and values are made from what was kept.

    A prompt makes keys and values of all heads and attends as usual. A single new token brings its
    query into the latent space instead, and what it attended to out of it.
    """
    heads, source, width = plan.heads, x, hidden
    if plan.query_rank:
        source = linear(b, x, f"{at}/q_a_proj", hidden, plan.query_rank)
        source = normalise(b, source, f"{at}/q_a_layernorm", plan.query_rank)
        width = plan.query_rank
    q = linear(b, source, f"{at}/q_b_proj", width, heads * plan.plain)
    q_turned = linear(b, source, f"{at}/q_b_proj_rope", width, heads * plan.rotary)
    kept = linear(b, x, f"{at}/kv_a_proj", hidden, plan.rank)
    kept = normalise(b, kept, f"{at}/kv_a_layernorm", plan.rank)
    turned = linear(b, x, f"{at}/kv_a_proj_rope", hidden, plan.rotary)
    turning = f"{at}/rotary"
    given = (where.cosine, where.sine)
    q_turned = b.op("RotaryEmbedding", q_turned, *given, at=turning, num_heads=heads)
    turned = b.op("RotaryEmbedding", turned, *given, at=turning, num_heads=1)
    past = (
        b.cache(f"{at}/latent", "batch", "past", plan.rank),
        b.cache(f"{at}/rope", "batch", "past", plan.rotary),
    )
    b.keep(f"{at}/latent", kept, "batch", "sequence", plan.rank)
    b.keep(f"{at}/rope", turned, "batch", "sequence", plan.rotary)
    parts = _LatentParts(
        q=b.op("Reshape", q, b.constant([0, 0, heads, plan.plain])),
        q_turned=b.op("Reshape", q_turned, b.constant([0, 0, heads, plan.rotary])),
        new=(kept, turned),
        past=past,
        up_key=b.weight(f"{at}/kv_b_proj/key/weight", heads, plan.plain, plan.rank),
        up_value=b.weight(f"{at}/kv_b_proj/value/weight", heads, plan.rank, plan.value),
    )
    made = b.op(
        "If", where.is_prompt, at=at,
        then_branch=_expanded(parts, plan), else_branch=_absorbed(parts, plan),
    )  # fmt: skip
    merged = b.op("Reshape", made, b.constant([0, 0, heads * plan.value]))
    return linear(b, merged, f"{at}/o_proj", heads * plan.value, hidden)


@dataclass(frozen=True, slots=True)
class _LatentParts:
    """Names that both forms of latent attention start from."""

    q: str
    q_turned: str
    new: tuple[str, str]
    past: tuple[str, str]
    up_key: str
    up_value: str


def _expanded(parts: _LatentParts, plan: Latent) -> Graph:
    """Keys and values of every head, then attention: for many new tokens."""
    b = Builder("expanded")
    kept, turned = (
        b.op("Concat", old, new, axis=1) for old, new in zip(parts.past, parts.new, strict=True)
    )
    k = b.op("Einsum", kept, parts.up_key, at="key", equation="btr,hdr->bhtd")
    v = b.op("Einsum", kept, parts.up_value, at="value", equation="btr,hrd->bhtd")
    spread = b.op(
        "Expand", b.op("Unsqueeze", turned, b.constant([1])), b.constant([1, plan.heads, 1, 1])
    )
    k = b.op("Concat", k, spread, at="key", axis=-1)
    q = b.op("Concat", parts.q, parts.q_turned, at="query", axis=-1)
    q = b.op("Transpose", q, at="query", perm=[0, 2, 1, 3])
    made = b.op("Attention", q, k, v, is_causal=1)
    return b.body(b.op("Transpose", made, perm=[0, 2, 1, 3]))


def _absorbed(parts: _LatentParts, plan: Latent) -> Graph:
    """Query into the latent space, attention there, and values out of it: for one new token."""
    b = Builder("absorbed")
    q = b.op("Einsum", parts.q, parts.up_key, at="query", equation="bshd,hdr->bshr")
    made = b.op("LatentAttention", q, parts.q_turned, *parts.new, *parts.past, domain="phantomgpu")
    return b.body(b.op("Einsum", made, parts.up_value, at="value", equation="bshr,hrd->bshd"))
