"""A pipeline of diffusers: ``model_index.json`` and its parts' configurations -> Definition."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from phantomgpu.errors import ModelError
from phantomgpu.families.config import Config
from phantomgpu.families.definition import Definition, Part
from phantomgpu.families.diffusion_dit import denoiser_graph
from phantomgpu.families.diffusion_unet import unet_graph
from phantomgpu.families.diffusion_vae import decoder_graph
from phantomgpu.onnx.graph import Graph

INDEX: Final = "model_index.json"

TEXT_ENCODERS: Final = ("text_encoder", "text_encoder_2", "text_encoder_3")
PARTS: Final = (*TEXT_ENCODERS, "unet", "transformer", "vae")

Files = Mapping[str, Mapping[str, Any]]
Build = Callable[..., Definition]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a pipeline does where nobody says otherwise.

    Attributes:
        steps: Of denoising.
        guidance: Evaluations of a step for one image: 2 where the prompt is held against none.
        t5_tokens: Length that T5 is given.
        both_texts: Whether the denoiser is told CLIP's tokens besides T5's.
        fills_in: Whether it paints into an image that it is given.
    """

    steps: int
    guidance: int
    t5_tokens: int = 0
    both_texts: bool = False
    fills_in: bool = False


PIPELINES: Final[Mapping[str, Pipeline]] = {
    "StableDiffusionPipeline": Pipeline(50, 2),
    "StableDiffusionXLPipeline": Pipeline(50, 2),
    "StableDiffusionInpaintPipeline": Pipeline(50, 2, fills_in=True),
    "StableDiffusionXLInpaintPipeline": Pipeline(50, 2, fills_in=True),
    "LatentConsistencyModelPipeline": Pipeline(4, 1),
    "StableDiffusion3Pipeline": Pipeline(28, 2, t5_tokens=256, both_texts=True),
    "FluxPipeline": Pipeline(28, 1, t5_tokens=512),
}
"""By ``_class_name``: the defaults of the pipelines' calls.

Source:
    diffusers 0.42.1: ``num_inference_steps``, ``guidance_scale`` and ``max_sequence_length`` of
    each ``__call__``.
"""

_CLIP_TOKENS: Final = 77
_UNTAUGHT_STEPS: Final = 4
"""Of a Flux that is not told its guidance: it was distilled to few steps (FLUX.1 [schnell])."""

_LATENTS: Final = 128
"""Where a transformer's configuration does not say: ``default_sample_size`` of the pipelines."""


def diffusion(files: Files, *, name: str, build: Build) -> Definition:
    """The generator of images that a repository's configurations describe.

    Args:
        files: JSON objects by path: ``"model_index.json"``, ``"unet/config.json"``.
        name: What to call it.
        build: Makes the definitions of its text encoders.

    Raises:
        ModelError: The pipeline is not known, or a part is missing or not what it must be.
    """
    index = Config(files[INDEX], INDEX)
    kind = index.text("_class_name", "")
    if kind not in PIPELINES:
        raise _unknown(kind)
    pipeline = PIPELINES[kind]
    denoiser, parameters, config = _denoiser(files, index, name)
    steps, guidance = pipeline.steps, pipeline.guidance
    if "time_cond_proj_dim" in config:
        guidance = 1
    if config.values.get("guidance_embeds") is False:
        steps = _UNTAUGHT_STEPS
    encoders = [
        _text_encoder(files, part, name, build, pipeline.t5_tokens, guidance)
        for part in TEXT_ENCODERS
        if _is_used(index, part)
    ]
    latents, tokens = _latents(config), _text_tokens(pipeline, [part for part, _ in encoders])
    vae, vae_parameters = decoder_graph(_part(files, "vae", name), f"{name} vae-decoder")
    return Definition(
        name=name,
        family="diffusion",
        parameters=sum(count for _, count in encoders) + parameters + vae_parameters,
        parts=(
            *(part for part, _ in encoders),
            Part(
                denoiser[0], denoiser[1], {**latents, "text": tokens}, per_step=True,
                evaluations=guidance,
            ),
            Part("vae-decoder", vae, latents),
        ),
        steps=steps,
        notes=_notes(steps, pipeline, _part(files, "vae", name)),
    )  # fmt: skip


