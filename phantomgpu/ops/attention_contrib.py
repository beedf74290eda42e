"""Attention as ONNX Runtime writes it: projections inside, packed tokens, caches in one buffer."""

from dataclasses import replace
from math import prod

from phantomgpu.ops.attention import Heads, attend, is_positive
from phantomgpu.ops.call import Call, share
from phantomgpu.ops.matmul import operand_dtype
from phantomgpu.ops.work import Demand


def multi_head(call: Call) -> Demand:
    """MultiHeadAttention ``query, key, value, bias, padding, bias of scores, past key and value``.

    The query is ``[B, S, H·d]`` or packed ``[B, S, H, 3, d]``; keys may come packed with values
    ``[B, S, H, 2, d]`` or per head ``[B, H, S, d]``, values likewise.
    """
    count = call.count("num_heads")
    query = call.dims(0, rank=3)
    packed = len(query) == 5
    width = query[4] if packed else share(query[2], count)
    key = _tokens(call, 1) if call.has(1) else query[1]
    value = call.dims(2, rank=3) if call.has(2) else (width,)
    heads = Heads(
        sequences=query[0],
        heads=count,
        kv_heads=count,
        queries=query[1],
        keys=_with_past(call, key, past=6, present=1),
        width=width,
        value_width=share(value[2], count) if len(value) == 3 else value[-1],
        causal=bool(call.integer("unidirectional")),
        extra_each=sum(call.has(i) for i in (4, 5)),
    )
    return attend(call, heads, more_vector=_bias(call, 3, (0, 1, 2)), past=(6, 7), new=key)


def masked_decoder(call: Call) -> Demand:
    """DecoderMaskedMultiHeadAttention: one new token of ``[B, 1, H·d]`` against its past."""
    count = call.count("num_heads")
    query = call.dims(0, rank=3)
    width = share(call.out_dims(0, rank=3)[2], count)
    key = _tokens(call, 1) if call.has(1) else query[1]
    heads = Heads(
        sequences=query[0],
        heads=count,
        kv_heads=count,
        queries=query[1],
        keys=_with_past(call, key, past=5, present=1),
        width=width,
        value_width=width,
        extra_each=sum(call.has(i) for i in (3, 4)),
    )
    return attend(call, heads, more_vector=_bias(call, 10, (0, 1, 2)), past=(5, 6), new=key)


def grouped(call: Call) -> Demand:
    """GroupQueryAttention, SparseAttention ``query, key, value, past_key, past_value, ...``.

    Always causal unless attribute ``causal`` is 0. The query is ``[B, S, H·d]``, or packed
    ``[B, S, (H + 2·Hkv)·d]`` when there is no key. Rotary embedding inside costs three operations
    for every element of query and key. A block-sparse mask is not subtracted.
    """
    count, kv_count = call.count("num_heads"), call.count("kv_num_heads")
    query = call.dims(0, rank=3)
    width = share(query[2], count if call.has(1) else count + 2 * kv_count)
    heads = Heads(
        sequences=query[0],
        heads=count,
        kv_heads=kv_count,
        queries=query[1],
        keys=_grouped_keys(call, query[1]),
        width=width,
        value_width=width,
        causal=bool(call.integer("causal", 1)),
        extra_each=int(call.has(10)),
        capped=is_positive(call, "softcap"),
    ).within(call.integer("local_window_size", -1))
    new = query[0] * query[1] * (count + kv_count) * width
    rotary = 3 * new if call.integer("do_rotary") else 0
    return attend(call, heads, more_vector=rotary, past=(3, 4), new=query[1])


def with_projection(call: Call) -> Demand:
    """Attention of com.microsoft ``input, weights, bias, mask, past``: projection and attention.

    ``[B, S, D]`` by ``[D, d + d + dv]`` over all heads, ``2·B·S·D·(2·d + dv)`` FLOPs, then
    attention. The past is ``[2, B, H, S, d]``. QAttention's product is of 8-bit integers, the
    smaller part of the work stays float: the type given is that of the projection.
    """
    return _projected(call, past=8 if call.node.op_type == "QAttention" else 4)


