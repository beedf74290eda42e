"""The attention operators of ``com.microsoft``.

Source: onnxruntime, docs/ContribOperators.md.
"""

from collections.abc import Callable
from typing import Final

from phantomgpu.onnx.call import Call, Typed


def attention(call: Call) -> list[Typed]:
    """Attention with its projection: ``[batch, tokens, in]`` by ``[in, 3·hidden]``.

    Output ``[batch, tokens, hidden]``; present ``[2, batch, heads, past + tokens, head]``.
    """
    batch, tokens, _ = call.dims(0)
    quantised = call.op_type == "QAttention"
    sizes = call.attributes.get("qkv_hidden_sizes")
    packed = call.dims(1)[1] if call.has(1) else call.dims(2)[0]
    hidden = sizes[2] if sizes else packed // 3
    heads = int(call.attributes["num_heads"])
    dtype = call.dtype(3) if quantised else call.dtype(0)
    past = 8 if quantised else 4
    have = call.dims(past)[3] if call.has(past) else 0
    share = call.attributes.get("past_present_share_buffer")
    total = have if share and have else have + tokens
    present = (2, batch, heads, total, hidden // heads)
    both: list[Typed] = [(dtype, (batch, tokens, hidden)), (dtype, present)]
    return both[: call.outputs]


def multi_head(call: Call) -> list[Typed]:
    """Attention without projection: output ``[batch, tokens, value hidden]``.

    Query ``[batch, tokens, hidden]`` or packed ``[batch, tokens, heads, 3, head]``; key and value
    ``[batch, kv, hidden]`` or ``[batch, heads, kv, head]``; present as the latter.
    """
    query, heads = call.dims(0), int(call.attributes["num_heads"])
    batch, tokens = query[0], query[1]
    if len(query) == 5:
        head = value_head = query[4]
        new = tokens
    else:
        head = query[2] // heads
        value = call.dims(2) if call.has(2) else query
        key = call.dims(1) if call.has(1) else query
        value_head = value[3] if len(value) == 4 else value[2] // heads
        if call.has(1) and len(key) == 5:  # key and value packed: [batch, kv, heads, 2, head]
            value_head = key[4]
        new = key[2] if len(key) == 4 else key[1]
    past = _past(call, 6 if call.op_type == "MultiHeadAttention" else 5)
    fixed = call.op_type != "MultiHeadAttention" and call.attributes.get(
        "past_present_share_buffer"
    )
    total = past if fixed and past else past + new
    dtype = call.dtype(0)
    every: list[Typed] = [
        (dtype, (batch, tokens, heads * value_head)),
        (dtype, (batch, heads, total, head)),
        (dtype, (batch, heads, total, value_head)),
        (dtype, (batch, heads, tokens, total)),
    ]
    return every[: call.outputs]


def group_query(call: Call) -> list[Typed]:
    """Attention with fewer key heads: output ``[batch, tokens, heads·head]``.

    Present ``[batch, kv heads, total, head]``; the total is that of the buffer where past and
    present share one.
    """
    batch, tokens, hidden = call.dims(0)
    heads, kv_heads = int(call.attributes["num_heads"]), int(call.attributes["kv_num_heads"])
    head = hidden // heads if call.has(1) else hidden // (heads + 2 * kv_heads)
    past = _past(call, 3)
    known = call.ints(6)
    total = max(known[0], past) if known else past + tokens
    dtype, present = call.dtype(0), (batch, kv_heads, total, head)
    every: list[Typed] = [
        (dtype, (batch, tokens, heads * head)), (dtype, present), (dtype, present),
        (dtype, (batch, heads, tokens, total)),
    ]  # fmt: skip
    return every[: call.outputs]


def packed(call: Call) -> list[Typed]:
    """Attention over sequences behind each other: ``[all tokens, hidden]``."""
    tokens = call.dims(0)[0]
    if call.op_type == "PackedAttention":
        sizes = call.attributes.get("qkv_hidden_sizes")
        return [(call.dtype(0), (tokens, sizes[2] if sizes else call.dims(1)[1] // 3))]
    query = call.dims(0)
    width = query[1] * query[3] if len(query) == 4 else call.dims(2)[1]
    return [(call.dtype(0), (tokens, width))]


def relative_bias(call: Call) -> list[Typed]:
    """``[1, heads, queries, keys]`` from a table ``[buckets, heads]`` and two lengths."""
    queries, keys = call.ints(1), call.ints(2)
    if queries is None or keys is None:
        raise LookupError("the lengths are computed from data")
    return [(call.dtype(0), (1, call.dims(0)[1], queries[0], keys[0]))]


def gated_bias(call: Call) -> list[Typed]:
    """``[batch, heads, tokens, tokens]``."""
    batch, tokens, _ = call.dims(0)
    return [(call.dtype(0), (batch, int(call.attributes["num_heads"]), tokens, tokens))]


def _past(call: Call, index: int) -> int:
    return call.dims(index)[2] if call.has(index) and len(call.dims(index)) == 4 else 0


RULES: Final[dict[str, Callable[[Call], list[Typed]]]] = {
    **dict.fromkeys(("Attention", "QAttention", "DecoderMaskedSelfAttention"), attention),
    **dict.fromkeys(("MultiHeadAttention", "DecoderMaskedMultiHeadAttention"), multi_head),
    **dict.fromkeys(("GroupQueryAttention", "SparseAttention"), group_query),
    **dict.fromkeys(("PackedAttention", "PackedMultiHeadAttention"), packed),
    "RelativePositionBias": relative_bias,
    "GatedRelativePositionBias": gated_bias,
}
"""By operator."""
