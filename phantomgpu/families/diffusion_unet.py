"""``UNet2DConditionModel`` of diffusers: its configuration -> the graph of one denoising step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phantomgpu.families.builder import Builder
from phantomgpu.families.config import Config
from phantomgpu.families.diffusion_blocks import (
    Residual,
    Spatial,
    conv,
    doubled,
    group_norm,
    residual,
    sinusoids,
    spatial,
    time_embedding,
)
from phantomgpu.families.layers import activate, activation_in, linear
from phantomgpu.onnx.graph import Graph

_CROSS = frozenset({"CrossAttnDownBlock2D", "CrossAttnUpBlock2D"})
_PLAIN = frozenset({"DownBlock2D", "UpBlock2D"})
_WITHOUT = {
    "class_embed_type": None,
    "encoder_hid_dim_type": None,
    "dual_cross_attention": False,
    "resnet_time_scale_shift": "default",
    "time_embedding_type": "positional",
    "attention_type": "default",
    "num_class_embeds": None,
}
"""What a configuration may say only this of: the rest belongs to models that are not built here."""


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of the network.

    Attributes:
        channels: Of its images.
        residuals: Blocks of convolutions on the way down; one more on the way up.
        attends: Whether transformers follow these, on the way down.
        attends_up: Likewise on the way up.
        transformers: Layers of each.
        heads: Of their attention.
        context: Width of the text.
        looks_inside: Whether tokens attend to each other.
    """

    channels: int
    residuals: int
    attends: bool
    attends_up: bool
    transformers: int
    heads: int
    context: int
    looks_inside: bool


@dataclass(frozen=True, slots=True)
class UNet:
    """What a configuration says of the network."""

    levels: tuple[Level, ...]
    into: int
    out: int
    plan: Residual
    by_product: bool
    has_middle: bool
    added_numbers: int
    added_width: int
    guidance_width: int

    @property
    def context(self) -> int:
        """Width of the text that the middle looks at."""
        return self.levels[-1].context


def unet_graph(config: Config, name: str) -> tuple[Graph, int]:
    """The graph of one step, and its parameters.

    Free dimensions: ``batch``, ``latent_height``, ``latent_width``, ``text`` (the prompt's tokens).

    Raises:
        ModelError: The configuration lacks a value, or asks for what is not built here.
    """
    plan = read_unet(config)
    b = Builder(name, dtype="float32")
    image = b.input("latents", "batch", plan.into, "latent_height", "latent_width")
    step = b.input("step", "batch")
    text = b.input("prompt", "batch", "text", plan.context)
    time = _time(b, step, plan)
    first = plan.levels[0].channels
    x = conv(b, image, "conv_in", plan.into, first)
    x = _up(b, *_down(b, x, plan, time, text), plan, time, text)
    x = activate(b, group_norm(b, x, "conv_norm_out", first, plan.plan.groups), "silu", "out")
    x = conv(b, x, "conv_out", first, plan.out)
    b.output("noise", x, "batch", plan.out, "latent_height", "latent_width")
    return b.graph(), b.parameters


def read_unet(config: Config) -> UNet:
    """What the configuration says.

    Raises:
        ModelError: As `unet_graph`.
    """
    for key, known in _WITHOUT.items():
        if config.values.get(key) not in (None, known):
            raise config.wrong(key, "left out")
    levels = _levels(config)
    first = levels[0].channels
    kind = config.values.get("addition_embed_type")
    if kind not in (None, "text_time"):
        raise config.wrong("addition_embed_type", "text_time, or left out")
    middle = config.values.get("mid_block_type", "UNetMidBlock2DCrossAttn")
    if middle not in (None, "UNetMidBlock2DCrossAttn"):
        raise config.wrong("mid_block_type", "UNetMidBlock2DCrossAttn")
    return UNet(
        levels=levels,
        into=config.count("in_channels", 4),
        out=config.count("out_channels", 4),
        plan=Residual(
            config.count("norm_num_groups", 32),
            activation_in(config, "act_fn", "silu"),
            4 * first,
        ),
        by_product=config.flag("use_linear_projection", False),
        has_middle=middle is not None,
        added_numbers=config.count("addition_time_embed_dim") if kind else 0,
        added_width=config.count("projection_class_embeddings_input_dim") if kind else 0,
        guidance_width=config.integer("time_cond_proj_dim", 0),
    )


