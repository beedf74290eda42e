"""The layers that image generators are made of, as nodes of a graph.

``[B, C, H, W]`` stands for images in latent space or pixels, ``[B, S, C]`` for tokens. Every
function takes the builder of the graph, and the module's path as ``at``; weights are named after
it, as diffusers names its modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from phantomgpu.families.builder import Builder
from phantomgpu.families.layers import activate, linear, normalise


def conv(
    b: Builder, x: str, at: str, into: int, out: int, *, kernel: int = 3, by: int = 1,
    pad: int | None = None,
) -> str:  # fmt: skip
    """Convolve ``[B, into, H, W]`` to ``[B, out, H / by, W / by]``; ``pad`` is half the kernel."""
    weight = b.weight(f"{at}/weight", out, into, kernel, kernel)
    border = kernel // 2 if pad is None else pad
    return b.op(
        "Conv", x, weight, b.weight(f"{at}/bias", out), at=at,
        kernel_shape=[kernel, kernel], strides=[by, by], pads=[border] * 4,
    )  # fmt: skip


def group_norm(b: Builder, x: str, at: str, channels: int, groups: int) -> str:
    """Normalise groups of channels of ``[B, channels, H, W]``."""
    scale, bias = b.weight(f"{at}/weight", channels), b.weight(f"{at}/bias", channels)
    return b.op("GroupNormalization", x, scale, bias, at=at, num_groups=groups)


def doubled(b: Builder, x: str, at: str, channels: int) -> str:
    """Twice as high and wide by repetition, then convolve."""
    scales = b.constant([1, 1, 2, 2], "float32")
    large = b.op(
        "Resize", x, "", scales, at=at, mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    return conv(b, large, f"{at}/conv", channels, channels)


@dataclass(frozen=True, slots=True)
class Residual:
    """What a residual block of convolutions looks like everywhere in a model.

    Attributes:
        groups: Of the group norms.
        activation: Its name.
        time_width: Of the embedding of the time step; 0 where there is none.
    """

    groups: int
    activation: str
    time_width: int = 0


def residual(
    b: Builder, x: str, at: str, into: int, out: int, plan: Residual, time: str = ""
) -> str:
    """Two convolutions beside a shortcut: ``[B, into, H, W]`` to ``[B, out, H, W]``."""
    h = activate(b, group_norm(b, x, f"{at}/norm1", into, plan.groups), plan.activation, at)
    h = conv(b, h, f"{at}/conv1", into, out)
    if plan.time_width:
        shift = activate(b, time, plan.activation, f"{at}/time")
        shift = linear(b, shift, f"{at}/time_emb_proj", plan.time_width, out, bias=True)
        h = b.op("Add", h, b.op("Unsqueeze", shift, b.constant([2, 3])), at=at)
    h = activate(b, group_norm(b, h, f"{at}/norm2", out, plan.groups), plan.activation, at)
    h = conv(b, h, f"{at}/conv2", out, out)
    if into != out:
        x = conv(b, x, f"{at}/conv_shortcut", into, out, kernel=1)
    return b.op("Add", x, h, at=at)


@dataclass(frozen=True, slots=True)
class Spatial:
    """A transformer over the places of an image.

    Attributes:
        layers: Blocks in it.
        heads: Of each attention.
        width: Of the tokens: the image's channels.
        context: Width of the text that they look at.
        groups: Of the group norm before it.
        by_product: Whether it is entered and left by a product, or by a convolution of size 1.
        looks_inside: Whether tokens attend to each other, not to the text only.
    """

    layers: int
    heads: int
    width: int
    context: int
    groups: int
    by_product: bool
    looks_inside: bool = True


def spatial(b: Builder, x: str, at: str, plan: Spatial, text: str) -> str:
    """``[B, width, H, W]`` through the transformer and back, added to itself."""
    width = plan.width
    h = group_norm(b, x, f"{at}/norm", width, plan.groups)
    if not plan.by_product:
        h = conv(b, h, f"{at}/proj_in", width, width, kernel=1)
    h = tokens_of(b, h, at, width)
    if plan.by_product:
        h = linear(b, h, f"{at}/proj_in", width, width, bias=True)
    if plan.layers == 1:
        h = _block(b, h, f"{at}/block", plan, text)
    else:
        (h,) = b.stack(
            f"{at}/blocks", plan.layers, [h],
            lambda body, given: [_block(body, given[0], "block", plan, text)],
        )  # fmt: skip
    if plan.by_product:
        h = linear(b, h, f"{at}/proj_out", width, width, bias=True)
    h = b.op("Transpose", h, at=at, perm=[0, 2, 1])
    h = b.op("Reshape", h, b.op("Shape", x), at=at)
    if not plan.by_product:
        h = conv(b, h, f"{at}/proj_out", width, width, kernel=1)
    return b.op("Add", x, h, at=at)


def tokens_of(b: Builder, x: str, at: str, width: int) -> str:
    """The places of ``[B, width, H, W]`` as tokens ``[B, H·W, width]``."""
    flat = b.op("Reshape", x, b.constant([0, width, -1]), at=at)
    return b.op("Transpose", flat, at=at, perm=[0, 2, 1])


def _block(b: Builder, x: str, at: str, plan: Spatial, text: str) -> str:
    width, context = plan.width, plan.context
    h = normalise(b, x, f"{at}/norm1", width, kind="layer")
    inside = (h, width) if plan.looks_inside else (text, context)
    x = b.op("Add", x, attend(b, h, f"{at}/attn1", width, plan.heads, inside), at=at)
    h = normalise(b, x, f"{at}/norm2", width, kind="layer")
    x = b.op("Add", x, attend(b, h, f"{at}/attn2", width, plan.heads, (text, context)), at=at)
    h = normalise(b, x, f"{at}/norm3", width, kind="layer")
    return b.op("Add", x, _gated(b, h, f"{at}/ff", width), at=at)


def attend(
    b: Builder, x: str, at: str, width: int, heads: int, to: tuple[str, int], *, bias: bool = False
) -> str:
    """Attention of ``[B, S, width]`` to tokens and their width; ``bias`` of q, k and v."""
    q = linear(b, x, f"{at}/to_q", width, width, bias=bias)
    k = linear(b, to[0], f"{at}/to_k", to[1], width, bias=bias)
    v = linear(b, to[0], f"{at}/to_v", to[1], width, bias=bias)
    made = b.op("Attention", q, k, v, at=at, q_num_heads=heads, kv_num_heads=heads)
    return linear(b, made, f"{at}/to_out", width, width, bias=True)


def _gated(b: Builder, x: str, at: str, width: int) -> str:
    """A feed-forward network of four times the width, half of its first product a gate."""
    both = linear(b, x, f"{at}/proj_in", width, 8 * width, bias=True)
    hidden, gate = b.ops("Split", both, at=at, count=2, axis=-1, num_outputs=2)
    hidden = b.op("Mul", hidden, activate(b, gate, "gelu", at), at=at)
    return linear(b, hidden, f"{at}/proj_out", 4 * width, width, bias=True)


def time_embedding(
    b: Builder, step: str, at: str, width: int, out: int, *, guidance: tuple[str, int] = ("", 0)
) -> str:
    """Sines and cosines of the time step ``[B]``, then two products: ``[B, out]``.

    Where a model was taught its guidance, that is added first, from its own width.
    """
    waves = sinusoids(b, step, at, width)
    if guidance[1]:
        told = linear(b, guidance[0], f"{at}/cond_proj", guidance[1], width)
        waves = b.op("Add", waves, told, at=at)
    h = linear(b, waves, f"{at}/linear_1", width, out, bias=True)
    return linear(b, activate(b, h, "silu", at), f"{at}/linear_2", out, out, bias=True)


def sinusoids(b: Builder, numbers: str, at: str, width: int) -> str:
    """``width`` sines and cosines of each of ``[*]``: ``[*, width]``."""
    half = width // 2
    speeds: Sequence[float] = [10_000 ** (-k / half) for k in range(half)]
    angles = b.op(
        "Mul", b.op("Unsqueeze", numbers, b.constant([-1])), b.constant(speeds, b.dtype), at=at
    )
    return b.op("Concat", b.op("Cos", angles, at=at), b.op("Sin", angles, at=at), at=at, axis=-1)
