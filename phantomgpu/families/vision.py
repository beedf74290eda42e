"""``config.json`` of vision transformers and CLIP to definitions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from phantomgpu.families.builder import Builder
from phantomgpu.families.config import Config
from phantomgpu.families.definition import Definition, Part
from phantomgpu.families.layers import FeedForward, activation_in, linear, normalise
from phantomgpu.families.relative import causal_mask
from phantomgpu.families.transformer import Block, encoder_stack

_DTYPE: Final = "float32"


@dataclass(frozen=True, slots=True)
class Patches:
    """How an image becomes tokens.

    Attributes:
        height: Of the image, in pixels.
        width: Likewise.
        size: Side of a patch.
        channels: Of the image.
        extra: Learned tokens in front: the class, and DeiT's teacher.
        bias: Whether the product that embeds a patch has one.
    """

    height: int
    width: int
    size: int
    channels: int
    extra: int = 1
    bias: bool = True

    @property
    def tokens(self) -> int:
        """Patches and learned tokens."""
        return (self.height // self.size) * (self.width // self.size) + self.extra


def vit(c: Config, name: str) -> Definition:
    """ViT and DeiT: patches and a class token through an encoder, and a classifier."""
    kind = c.text("model_type")
    hidden = c.count("hidden_size", 768)
    b = Builder(name, dtype=_DTYPE)
    plan = _patches(c, extra=2 if kind == "deit" else 1)
    x = _tokens(b, plan, hidden)
    block = _block(c, hidden, "gelu", bias=c.flag("qkv_bias", True))
    x = encoder_stack(b, "layers", c.layers("num_hidden_layers", 12), x, block)
    first = b.op("Gather", x, b.constant(0), at="classifier", axis=1)
    labels = _labels(c)
    if labels:
        made = linear(b, first, "classifier", hidden, labels, bias=True)
        b.output("logits", made, "batch", labels)
    else:
        b.output("last_hidden_state", x, "batch", plan.tokens, hidden)
    return Definition(name, "vision", b.parameters, (Part("encoder", b.graph()),))


def clip(c: Config, name: str) -> Definition:
    """CLIP: an image and a text, each through its tower to an embedding of one length."""
    b = Builder(name, dtype=_DTYPE)
    width = c.count("projection_dim", 512)
    b.weight("logit_scale")
    image = _vision_tower(b, c.part("vision_config"))
    _embedding(b, image, "image", c.part("vision_config").count("hidden_size", 768), width)
    text = c.part("text_config")
    tokens = text.count("max_position_embeddings", 77)
    states = _text_tower(b, text, tokens)
    last = b.op("Gather", states, b.constant(-1), at="text_model", axis=1)
    _embedding(b, last, "text", text.count("hidden_size", 512), width)
    return Definition(name, "clip", b.parameters, (Part("encoder", b.graph()),))


def clip_text(c: Config, name: str) -> Definition:
    """CLIP's text tower alone, as image generators use it; projected where it says so."""
    b = Builder(name, dtype=_DTYPE)
    hidden = c.count("hidden_size", 512)
    states = _text_tower(b, c, "sequence")
    b.output("last_hidden_state", states, "batch", "sequence", hidden)
    if "CLIPTextModelWithProjection" in c.texts("architectures"):
        last = b.op("Gather", states, b.constant(-1), at="text_model", axis=1)
        width = c.count("projection_dim", 512)
        made = linear(b, last, "text_projection", hidden, width)
        b.output("text_embeds", made, "batch", width)
    return Definition(name, "encoder", b.parameters, (Part("encoder", b.graph()),))


VISION: Final[Mapping[str, Callable[[Config, str], Definition]]] = {
    "vit": vit,
    "deit": vit,
    "clip": clip,
    "clip_text_model": clip_text,
}
"""By ``model_type``."""


def _patches(c: Config, *, extra: int = 1, bias: bool = True) -> Patches:
    size = c.values.get("image_size", 224)
    both = size if isinstance(size, list) else [size, size]
    if len(both) != 2 or not all(type(one) is int and one > 0 for one in both):
        raise c.wrong("image_size", "a size in pixels, or a height and a width")
    patch = c.count("patch_size", 16)
    return Patches(both[0], both[1], patch, c.count("num_channels", 3), extra, bias)