def _levels(config: Config) -> tuple[Level, ...]:
    channels = config.integers("block_out_channels") or [320, 640, 1280, 1280]
    down = config.texts("down_block_types") or ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"]
    up = config.texts("up_block_types") or ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3
    for key, kinds in (("down_block_types", down), ("up_block_types", up)):
        if len(kinds) != len(channels) or not set(kinds) <= _CROSS | _PLAIN:
            raise config.wrong(key, f"{len(channels)} of {', '.join(sorted(_CROSS | _PLAIN))}")
    each = {
        key: _for_each(config, key, len(channels), default)
        for key, default in (
            ("layers_per_block", 2),
            ("transformer_layers_per_block", 1),
            ("attention_head_dim", 8),
            ("cross_attention_dim", 1280),
            ("only_cross_attention", False),
        )
    }
    return tuple(
        Level(
            channels=count,
            residuals=each["layers_per_block"][at],
            attends=down[at] in _CROSS,
            attends_up=up[-1 - at] in _CROSS,
            transformers=each["transformer_layers_per_block"][at],
            heads=each["attention_head_dim"][at],
            context=each["cross_attention_dim"][at],
            looks_inside=not each["only_cross_attention"][at],
        )
        for at, count in enumerate(channels)
    )


def _for_each(config: Config, key: str, levels: int, default: int) -> list[int]:
    """One whole number for each level; configurations write one for all, or a list."""
    value = config.values.get(key)
    value = default if value is None else value
    values: list[Any] = list(value) if isinstance(value, list) else [value] * levels
    if len(values) != levels or not all(isinstance(one, int) and one >= 0 for one in values):
        raise config.wrong(key, f"a whole number, or {levels} of them")
    return values


def _time(b: Builder, step: str, plan: UNet) -> str:
    """What the network is told of the step, and of sizes where it asks for them."""
    first, width = plan.levels[0].channels, plan.plan.time_width
    guidance = b.input("guidance", "batch", plan.guidance_width) if plan.guidance_width else ""
    time = time_embedding(
        b, step, "time_embedding", first, width, guidance=(guidance, plan.guidance_width)
    )
    if not plan.added_width:
        return time
    numbers = 6  # original size, corner of the crop, target size
    pooled_width = plan.added_width - numbers * plan.added_numbers
    sizes = b.input("sizes", "batch", numbers)
    pooled = b.input("pooled_prompt", "batch", pooled_width)
    at = "add_embedding"
    waves = sinusoids(b, sizes, at, plan.added_numbers)
    waves = b.op("Reshape", waves, b.constant([0, numbers * plan.added_numbers]), at=at)
    h = b.op("Concat", pooled, waves, at=at, axis=-1)
    h = linear(b, h, f"{at}/linear_1", plan.added_width, width, bias=True)
    h = linear(b, activate(b, h, "silu", at), f"{at}/linear_2", width, width, bias=True)
    return b.op("Add", time, h, at=at)


def _transformer(b: Builder, x: str, at: str, level: Level, plan: UNet, text: str) -> str:
    wanted = Spatial(
        level.transformers, level.heads, level.channels, level.context, plan.plan.groups,
        plan.by_product, level.looks_inside,
    )  # fmt: skip
    return spatial(b, x, at, wanted, text)


def _down(
    b: Builder, x: str, plan: UNet, time: str, text: str
) -> tuple[str, list[tuple[str, int]]]:
    """Down all levels and through the middle; what was kept on the way, with its channels."""
    into = plan.levels[0].channels
    kept = [(x, into)]
    for number, level in enumerate(plan.levels):
        for k in range(level.residuals):
            at = f"down_blocks/{number}"
            x = residual(b, x, f"{at}/resnets/{k}", into, level.channels, plan.plan, time)
            into = level.channels
            if level.attends:
                x = _transformer(b, x, f"{at}/attentions/{k}", level, plan, text)
            kept.append((x, into))
        if level is not plan.levels[-1]:
            x = conv(b, x, f"{at}/downsamplers/0/conv", into, into, by=2)
            kept.append((x, into))
    if plan.has_middle:
        last = plan.levels[-1]
        x = residual(b, x, "mid_block/resnets/0", into, into, plan.plan, time)
        x = _transformer(b, x, "mid_block/attentions/0", last, plan, text)
        x = residual(b, x, "mid_block/resnets/1", into, into, plan.plan, time)
    return x, kept


def _up(b: Builder, x: str, kept: list[tuple[str, int]], plan: UNet, time: str, text: str) -> str:
    """Up all levels, each beside what was kept of it on the way down."""
    into = plan.levels[-1].channels
    order: Sequence[Level] = plan.levels[::-1]
    for number, level in enumerate(order):
        at = f"up_blocks/{number}"
        for k in range(level.residuals + 1):
            beside, channels = kept.pop()
            x = b.op("Concat", x, beside, at=at, axis=1)
            x = residual(
                b, x, f"{at}/resnets/{k}", into + channels, level.channels, plan.plan, time
            )
            into = level.channels
            if level.attends_up:
                x = _transformer(b, x, f"{at}/attentions/{k}", level, plan, text)
        if level is not order[-1]:
            x = doubled(b, x, f"{at}/upsamplers/0", into)
    return x
