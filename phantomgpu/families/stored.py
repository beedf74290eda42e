"""What the files of a model hold, beside what its configuration says: the count, and a note."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from phantomgpu.families.definition import Definition

STORED: Final = "stored.json"
"""Under this name a set of configurations may hold what `safetensors` read from headers."""

_ALIKE: Final = 0.005


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
