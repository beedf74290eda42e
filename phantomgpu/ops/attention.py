"""Attention: scores of every query with every key it attends to, softmax, and their mix of values.

``2·B·H·Sq·Sk·(d + dv)`` FLOPs for ``B`` sequences, ``H`` heads, ``Sq`` queries, ``Sk`` keys, key
width ``d`` and value width ``dv``. A causal mask is not subtracted: frameworks count the whole
rectangle, ``Parallel.causal`` says that half of it need not be done. A sliding window is
subtracted: each query attends to no more keys than it has.

A score costs a scaling, maximum, difference and sum, one exponential, and one operation for a
mask; a result one division. Softcap adds a product, a hyperbolic tangent and a product.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from phantomgpu.ops.call import Call, Dims, share
from phantomgpu.ops.matmul import operand_dtype
from phantomgpu.ops.work import Demand, Parallel


@dataclass(frozen=True, slots=True)
class Heads:
    """One attention in numbers.

    Attributes:
        sequences: Independent sequences.
        heads: Query heads of each.
        kv_heads: Key and value heads of each.
        queries: New tokens of each.
        keys: Tokens attended to, past ones included.
        width: Of a query and a key.
        value_width: Of a value.
        causal: Whether a token attends to none behind it.
        extra_each: Further vector operations a score: masks and biases.
        capped: Whether scores are soft-capped.
    """

    sequences: int
    heads: int
    kv_heads: int
    queries: int
    keys: int
    width: int
    value_width: int
    causal: bool = False
    extra_each: int = 0
    capped: bool = False

    def within(self, window: int) -> "Heads":
        """No more keys than a sliding window of that size holds; all of them for a negative one."""
        return replace(self, keys=min(self.keys, window)) if window >= 0 else self

    @property
    def scores(self) -> int:
        """Products of a query with a key."""
        return self.sequences * self.heads * self.queries * self.keys

    @property
    def matrix_flops(self) -> int:
        """Of both products."""
        return 2 * self.scores * (self.width + self.value_width)

    @property
    def vector_flops(self) -> int:
        """Of scaling, softmax, mask and cap."""
        return self.scores * (4 + self.extra_each + 2 * self.capped)

    @property
    def special_flops(self) -> int:
        """Of softmax and cap."""
        results = self.sequences * self.heads * self.queries * self.value_width
        return self.scores * (1 + self.capped) + results

    @property
    def parallel(self) -> Parallel:
        """As the cost model reads it."""
        return Parallel(
            m=self.queries,
            n=self.keys,
            k=self.width,
            batch=self.sequences * self.heads,
            kv_groups=max(share(self.heads, self.kv_heads), 1),
            causal=self.causal,
            height=max(self.kv_heads, 1),
        )


def scaled_dot_product(call: Call) -> Demand:
    """Attention of opset 23 on: ``Q, K, V, mask, past_key, past_value``.

    Four dimensions are ``[B, H, S, d]``, three ``[B, S, H·d]`` with the heads in attributes.
    """
    q = _split(call, 0, "q_num_heads")
    k = _split(call, 1, "kv_num_heads")
    v = _split(call, 2, "kv_num_heads")
    heads = Heads(
        sequences=q[0],
        heads=q[1],
        kv_heads=k[1],
        queries=q[2],
        keys=k[2] + (call.dims(4, rank=4)[2] if call.has(4) else 0),
        width=q[3],
        value_width=v[3],
        causal=bool(call.integer("is_causal")),
        extra_each=int(call.has(3)),
        capped=is_positive(call, "softcap"),
    )
    seen = heads.within(_window(call, heads))
    if seen.keys == heads.keys:
        return attend(call, seen)
    # A window leaves old entries of the cache alone.
    past = max(seen.keys - k[2], 0)
    token = q[0] * k[1] * past
    return attend(call, seen, reads={4: token * q[3], 5: token * v[3]})


def flexible(call: Call) -> Demand:
    """FlexAttention: Attention with two subgraphs over the scores, at an operation each."""
    q, k, v = (call.dims(i, rank=4) for i in range(3))
    subgraphs = sum(name in call.node.attributes for name in ("score_mod", "prob_mod"))
    heads = Heads(q[0], q[1], k[1], q[2], k[2], q[3], v[3], extra_each=subgraphs)
    return attend(call, heads)


def linear(call: Call) -> Demand:
    """LinearAttention: a state of ``[d, dv]`` for each KV head, updated and queried every token.

    Every token adds ``k`` times ``v`` to each state and queries it, ``2·d·dv`` FLOPs each; the
    delta rules take one more product with the state, a gate one operation for its every element.
    A chain of ``steps`` tokens, which kernels cut into chunks.
    """
    q_heads, kv_heads = (call.count(f"{x}_num_heads") for x in ("q", "kv"))
    query, value = call.dims(0, rank=3), call.dims(2, rank=3)
    width, value_width = query[2] // q_heads, value[2] // kv_heads
    rule = call.text("update_rule", "gated_delta")
    state = query[0] * kv_heads * width * value_width
    tokens = query[1]
    products = kv_heads * (1 + ("delta" in rule)) + q_heads
    return call.demand(
        "recurrent",
        Parallel(m=1, n=value_width, k=width, batch=query[0] * kv_heads, steps=tokens),
        matrix=2 * tokens * query[0] * width * value_width * products,
        vector=tokens * state * int(rule.startswith("gated")),
        special=call.size(4),
    )


def attend(
    call: Call,
    heads: Heads,
    *,
    more_matrix: int = 0,
    more_vector: int = 0,
    dtype: str | None = None,
    past: tuple[int, int] | None = None,
    new: int = 0,
    reads: Mapping[int, int] | None = None,
) -> Demand:
    """The Demand of an attention, and of what its operator does besides.

    Args:
        call: The node.
        heads: Its attention.
        more_matrix: FLOPs of a projection in it.
        more_vector: Operations besides.
        dtype: What its products run at; follows the query where not given.
        past: Positions of past keys and values whose buffer may be that of outputs 1 and 2. Then
            only the ``new`` tokens are written and only the tokens attended to are read; how many
            of its places are filled, only the run may know.
        new: New tokens of each sequence.
        reads: Elements read of some inputs, where that is not all.
    """
    writes: dict[int, int] = {}
    reads = dict(reads or {})
    full = False
    if past is not None:
        token = heads.sequences * heads.kv_heads
        for output, (position, width) in enumerate(
            zip(past, (heads.width, heads.value_width), strict=True), start=1
        ):
            shared = call.has(position) and call.size(position) == call.out_size(output)
            if shared and call.size(position) > token * new * width:
                writes[output] = token * new * width
                reads[position] = token * heads.keys * width
                full = reads[position] >= call.size(position)
    return call.demand(
        "attention",
        heads.parallel,
        matrix=heads.matrix_flops + more_matrix,
        vector=heads.vector_flops + more_vector,
        special=heads.special_flops,
        reads=reads,
        writes=writes,
        matrix_dtype=operand_dtype(call.dtype(0), call.dtype(0)) if dtype is None else dtype,
        approximation=f"{call.node.op_type}: its cache is taken as full" if full else "",
    )


def is_positive(call: Call, name: str) -> bool:
    """Whether a number attribute is given and positive."""
    value = call.node.attributes.get(name, 0.0)
    return isinstance(value, int | float) and value > 0


def _split(call: Call, position: int, attribute: str) -> Dims:
    """``[B, H, S, d]``, from ``[B, S, H·d]`` where ``attribute`` has the heads."""
    dims = call.dims(position, rank=3)
    if len(dims) > 3:
        return dims
    heads = call.count(attribute)
    return (dims[0], heads, dims[1], share(dims[2], heads))


def _window(call: Call, heads: Heads) -> int:
    left = call.integer("left_window_size", -1)
    right = 0 if heads.causal else call.integer("right_window_size", -1)
    return left + 1 + right if left >= 0 and right >= 0 else -1