def _labels(c: Config) -> int:
    """Classes of the head; 0 for a model without one."""
    named = c.values.get("id2label")
    if isinstance(named, Mapping):
        return len(named)
    headless = [kind for kind in c.texts("architectures") if kind.endswith("Model")]
    return 0 if headless else c.integer("num_labels", 0)


def _tokens(b: Builder, plan: Patches, hidden: int) -> str:
    """``pixel_values`` to ``[batch, tokens, hidden]``."""
    image = b.input("pixel_values", "batch", plan.channels, plan.height, plan.width)
    at = "embeddings/patch"
    weights = [b.weight(f"{at}/weight", hidden, plan.channels, plan.size, plan.size)]
    if plan.bias:
        weights.append(b.weight(f"{at}/bias", hidden))
    sides = [plan.size, plan.size]
    x = b.op("Conv", image, *weights, at=at, kernel_shape=sides, strides=sides)
    x = b.op("Reshape", x, b.constant([0, hidden, -1]), at=at)
    x = b.op("Transpose", x, at=at, perm=[0, 2, 1])
    learned = b.weight("embeddings/tokens", 1, plan.extra, hidden)
    batch = b.op("Shape", "pixel_values", start=0, end=1)
    sizes = b.op("Concat", batch, b.constant([plan.extra, hidden]), axis=0)
    front = b.op("Expand", learned, sizes, at="embeddings")
    x = b.op("Concat", front, x, at="embeddings", axis=1)
    places = b.weight("embeddings/position", 1, plan.tokens, hidden)
    return b.op("Add", x, places, at="embeddings")


def _block(c: Config, hidden: int, activation: str, *, bias: bool = True) -> Block:
    heads = c.count("num_attention_heads", 12)
    network = FeedForward(
        c.count("intermediate_size", 4 * hidden),
        activation_in(c, "hidden_act", activation),
        gated=False,
        bias=True,
    )
    width = c.divided("num_attention_heads", hidden, heads)
    return Block(hidden, heads, width, network, bias=bias, key_bias=bias)


def _vision_tower(b: Builder, c: Config) -> str:
    """``pixel_values`` to the class token behind CLIP's encoder, ``[batch, hidden]``."""
    hidden = c.count("hidden_size", 768)
    x = _tokens(b, _patches(c, bias=False), hidden)
    x = normalise(b, x, "vision_model/pre_norm", hidden, kind="layer")
    block = _block(c, hidden, "quick_gelu")
    x = encoder_stack(b, "vision_layers", c.layers("num_hidden_layers", 12), x, block)
    return b.op("Gather", x, b.constant(0), at="vision_model", axis=1)


def _text_tower(b: Builder, c: Config, tokens: int | str) -> str:
    """``input_ids`` through CLIP's text encoder, normalised, ``[batch, tokens, hidden]``."""
    hidden = c.count("hidden_size", 512)
    words = b.input("input_ids", "batch", tokens, dtype="int64")
    where = b.input("position_ids", "batch", tokens, dtype="int64")
    table = b.weight("text_model/words/weight", c.count("vocab_size", 49408), hidden)
    positions = c.count("max_position_embeddings", 77)
    places = b.weight("text_model/positions/weight", positions, hidden)
    x = b.op(
        "Add",
        b.op("Gather", table, words, at="text_model"),
        b.op("Gather", places, where, at="text_model"),
        at="text_model",
    )
    block = _block(c, hidden, "quick_gelu")
    mask = causal_mask(b, ("input_ids", 1))
    return encoder_stack(b, "text_layers", c.layers("num_hidden_layers", 12), x, block, mask)


def _embedding(b: Builder, x: str, side: str, hidden: int, width: int) -> None:
    """Project to the common width, to length 1."""
    at = f"{side}_projection"
    x = linear(b, x, at, hidden, width)
    length = b.op("ReduceL2", x, b.constant([-1]), at=at, keepdims=1)
    b.output(f"{side}_embeds", b.op("Div", x, length, at=at), "batch", width)
