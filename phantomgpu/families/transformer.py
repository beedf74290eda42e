"""Layers of encoders, and of decoders that look at an encoder's output, as stacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phantomgpu.families.builder import Body, Builder
from phantomgpu.families.layers import FeedForward, feed_forward, linear, normalise


@dataclass(frozen=True, slots=True)
class Block:
    """A layer in numbers.

    Attributes:
        hidden: Width of the residual stream.
        heads: Of attention.
        width: Of a head.
        network: What each token goes through.
        norm: Kind of its norms, as ``layers.normalise`` takes it.
        norm_first: Whether norms stand in front of attention and network, or behind the sums.
        bias: Whether query and value have biases.
        key_bias: Whether the key has one.
        out_bias: Whether the output has one.
    """

    hidden: int
    heads: int
    width: int
    network: FeedForward
    norm: str = "layer"
    norm_first: bool = True
    bias: bool = True
    key_bias: bool = True
    out_bias: bool = True

    @property
    def all_heads(self) -> int:
        """Width of all heads together."""
        return self.heads * self.width


def encoder_stack(b: Builder, name: str, layers: int, x: str, block: Block, mask: str = "") -> str:
    """``[B, S, hidden]`` through layers that see all tokens.

    Args:
        b: Of the graph.
        name: Of the stack.
        layers: How many.
        x: Goes in.
        block: What each is.
        mask: Added to the scores; empty for none.

    Returns:
        What comes out; normalised where norms stand first.
    """

    def layer(body: Body, carried: Sequence[str]) -> Sequence[str]:
        attended = _self_attention(body, carried[-1], "self_attn", block, mask)
        return _joined(body, carried, [("self_attn", attended)], block)

    return _stacked(b, name, layers, x, block, layer)


def decoder_stack(b: Builder, name: str, layers: int, x: str, block: Block, mask: str = "") -> str:
    """``[B, S, hidden]`` through layers that see earlier tokens and an encoder's ``source`` tokens.

    Keys and values of earlier tokens (``past``) and of the encoder's output are inputs of the
    model, by layer; those of new tokens are outputs. Arguments as for ``encoder_stack``.
    """

    def layer(body: Body, carried: Sequence[str]) -> Sequence[str]:
        attended = _cached_attention(body, carried[-1], "self_attn", block, mask)
        carried = _joined(body, carried, [("self_attn", attended)], block, network=False)
        crossed = _cross_attention(body, carried[-1], "cross_attn", block)
        return _joined(body, carried, [("cross_attn", crossed)], block)

    return _stacked(b, name, layers, x, block, layer)


def cross_cache(b: Builder, layers: int, states: str, source: int, block: Block) -> None:
    """Keys and values that each decoder layer attends to, from an encoder's output.

    Made once for a sequence, so it is of the encoder's graph.

    Args:
        b: Of that graph.
        layers: Of the decoder.
        states: ``[B, source, width]``: the output.
        source: Width of the output.
        block: Of the decoder.
    """

    def layer(body: Body, carried: Sequence[str]) -> Sequence[str]:
        for name, bias in (("key", block.key_bias), ("value", block.bias)):
            at = f"cross_attn/{name[0]}_proj"
            made = linear(body, states, at, source, block.all_heads, bias=bias)
            body.keep(f"cross_attn/{name}", made, "batch", "source", block.all_heads)
        return carried

    b.stack("decoder_layers", layers, (), layer)


def _stacked(
    b: Builder,
    name: str,
    layers: int,
    x: str,
    block: Block,
    layer: Callable[[Body, Sequence[str]], Sequence[str]],
) -> str:
    """Layers behind each other; where norms stand first, each layer writes that of the next."""
    carried: tuple[str, ...] = (x,)
    if block.norm_first:
        carried = (x, normalise(b, x, f"{name}_first_norm", block.hidden, kind=block.norm))
    return b.stack(name, layers, carried, layer)[-1]


def _joined(
    b: Body,
    carried: Sequence[str],
    made: Sequence[tuple[str, str]],
    block: Block,
    *,
    network: bool = True,
) -> Sequence[str]:
    """Add what attention made, go through the network where it follows, and normalise."""
    x = carried[0]
    for at, attended in made:
        x = b.op("Add", x, attended, at=at)
        normed = normalise(b, x, f"{at}_norm", block.hidden, kind=block.norm)
        x = x if block.norm_first else normed
    if not network:
        return (x, normed) if block.norm_first else (normed,)
    inner = feed_forward(b, normed, "mlp", block.hidden, block.network)
    x = b.op("Add", x, inner, at="mlp")
    normed = normalise(b, x, "mlp_norm", block.hidden, kind=block.norm)
    return (x, normed) if block.norm_first else (normed,)


def _projected(b: Body, x: str, at: str, name: str, block: Block) -> str:
    bias = block.key_bias if name == "k" else block.bias
    return linear(b, x, f"{at}/{name}_proj", block.hidden, block.all_heads, bias=bias)


def _out(b: Body, made: str, at: str, block: Block) -> str:
    return linear(b, made, f"{at}/o_proj", block.all_heads, block.hidden, bias=block.out_bias)


def _self_attention(b: Body, x: str, at: str, block: Block, mask: str) -> str:
    """Attention of all tokens in the steps that PyTorch's exporters write, for runtimes to fuse."""
    apart = b.constant([0, 0, block.heads, block.width])
    half = b.constant(block.width**-0.25, b.dtype)
    heads = {}
    for name, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        made = b.op("Reshape", _projected(b, x, at, name, block), apart, at=at)
        heads[name] = b.op("Transpose", made, at=at, perm=order)
    q, k = (b.op("Mul", heads[name], half, at=at) for name in "qk")
    scores = b.op("MatMul", q, k, at=at)
    if mask:
        scores = b.op("Add", scores, mask, at=at)
    made = b.op("MatMul", b.op("Softmax", scores, at=at, axis=-1), heads["v"], at=at)
    made = b.op("Transpose", made, at=at, perm=[0, 2, 1, 3])
    merged = b.op("Reshape", made, b.constant([0, 0, block.all_heads]), at=at)
    return _out(b, merged, at, block)


def _cached_attention(b: Body, x: str, at: str, block: Block, mask: str) -> str:
    q, k, v = (_projected(b, x, at, name, block) for name in "qkv")
    past = [
        b.cache(f"{at}/{name}", "batch", block.heads, "past", block.width)
        for name in ("key", "value")
    ]
    b.keep(f"{at}/key", k, "batch", "sequence", block.all_heads)
    b.keep(f"{at}/value", v, "batch", "sequence", block.all_heads)
    made = b.op(
        "Attention", q, k, v, mask, *past, at=at, q_num_heads=block.heads,
        kv_num_heads=block.heads, is_causal=1,
    )  # fmt: skip
    return _out(b, made, at, block)


def _cross_attention(b: Body, x: str, at: str, block: Block) -> str:
    q = _projected(b, x, at, "q", block)
    kept = [
        b.cache(f"{at}/{name}", "batch", "source", block.all_heads) for name in ("key", "value")
    ]
    made = b.op("Attention", q, *kept, at=at, q_num_heads=block.heads, kv_num_heads=block.heads)
    return _out(b, made, at, block)
