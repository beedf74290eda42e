"""A pipeline of diffusers: ``model_index.json`` and its parts' configurations -> Definition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from phantomgpu.errors import ModelError
from phantomgpu.families.config import Config
from phantomgpu.families.definition import Definition, Part
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
    """

    steps: int
    guidance: int


PIPELINES: Final[Mapping[str, Pipeline]] = {
    "StableDiffusionPipeline": Pipeline(50, 2),
    "StableDiffusionXLPipeline": Pipeline(50, 2),
    "LatentConsistencyModelPipeline": Pipeline(4, 1),
}
"""By ``_class_name``: the defaults of the pipelines' calls.

Source:
    diffusers 0.42.1, ``num_inference_steps`` and ``guidance_scale`` of each ``__call__``.
"""


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
    unet = _part(files, "unet", name)
    graph, parameters = unet_graph(unet, f"{name} unet")
    guidance = 1 if "time_cond_proj_dim" in unet else pipeline.guidance
    encoders = [
        _text_encoder(files, part, name, build, guidance)
        for part in TEXT_ENCODERS
        if _is_used(index, part)
    ]
    tokens = max((dict(part.dims).get("sequence", 0) for part, _ in encoders), default=0)
    latents = _latents(unet)
    vae, vae_parameters = decoder_graph(_part(files, "vae", name), f"{name} vae-decoder")
    return Definition(
        name=name,
        family="diffusion",
        parameters=sum(count for _, count in encoders) + parameters + vae_parameters,
        parts=(
            *(part for part, _ in encoders),
            Part("unet", graph, {**latents, "text": tokens}, per_step=True, evaluations=guidance),
            Part("vae-decoder", vae, latents),
        ),
        steps=pipeline.steps,
        notes=(
            "the encoder of images and the safety checker take no part in making an image",
            "the scheduler's own arithmetic is left out",
        ),
    )


def part_configs(index: Mapping[str, Any]) -> list[str]:
    """Paths of the configurations that a ``model_index.json`` asks for; none of an empty one."""
    wanted = Config(index, INDEX)
    return [f"{part}/config.json" for part in PARTS if _is_used(wanted, part)]


def _latents(config: Config) -> dict[str, int]:
    """Height and width of the latents that the model was made for."""
    size = config.values.get("sample_size")
    both: list[Any] = size if isinstance(size, list) else [size, size]
    if len(both) != 2 or not all(type(one) is int and one > 0 for one in both):
        raise config.wrong("sample_size", "the height and width of the latents")
    return {"latent_height": both[0], "latent_width": both[1]}


def _text_encoder(
    files: Files, part: str, name: str, build: Build, guidance: int
) -> tuple[Part, int]:
    config = _part(files, part, name)
    made = build({"config.json": config.values}, name=f"{name} {part}")
    graph: Graph = made.parts[0].graph
    tokens = config.count("max_position_embeddings", 77)
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