def _notes(steps: int, pipeline: Pipeline, vae: Config) -> tuple[str, ...]:
    """What is left out or taken for granted."""
    encoder = "the encoder of images and the safety checker take no part in making an image"
    if pipeline.fills_in:
        encoder = "encoding the image that is painted into, and the safety checker, are left out"
    notes = [
        f"{steps} steps are what its pipeline does where nobody says otherwise",
        encoder,
        "the scheduler's own arithmetic is left out",
    ]
    if vae.flag("force_upcast", False):
        notes.append("pipelines may run its decoder of latents in fp32; here it runs as asked")
    return tuple(notes)


def _denoiser(files: Files, index: Config, name: str) -> tuple[tuple[str, Graph], int, Config]:
    """What a step goes through: its name and graph, its parameters, its configuration."""
    part = "transformer" if _is_used(index, "transformer") else "unet"
    config = _part(files, part, name)
    make = denoiser_graph if part == "transformer" else unet_graph
    graph, parameters = make(config, f"{name} {part}")
    return (part, graph), parameters, config


def _text_tokens(pipeline: Pipeline, encoders: Sequence[Part]) -> int:
    """How many tokens of text the denoiser is told."""
    clip = max((part.dims["sequence"] for part in encoders), default=0)
    if not pipeline.t5_tokens:
        return clip
    return pipeline.t5_tokens + (_CLIP_TOKENS if pipeline.both_texts else 0)


def part_configs(index: Mapping[str, Any]) -> list[str]:
    """Paths of the configurations that a ``model_index.json`` asks for; none of an empty one."""
    wanted = Config(index, INDEX)
    return [f"{part}/config.json" for part in PARTS if _is_used(wanted, part)]


def _latents(config: Config) -> dict[str, int]:
    """Height and width of the latents that the model was made for."""
    size = config.values.get("sample_size")
    if size is None and config.where.startswith("transformer/"):
        size = _LATENTS
    both: list[Any] = size if isinstance(size, list) else [size, size]
    if len(both) != 2 or not all(type(one) is int and one > 0 for one in both):
        raise config.wrong("sample_size", "the height and width of the latents")
    return {"latent_height": both[0], "latent_width": both[1]}


def _text_encoder(
    files: Files, part: str, name: str, build: Build, t5_tokens: int, guidance: int
) -> tuple[Part, int]:
    config = _part(files, part, name)
    made = build({"config.json": config.values}, name=f"{name} {part}")
    graph: Graph = made.parts[0].graph
    is_t5 = config.text("model_type", "").endswith("t5")
    tokens = t5_tokens if is_t5 else config.count("max_position_embeddings", _CLIP_TOKENS)
    called = part.replace("_", "-")
    return Part(called, graph, {"sequence": tokens}, evaluations=guidance), made.parameters


def _is_used(index: Config, part: str) -> bool:
    """Whether the pipeline has that part: a library and a class, or two nulls."""
    value = index.values.get(part)
    return isinstance(value, list) and len(value) == 2 and value[0] is not None


def _part(files: Files, part: str, name: str) -> Config:
    path = f"{part}/config.json"
    if path not in files:
        raise ModelError(
            f"{name} has no {path}",
            where=INDEX,
            fix="give a repository or folder that has all parts that model_index.json names",
        )
    return Config(files[path], path)


def _unknown(kind: str) -> ModelError:
    given = f"_class_name is {kind[:60]!r}" if kind else "there is no _class_name"
    return ModelError(
        f"{given}, and no pipeline of that name is known",
        where=INDEX,
        fix=f"known are {', '.join(sorted(PIPELINES))}; of any other, give an ONNX file that "
        "`phantomgpu convert` makes of the part that takes the time",
    )
