"""Which family a configuration belongs to, and the definition it stands for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from phantomgpu.errors import ModelError
from phantomgpu.families.config import Config
from phantomgpu.families.decoder import Plan, decoder
from phantomgpu.families.decoders import DECODERS
from phantomgpu.families.decoders_more import DECODERS_MORE
from phantomgpu.families.definition import Definition
from phantomgpu.families.diffusion import INDEX, diffusion
from phantomgpu.families.encoders import ENCODERS
from phantomgpu.families.seq2seq import SEQ2SEQ
from phantomgpu.families.stored import kept_modules, weight_bits
from phantomgpu.families.vision import VISION

Files = Mapping[str, Mapping[str, Any]]
"""JSON objects of a repository by their path in it."""

_MAIN: Final = "config.json"


def build(files: Files, *, name: str) -> Definition:
    """The model that a repository's configurations describe.

    Args:
        files: JSON objects by path: ``"config.json"``, or ``"model_index.json"`` and the
            configurations of the parts that it names: ``"unet/config.json"``.
        name: What to call it.

    Raises:
        ModelError: The family is not known, or a value is missing or not what it must be.
    """
    if INDEX in files:
        return diffusion(files, name=name, build=build)
    if _MAIN not in files:
        raise ModelError(
            f"{name} has no {_MAIN}",
            where=", ".join(files) or name,
            fix="give a repository or folder that has the model's config.json",
        )
    config = Config(files[_MAIN], _MAIN)
    kind = config.text("model_type", "")
    maker = FAMILIES.get(kind)
    if maker is None:
        raise _unknown(kind, config)
    return maker(config, name)


def _decoder(plan: Callable[[Config], Plan]) -> Callable[[Config, str], Definition]:
    def made(config: Config, name: str) -> Definition:
        found = decoder(plan(config), name=name, notes=_left_out(config))
        kept, bits = kept_modules(config), weight_bits(config)
        parts = (replace(part, kept=kept, weight_bits=bits) for part in found.parts)
        return replace(found, parts=tuple(parts))

    return made


def _left_out(config: Config) -> tuple[str, ...]:
    """A note where the published model is more than its text part."""
    return ("the text part alone, without the tower of images",) if "text_config" in config else ()


FAMILIES: Final[Mapping[str, Callable[[Config, str], Definition]]] = {
    **{kind: _decoder(plan) for kind, plan in {**DECODERS, **DECODERS_MORE}.items()},
    **ENCODERS,
    **SEQ2SEQ,
    **VISION,
}
"""By ``model_type``."""


def _unknown(kind: str, config: Config) -> ModelError:
    given = f"model_type is {kind[:60]!r}" if kind else "there is no model_type"
    return ModelError(
        f"{given}, and no family of that name is known",
        where=config.where,
        fix=f"known are {', '.join(sorted(FAMILIES))}; for any other, "
        "`phantomgpu convert` makes an ONNX file of the model itself",
    )
