"""``AutoencoderKL`` of diffusers: its configuration -> the graph from latents to pixels."""

from phantomgpu.families.builder import Builder
from phantomgpu.families.config import Config
from phantomgpu.families.diffusion_blocks import (
    Residual,
    attend,
    conv,
    doubled,
    group_norm,
    residual,
    tokens_of,
)
from phantomgpu.families.layers import activate, activation_in
from phantomgpu.onnx.graph import Graph


def decoder_graph(config: Config, name: str) -> tuple[Graph, int]:
    """The graph of the decoder, and its parameters.

    Free dimensions: ``batch``, ``latent_height``, ``latent_width``.

    Raises:
        ModelError: The configuration lacks a value, or asks for what is not built here.
    """
    channels = config.integers("block_out_channels") or [64]
    kinds = config.texts("up_block_types") or ["UpDecoderBlock2D"]
    if set(kinds) != {"UpDecoderBlock2D"}:
        raise config.wrong("up_block_types", "UpDecoderBlock2D throughout")
    plan = Residual(config.count("norm_num_groups", 32), activation_in(config, "act_fn", "silu"))
    latent, into = config.count("latent_channels", 4), channels[-1]
    b = Builder(name, dtype="float32")
    x = b.input("latents", "batch", latent, "latent_height", "latent_width")
    if config.flag("use_post_quant_conv", True):
        x = conv(b, x, "post_quant_conv", latent, latent, kernel=1)
    x = conv(b, x, "decoder/conv_in", latent, into)
    x = residual(b, x, "decoder/mid_block/resnets/0", into, into, plan)
    if config.flag("mid_block_add_attention", True):
        x = _attention(b, x, "decoder/mid_block/attentions/0", into, plan)
    x = residual(b, x, "decoder/mid_block/resnets/1", into, into, plan)
    for number, out in enumerate(reversed(channels)):
        at = f"decoder/up_blocks/{number}"
        for k in range(config.count("layers_per_block", 1) + 1):
            x = residual(b, x, f"{at}/resnets/{k}", into, out, plan)
            into = out
        if number + 1 < len(channels):
            x = doubled(b, x, f"{at}/upsamplers/0", into)
    x = activate(b, group_norm(b, x, "decoder/conv_norm_out", into, plan.groups), "silu", "out")
    colours = config.count("out_channels", 3)
    x = conv(b, x, "decoder/conv_out", into, colours)
    b.output("pixels", x, "batch", colours, "height", "width")
    return b.graph(), b.parameters


def _attention(b: Builder, x: str, at: str, width: int, plan: Residual) -> str:
    """Every place looks at every other, with one head as wide as the image is deep."""
    h = tokens_of(b, group_norm(b, x, f"{at}/group_norm", width, plan.groups), at, width)
    h = attend(b, h, at, width, 1, (h, width), bias=True)
    h = b.op("Transpose", h, at=at, perm=[0, 2, 1])
    return b.op("Add", x, b.op("Reshape", h, b.op("Shape", x), at=at), at=at)
