"""Transformer blocks in which image and text attend together, steered by the time step.

``[B, S, C]`` stands for tokens; ``time`` is ``[B, C]``. Names follow diffusers' modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from phantomgpu.families.builder import Builder
from phantomgpu.families.layers import activate, linear, normalise


@dataclass(frozen=True, slots=True)
class Joint:
    """What the blocks of a model have in common.

    Attributes:
        heads: Of every attention.
        head: Width of one.
        normed: Whether queries and keys are normalised head by head.
        cosine: Of the places, ``[B, S, head / 2]``; empty where nothing is rotated.
        sine: Likewise.
    """

    heads: int
    head: int
    normed: bool
    cosine: str = ""
    sine: str = ""

    @property
    def width(self) -> int:
        """Of the tokens."""
        return self.heads * self.head


def steered(b: Builder, time: str, at: str, width: int, count: int) -> tuple[str, ...]:
    """``count`` shifts, scales and gates ``[B, 1, width]`` made of the time step."""
    made = activate(b, time, "silu", at)
    made = linear(b, made, f"{at}/linear", width, count * width, bias=True)
    made = b.op("Unsqueeze", made, b.constant([1]), at=at)
    return b.ops("Split", made, at=at, count=count, axis=-1, num_outputs=count)


def shifted(b: Builder, x: str, at: str, width: int, shift: str, scale: str) -> str:
    """Normalise without parameters, then scale and shift."""
    ones = b.constant([1.0] * width, b.dtype)
    h = b.op("LayerNormalization", x, ones, at=at, axis=-1)
    h = b.op("Mul", h, b.op("Add", scale, b.constant(1.0, b.dtype), at=at), at=at)
    return b.op("Add", h, shift, at=at)


def double_block(
    b: Builder, both: Sequence[str], at: str, plan: Joint, time: str, *, last: bool, twice: bool
) -> list[str]:
    """Image and text, each with its own weights, looking at both.

    Args:
        b: Of the graph.
        both: Image ``[B, S, C]`` and text ``[B, T, C]``.
        at: Module.
        plan: Of all blocks.
        time: Of the step.
        last: Whether the text goes no further.
        twice: Whether the image looks at itself by another attention besides.
    """
    image, text = both
    width = plan.width
    of_image = steered(b, time, f"{at}/norm1", width, 9 if twice else 6)
    of_text = steered(b, time, f"{at}/norm1_context", width, 2 if last else 6)
    image_in = shifted(b, image, f"{at}/norm1", width, of_image[0], of_image[1])
    # The last block's norm of the text gives its scale first.
    shift, scale = of_text[::-1] if last else of_text[:2]
    text_in = shifted(b, text, f"{at}/norm1_context", width, shift, scale)
    seen, told = _together(b, image_in, text_in, f"{at}/attn", plan)
    seen = linear(b, seen, f"{at}/attn/to_out", width, width, bias=True)
    image = _gated(b, image, seen, of_image[2], at)
    if twice:
        again = shifted(b, both[0], f"{at}/norm1", width, of_image[6], of_image[7])
        alone = _alone(b, again, f"{at}/attn2", plan)
        image = _gated(b, image, alone, of_image[8], at)
    image = _network(b, image, at, "", width, of_image[3:6])
    if last:
        return [image]
    told = linear(b, told, f"{at}/attn/to_add_out", width, width, bias=True)
    text = _gated(b, text, told, of_text[2], at)
    return [image, _network(b, text, at, "_context", width, of_text[3:6])]


def single_block(b: Builder, x: str, at: str, plan: Joint, time: str) -> str:
    """Text and image as one sequence: attention and network beside each other."""
    width = plan.width
    shift, scale, gate = steered(b, time, f"{at}/norm", width, 3)
    h = shifted(b, x, f"{at}/norm", width, shift, scale)
    inner = linear(b, h, f"{at}/proj_mlp", width, 4 * width, bias=True)
    inner = activate(b, inner, "gelu_pytorch_tanh", at)
    q, k, v = _queries(b, h, f"{at}/attn", ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"), plan)
    seen = _attention(b, _turned(b, q, at, plan), _turned(b, k, at, plan), v, at, plan)
    h = b.op("Concat", seen, inner, at=at, axis=-1)
    h = linear(b, h, f"{at}/proj_out", 5 * width, width, bias=True)
    return _gated(b, x, h, gate, at)


def _together(b: Builder, image: str, text: str, at: str, plan: Joint) -> tuple[str, str]:
    """What image and text see of each other, apart again."""
    names, norms = ("to_q", "to_k", "to_v"), ("norm_q", "norm_k")
    added = ("add_q_proj", "add_k_proj", "add_v_proj")
    added_norms = ("norm_added_q", "norm_added_k")
    of_text = _queries(b, text, at, added, added_norms, plan)
    of_image = _queries(b, image, at, names, norms, plan)
    q, k, v = (
        b.op("Concat", first, second, at=at, axis=1)
        for first, second in zip(of_text, of_image, strict=True)
    )
    seen = _attention(b, _turned(b, q, at, plan), _turned(b, k, at, plan), v, at, plan)
    border = b.op("Shape", text, start=1, end=2)
    start, end, axis = b.constant([0]), b.constant([1 << 40]), b.constant([1])
    told = b.op("Slice", seen, start, border, axis, at=at)
    return b.op("Slice", seen, border, end, axis, at=at), told


def _alone(b: Builder, x: str, at: str, plan: Joint) -> str:
    q, k, v = _queries(b, x, at, ("to_q", "to_k", "to_v"), ("norm_q", "norm_k"), plan)
    width = plan.width
    return linear(b, _attention(b, q, k, v, at, plan), f"{at}/to_out", width, width, bias=True)


def _queries(
    b: Builder, x: str, at: str, names: Sequence[str], norms: Sequence[str], plan: Joint
) -> tuple[str, str, str]:
    """Queries, keys and values, the first two normalised where the model does."""
    width = plan.width
    q, k, v = (linear(b, x, f"{at}/{name}", width, width, bias=True) for name in names)
    if plan.normed:
        q, k = (
            _by_head(b, one, f"{at}/{norm}", plan) for one, norm in zip((q, k), norms, strict=True)
        )
    return q, k, v


def _by_head(b: Builder, x: str, at: str, plan: Joint) -> str:
    apart = b.op("Reshape", x, b.constant([0, 0, plan.heads, plan.head]), at=at)
    normed = normalise(b, apart, at, plan.head)
    return b.op("Reshape", normed, b.constant([0, 0, plan.width]), at=at)


def _turned(b: Builder, x: str, at: str, plan: Joint) -> str:
    if not plan.cosine:
        return x
    return b.op(
        "RotaryEmbedding", x, plan.cosine, plan.sine, at=f"{at}/rotary",
        num_heads=plan.heads, interleaved=1,
    )  # fmt: skip


def _attention(b: Builder, q: str, k: str, v: str, at: str, plan: Joint) -> str:
    return b.op("Attention", q, k, v, at=at, q_num_heads=plan.heads, kv_num_heads=plan.heads)


def _network(b: Builder, x: str, at: str, which: str, width: int, steer: Sequence[str]) -> str:
    shift, scale, gate = steer
    h = shifted(b, x, f"{at}/norm2{which}", width, shift, scale)
    h = linear(b, h, f"{at}/ff{which}/proj_in", width, 4 * width, bias=True)
    h = activate(b, h, "gelu_pytorch_tanh", at)
    h = linear(b, h, f"{at}/ff{which}/proj_out", 4 * width, width, bias=True)
    return _gated(b, x, h, gate, at)


def _gated(b: Builder, x: str, made: str, gate: str, at: str) -> str:
    return b.op("Add", x, b.op("Mul", made, gate, at=at), at=at)
