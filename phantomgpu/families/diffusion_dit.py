"""Transformers of diffusers that denoise: SD3's and Flux's configurations -> graphs of one step."""

from collections.abc import Callable, Mapping
from typing import Final

from phantomgpu.families.builder import Builder, in_stacks
from phantomgpu.families.config import Config
from phantomgpu.families.diffusion_blocks import conv, time_embedding, tokens_of
from phantomgpu.families.diffusion_joint import Joint, double_block, shifted, single_block, steered
from phantomgpu.families.layers import activate, linear
from phantomgpu.onnx.graph import Graph

_TIME: Final = 256
"""Sines and cosines that the time step becomes, in both models."""


def denoiser_graph(config: Config, name: str) -> tuple[Graph, int]:
    """The graph of one step, and its parameters.

    Free dimensions: ``batch``, ``latent_height``, ``latent_width``, ``text`` (the prompt's tokens).

    Raises:
        ModelError: The class is not known, or a value is missing or not what it must be.
    """
    kind = config.text("_class_name", "")
    if kind not in DENOISERS:
        raise config.wrong("_class_name", f"one of {', '.join(sorted(DENOISERS))}")
    return DENOISERS[kind](config, name)


def sd3_graph(config: Config, name: str) -> tuple[Graph, int]:
    """Stable Diffusion 3 and 3.5: image and text with weights of their own, to the last block."""
    b = Builder(name, dtype="float32")
    plan = Joint(
        config.count("num_attention_heads", 18),
        config.count("attention_head_dim", 64),
        normed=_is_normed(config),
    )
    width, patch = plan.width, config.count("patch_size", 2)
    into, out = config.count("in_channels", 16), config.count("out_channels", 16)
    image = b.input("latents", "batch", into, "latent_height", "latent_width")
    text = b.input("prompt", "batch", "text", config.count("joint_attention_dim", 4096))
    patches = conv(b, image, "pos_embed/proj", into, width, kernel=patch, by=patch, pad=0)
    time = _time(b, config, width)
    told = linear(
        b, text, "context_embedder", config.count("joint_attention_dim", 4096), width, bias=True
    )
    both = [tokens_of(b, patches, "pos_embed", width), told]
    layers = config.count("num_layers", 18)
    twice = set(config.integers("dual_attention_layers"))
    kinds = [number in twice for number in range(layers - 1)]
    for number, (times, kind) in enumerate(in_stacks(kinds)):
        both = _doubles(b, both, f"transformer_blocks_{number}", times, plan, time, twice=kind[0])
    (x,) = double_block(b, both, "last_block", plan, time, last=True, twice=layers - 1 in twice)
    x = _left(b, x, plan, time, patch * patch * out)
    x = _places(b, x, patches, patch * patch * out)
    x = b.op("DepthToSpace", x, at="unpatchify", blocksize=patch)
    b.output("noise", x, "batch", out, "latent_height", "latent_width")
    return b.graph(), b.parameters


def flux_graph(config: Config, name: str) -> tuple[Graph, int]:
    """Flux: blocks of two streams, then many of one; places are rotated into queries and keys."""
    b = Builder(name, dtype="float32")
    heads, head = config.count("num_attention_heads", 24), config.count("attention_head_dim", 128)
    width, into = heads * head, config.count("in_channels", 64)
    told_width = config.count("joint_attention_dim", 4096)
    channels = config.divided("in_channels", into, 4)
    image = b.input("latents", "batch", channels, "latent_height", "latent_width")
    text = b.input("prompt", "batch", "text", told_width)
    packed = b.op("SpaceToDepth", image, at="pack", blocksize=2)
    x = linear(b, tokens_of(b, packed, "pack", into), "x_embedder", into, width, bias=True)
    told = linear(b, text, "context_embedder", told_width, width, bias=True)
    plan = Joint(heads, head, True, *_angles(b, x, told, head))
    time = _time(b, config, width)
    both = _doubles(
        b, [x, told], "transformer_blocks", config.count("num_layers", 19), plan, time, twice=False
    )
    (line,) = b.stack(
        "single_transformer_blocks", config.count("num_single_layers", 38),
        [b.op("Concat", both[1], both[0], axis=1)],
        lambda body, given: [single_block(body, given[0], "block", plan, time)],
    )  # fmt: skip
    border, end = b.op("Shape", told, start=1, end=2), b.constant([1 << 40])
    x = b.op("Slice", line, border, end, b.constant([1]))
    x = _places(b, _left(b, x, plan, time, into), packed, into)
    x = b.op("DepthToSpace", x, at="unpack", blocksize=2)
    b.output("noise", x, "batch", channels, "latent_height", "latent_width")
    return b.graph(), b.parameters


