"""What the files of a model hold: the count, a note, and which modules stay in 16 bits."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from phantomgpu.families.config import Config
from phantomgpu.families.definition import Definition

STORED: Final = "stored.json"
"""Under this name a set of configurations may hold what `safetensors` read from headers."""

_ALIKE: Final = 0.005

_KEPT_IN: Final = ("modules_to_not_convert", "ignored_layers", "ignore")
"""Keys of ``quantization_config`` that list modules left alone: transformers, "Quantization";
vLLM, fp8; compressed-tensors, ``QuantizationConfig``."""

_NODES: Final[Mapping[str, str]] = {
    "self_attn": "self_attn", "lm_head": "lm_head", "router": "gate", "gate": "gate",
    "shared_expert": "shared_expert", "shared_experts": "shared_expert",
}  # fmt: skip
"""What modules are called in the nodes of a built graph."""

_ONE_LAYER: Final = re.compile(r"\.\d+\.")


_METHOD_BITS: Final[Mapping[str, float]] = {"mxfp4": 4.25}
"""OCP Microscaling Formats (MX) Specification 1.0: 4 bits, and 8 for 32 of them."""


def weight_bits(config: Config) -> float:
    """Stored bits of a narrow weight, scales included; 0 where the method does not say.

    >>> weight_bits(Config({"quantization_config": {"quant_method": "mxfp4"}}))
    4.25
    """
    method = config.part("quantization_config").values.get("quant_method")
    return _METHOD_BITS.get(method, 0.0) if isinstance(method, str) else 0.0


def kept_modules(config: Config) -> frozenset[str]:
    """Modules whose weights the published files keep in 16 bits, in all layers alike.

    ``quantization_config`` names them by path, with ``*`` for any layer. Those of a single layer
    are passed over.

    Raises:
        ModelError: A list is none.

    >>> listed = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "lm_head"]
    >>> sorted(kept_modules(Config({"quantization_config": {"ignore": listed}})))
    ['gate', 'lm_head', 'self_attn']
    """
    quantised = config.part("quantization_config")
    paths = [path for key in _KEPT_IN for path in quantised.texts(key)]
    last = [
        re.split(r"[./]", path.rstrip("*.$"))[-1] for path in paths if not _ONE_LAYER.search(path)
    ]
    return frozenset(_NODES[name] for name in last if name in _NODES)


def with_stored(definition: Definition, stored: Mapping[str, Any]) -> Definition:
    """The definition with the parameters that the weights' files really hold.

    Only of a model of one part: the files of a pipeline's parts hold what a run does not use. Where
    file and configuration differ by more than half a percent, the configuration's count stays,
    since it is that of the graph, and a note says so.
    """
    count, size = stored.get("parameters"), stored.get("bytes")
    elements = stored.get("elements")
    if not isinstance(count, int) or not isinstance(size, int):
        return definition
    kinds = list(elements) if isinstance(elements, Mapping) else []
    told = f"weights are stored in {size / 1e9:,.2f} GB"
    told += f", mostly as {str(kinds[0]).lower()}" if kinds else ""
    notes = [*definition.notes, told]
    if not count or definition.family == "diffusion":
        return replace(definition, notes=tuple(notes))
    if abs(count / definition.parameters - 1) > _ALIKE:
        notes.append(
            f"the files hold {count / 1e9:,.3f} G parameters, the graph that config.json "
            f"describes has {definition.parameters / 1e9:,.3f} G"
        )
        count = definition.parameters
    return replace(definition, parameters=count, notes=tuple(notes))
