"""Operators of ONNX Runtime (com.microsoft) that are several steps in one kernel."""

from dataclasses import replace
from math import prod

from phantomgpu.ops.call import Call, share
from phantomgpu.ops.matmul import product_demand, shape_of_product
from phantomgpu.ops.own import touched_experts
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def embed_layer_norm(*, tables: tuple[int, ...] = (2, 3, 4)) -> Rule:
    """EmbedLayerNormalization: a row of each table for every token, added, then normalised.

    Two additions and the eight operations of a LayerNormalization an element.
    """

    def rule(call: Call) -> Demand:
        """Rows of ``hidden`` elements."""
        out = call.out_dims(0, rank=1)
        size = prod(out)
        rows = share(size, out[-1])
        reads = dict.fromkeys(tables, size)
        shape = Parallel(m=rows, n=out[-1])
        return call.demand("norm", shape, vector=10 * size, special=2 * rows, reads=reads)

    return rule


def experts(*, step: int, bits: str = "") -> Rule:
    """MoE, QMoE: each token of ``[*, D]`` through ``k`` of ``E`` expert networks.

    ``2·tokens·k·(D·first + I·D)`` FLOPs, with ``first`` rows of the first and third weights and
    ``I`` hidden elements. As many experts as tokens sent at random are expected to touch run, on
    equal shares, and only their weights are read. ``step`` is the distance between weights among
    the inputs, ``bits`` the attribute that says how many bits a packed weight has.
    """

    def rule(call: Call) -> Demand:
        """As one batched product of the first weights."""
        hidden = call.dims(0, rank=2)[-1]
        tokens = share(call.size(0), hidden)
        count, first = call.dims(2, rank=3)[:2]
        second = call.dims(2 + step, rank=3)[2]
        inner = second * 8 // call.count(bits, 4) if bits else second
        routed = tokens * call.count("k")
        touched = touched_experts(count, call.count("k"), tokens)
        running = max(round(touched), 1)
        third = inner if call.has(2 + 2 * step) else 0
        flops = 2 * routed * hidden * (first + third + inner)
        reads = {
            2 + i: round(call.size(2 + i) * touched / count)
            for i in range(min(3 * step, len(call.node.inputs) - 2))
        }
        return call.demand(
            "matmul",
            Parallel(m=-(-routed // running), n=first, k=hidden, batch=running),
            matrix=flops,
            vector=routed * (2 * first + 2 * hidden),
            special=routed * inner,
            reads=reads,
            approximation=f"{call.node.op_type}: tokens taken as spread evenly over the experts",
        )

    return rule


def narrow_products(*sides: str) -> Rule:
    """MatMulNBitsQkv, MatMulNBitsMlp: one normalised ``[*, K]`` by several few-bit weights.

    ``sides`` are the attributes that hold the width of each product.
    """

    def rule(call: Call) -> Demand:
        """One product as wide as all; ten operations an input element to normalise it."""
        dims = call.dims(0, rank=1)
        columns = sum(call.count(side) for side in sides)
        shape = Parallel(m=share(prod(dims), dims[-1]), n=columns, k=dims[-1])
        done = product_demand(call, shape, vector_each=4, special_each=1)
        more = 10 * prod(dims) + 2 * shape.n * shape.k
        return replace(done, vector_flops=done.vector_flops + more)

    return rule


def distances(call: Call) -> Demand:
    """CDist of ``[m, k]`` and ``[n, k]``: ``a·a - 2·a·b + b·b``, so a product, and a root each."""
    a, b = call.dims(0, rank=2), call.dims(1, rank=2)
    done = product_demand(call, Parallel(m=a[0], n=b[0], k=a[1]), vector_each=3, special_each=1)
    return replace(done, vector_flops=done.vector_flops + 2 * (prod(a) + prod(b)))


def sparse_times_dense(call: Call) -> Demand:
    """SparseToDenseMatMul: how sparse, the file does not say; counted as dense."""
    done = product_demand(call, shape_of_product(call.dims(0), call.dims(1)))
    return replace(done, approximation="SparseToDenseMatMul: counted as if nothing were zero")


def decoder_attention(call: Call) -> Demand:
    """DecoderAttention ``query [S, B, D], key [T, B, D]``: projections, then attention.

    Whether cached keys are used instead of projected ones, its inputs decide at the run: counted
    as projected.
    """
    query, key = call.dims(0, rank=3), call.dims(1, rank=3)
    hidden = query[2]
    projected = 2 * hidden * (prod(query) + 2 * prod(key))
    count = call.count("num_heads")
    scores = query[1] * count * query[0] * key[0]
    width = share(hidden, count)
    return call.demand(
        "attention",
        Parallel(m=query[0], n=key[0], k=width, batch=query[1] * count),
        matrix=projected + 4 * scores * width,
        vector=5 * scores,
        special=scores + prod(query),
        approximation="DecoderAttention: counted without its cache",
    )