DENOISERS: Final[Mapping[str, Callable[[Config, str], tuple[Graph, int]]]] = {
    "SD3Transformer2DModel": sd3_graph,
    "FluxTransformer2DModel": flux_graph,
}
"""By ``_class_name``."""


def _is_normed(config: Config) -> bool:
    kind = config.values.get("qk_norm")
    if kind not in (None, "rms_norm"):
        raise config.wrong("qk_norm", "rms_norm, or left out")
    return kind is not None


def _time(b: Builder, config: Config, width: int) -> str:
    """The time step, the whole prompt and, where it was taught, the guidance, added up."""
    at = "time_text_embed"
    pooled_width = config.count("pooled_projection_dim", 2048)
    time = time_embedding(b, b.input("step", "batch"), f"{at}/timestep", _TIME, width)
    if config.flag("guidance_embeds", False):
        guidance = b.input("guidance", "batch")
        taught = time_embedding(b, guidance, f"{at}/guidance", _TIME, width)
        time = b.op("Add", time, taught, at=at)
    pooled = b.input("pooled_prompt", "batch", pooled_width)
    h = linear(b, pooled, f"{at}/text/linear_1", pooled_width, width, bias=True)
    h = linear(b, activate(b, h, "silu", at), f"{at}/text/linear_2", width, width, bias=True)
    return b.op("Add", time, h, at=at)


def _doubles(
    b: Builder, both: list[str], at: str, times: int, plan: Joint, time: str, *, twice: bool
) -> list[str]:
    return list(
        b.stack(
            at, times, both,
            lambda body, given: double_block(
                body, given, "block", plan, time, last=False, twice=twice
            ),
        )
    )  # fmt: skip


def _left(b: Builder, x: str, plan: Joint, time: str, out: int) -> str:
    scale, shift = steered(b, time, "norm_out", plan.width, 2)
    x = shifted(b, x, "norm_out", plan.width, shift, scale)
    return linear(b, x, "proj_out", plan.width, out, bias=True)


def _places(b: Builder, x: str, like: str, channels: int) -> str:
    """Tokens as an image again, as high and wide as another one."""
    x = b.op("Transpose", x, perm=[0, 2, 1])
    batch, size = b.op("Shape", like, start=0, end=1), b.op("Shape", like, start=2, end=4)
    return b.op("Reshape", x, b.op("Concat", batch, b.constant([channels]), size, axis=0))


def _angles(b: Builder, image: str, text: str, head: int) -> tuple[str, str]:
    """Cosine and sine of every place's angles: ``[B, T + S, head / 2]``."""
    count = b.op("Add", b.op("Shape", text, start=1, end=2), b.op("Shape", image, start=1, end=2))
    steps = b.op("Range", b.constant(0), b.op("Squeeze", count), b.constant(1))
    places = b.op("Unsqueeze", b.op("Cast", steps, to=1), b.constant([1]))
    speeds = b.constant([10_000 ** (-2 * k / head) for k in range(head // 2)], b.dtype)
    angles = b.op("Unsqueeze", b.op("Mul", places, speeds), b.constant([0]))
    batch = b.op("Concat", b.op("Shape", image, start=0, end=1), b.constant([1, 1]), axis=0)
    angles = b.op("Expand", angles, batch)
    return b.op("Cos", angles, at="pos_embed"), b.op("Sin", angles, at="pos_embed")