def _projected(call: Call, *, past: int) -> Demand:
    x, weights = call.dims(0, rank=3), call.dims(1, rank=2)
    count = call.count("num_heads")
    sizes = call.integer_list("qkv_hidden_sizes") or [weights[1] // 3] * 3
    if len(sizes) != 3 or min(sizes) < 0:
        raise call.misfit(f"has {sizes} as 'qkv_hidden_sizes', which must be three widths")
    heads = Heads(
        sequences=x[0],
        heads=count,
        kv_heads=count,
        queries=x[1],
        keys=x[1] + (call.dims(past, rank=5)[3] if call.has(past) else 0),
        width=share(sizes[0], count),
        value_width=share(sizes[2], count),
        causal=bool(call.integer("unidirectional")),
        extra_each=sum(call.has(i) for i in (3, 5)),
    )
    projected = prod(x[:2]) * weights[1]
    return attend(
        call,
        heads,
        more_matrix=2 * projected * x[2],
        more_vector=projected * call.has(2),
        dtype=operand_dtype(call.dtype(0), call.dtype(1)),
    )


def packed(call: Call) -> Demand:
    """PackedMultiHeadAttention: tokens without padding, ``[tokens, H·d]`` or ``[tokens, H, 3, d]``.

    Input 4, ``[B, S]``, says how long sequences may be; how long each is, only its values do, so
    all are taken as of equal length.
    """
    count = call.count("num_heads")
    query = call.dims(0, rank=2)
    width = query[3] if len(query) == 4 else share(query[1], count)
    return _ragged(call, query[0], width, offsets=4, bias=_bias(call, 3, (0, 1, 2)))


def packed_with_projection(call: Call) -> Demand:
    """PackedAttention: the projection of ``[tokens, D]``, then attention within each sequence."""
    x, weights = call.dims(0, rank=2), call.dims(1, rank=2)
    projected = x[0] * weights[1]
    width = share(call.out_dims(0, rank=2)[1], call.count("num_heads"))
    return _ragged(
        call, x[0], width, offsets=3, matrix=2 * projected * x[1], bias=projected * call.has(2)
    )


def _ragged(
    call: Call, tokens: int, width: int, *, offsets: int, bias: int, matrix: int = 0
) -> Demand:
    sequences = max(call.dims(offsets, rank=2)[0], 1)
    length = -(-tokens // sequences)
    count = call.count("num_heads")
    heads = Heads(sequences, count, count, length, length, width, width)
    done = attend(call, heads, more_matrix=matrix, more_vector=bias)
    return replace(done, approximation=f"{call.node.op_type}: sequences taken as equally long")


def paged(call: Call) -> Demand:
    """PagedAttention over a block cache: how long each sequence is, only the run knows.

    Counted as if every sequence filled the blocks of its row of the block table.
    """
    count, kv_count = call.count("num_heads"), call.count("kv_num_heads")
    query, cache = call.dims(0, rank=2), call.dims(3, rank=4)
    sequences, blocks = call.dims(7, rank=2)[:2]
    width = share(query[1], count if call.has(1) else count + 2 * kv_count)
    tokens = -(-query[0] // max(sequences, 1))
    heads = Heads(
        sequences, count, kv_count, tokens, blocks * cache[1], width, width, causal=True
    ).within(call.integer("local_window_size", -1))
    used = sequences * heads.keys * kv_count * width
    new = query[0] * kv_count * width
    done = call.demand(
        "attention",
        heads.parallel,
        matrix=heads.matrix_flops,
        vector=heads.vector_flops,
        special=heads.special_flops,
        reads={3: used, 4: used},
        writes={1: new, 2: new},
    )
    return replace(done, approximation="PagedAttention: sequences taken to fill their blocks")


def longformer(call: Call) -> Demand:
    """LongformerAttention: two projections, then each token with ``2·window`` neighbours.

    Tokens that attend globally are marked by values and not counted.
    """
    x, weights = call.dims(0, rank=3), call.dims(1, rank=2)
    count = call.count("num_heads")
    projected = prod(x[:2]) * weights[1]
    width = share(x[2], count)
    heads = Heads(x[0], count, count, x[1], x[1], width, width, extra_each=1)
    heads = heads.within(2 * call.integer("window", x[1]) + 1)
    done = attend(call, heads, more_matrix=4 * projected * x[2], more_vector=2 * projected)
    return replace(done, approximation=f"{call.node.op_type}: globally attending tokens left out")


def _tokens(call: Call, position: int) -> int:
    """Tokens of ``[B, S, H·d]``, ``[B, S, H, 2, d]`` or ``[B, H, S, d]``."""
    dims = call.dims(position, rank=3)
    return dims[2] if len(dims) == 4 else dims[1]


def _with_past(call: Call, new: int, *, past: int, present: int) -> int:
    """Tokens attended to: those of the present where it is made, else past and new."""
    if call.makes(present):
        return call.out_dims(present, rank=4)[2]
    return new + (call.dims(past, rank=4)[2] if call.has(past) else 0)


def _grouped_keys(call: Call, new: int) -> int:
    """``total_sequence_length`` (input 6, of SparseAttention 7) where known, else the cache's."""
    total = call.integers(7 if call.node.op_type == "SparseAttention" else 6)
    if total:
        return max(total[0], 0)
    return _with_past(call, new, past=3, present=1)


def _bias(call: Call, position: int, operands: tuple[int, ...]) -> int:
    return sum(call.size(i) for i in operands) if call.has(position) else 0
