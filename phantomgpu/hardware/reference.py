"""The schema as a page for people and as a JSON Schema for editors.

Both are made from ``schema`` alone. ``docs/profiles.md`` and
``docs/profile.schema.json`` are these texts; a test holds them equal and says
how to write them anew.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from phantomgpu.hardware.schema import SCHEMAS, STATUS, Key

_TITLES: Final = {
    "gpus": "A GPU: `gpus/<id>.toml`",
    "architectures": "An architecture: `architectures/<id>.toml`",
    "runtimes": "A runtime: `runtimes/<id>.toml`",
}

_INTRODUCTION: Final = """\
# Profiles

A GPU, an architecture or a runtime is one TOML file; nothing in the code knows
their names. This page is made from `phantomgpu/hardware/schema.py`, which
checks the files, too.

## Add a GPU in ten minutes

1. Copy the profile of a board of the same architecture from `profiles/gpus/` to
   `<id>.toml`: into a folder `gpus/` below the one that you give to `--profiles`,
   or into `profiles/gpus/` to share it. The file's name is the id.
2. Take every figure from one data sheet of one board. **Peaks are dense**: where
   a data sheet has a star or the word sparsity, it means half of what it says.
3. Say in `[sources]` where the figures come from.
4. `phantomgpu gpus <id>` shows what was understood, and warns of a peak that
   SMs x clock x FLOP per clock cannot give.

Editors that know JSON Schema for TOML check while you type: let the first line be
`#:schema` and the path of `docs/profile.schema.json`.

The least that is complete:

```toml
name = "My Board"

[spec]
vendor             = "nvidia"
architecture       = "ampere"
sm_count           = 68
boost_clock_mhz    = 1710
memory_gb          = 10
bandwidth_gb_per_s = 760
l2_mb              = 5
shared_kb_per_sm   = 100
tdp_w              = 320

[spec.peak_tflops]  # dense
fp32 = 29.8
fp16 = 59.5

[sources]
spec = "the vendor's data sheet, and where to find it"
```

A variant, here a board whose power limit was lowered:

```toml
extends = "rtx-4090"
name    = "GeForce RTX 4090 at 300 W"

[spec]
tdp_w = 300

[sources]
"spec.tdp_w" = "nvidia-smi --power-limit"
```

Sizes (GB, MB, KB of memory) are binary, because memory is built in powers of
two: the 80 GB of a data sheet are 80 x 2^30 bytes. Rates (GB/s, TFLOPS) are
decimal. There are no other prefixes to know.

A variant may say `extends = "id"` and give only what differs. What it inherits
is never mixed with its own: `peak_tflops` is replaced as a whole. A file with
the id of a profile that exists replaces it; with `extends` naming that very id
it stands on it, which is how `phantomgpu calibrate` writes its result.

`status` is how far the figures were checked:
"""

_CALIBRATION: Final = """\
## How calibration is merged

Field by field: `architectures/default.toml`, then the GPU's architecture, then
its own profile, then your own file. What was fitted on another board that a
profile extends counts as its architecture's. `basis` says what the most
specific of these was: `calibrated`, `architecture` or `spec`, and an estimate
is shown with it.
"""


def markdown() -> str:
    """The reference page, ``docs/profiles.md``."""
    parts = [_INTRODUCTION, *(f"- `{mark}`: {meaning}" for mark, meaning in STATUS.items()), ""]
    for kind, keys in SCHEMAS.items():
        parts += [f"## {_TITLES[kind]}", "", *_table(keys), ""]
    return "\n".join([*parts, _CALIBRATION])


def json_schema() -> str:
    """A JSON Schema (draft 7) of all three kinds of file, ``docs/profile.schema.json``."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "PhantomGPU profile",
        "anyOf": [{"$ref": f"#/definitions/{kind}"} for kind in SCHEMAS],
        "definitions": {kind: _object(keys) for kind, keys in SCHEMAS.items()},
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _table(keys: tuple[Key, ...]) -> Iterator[str]:
    yield "| key | unit | range | meaning |"
    yield "|---|---|---|---|"
    for key in keys:
        name = f"**`{key.path}`**" if key.required else f"`{key.path}`"
        unit = "" if key.unit == "1" else key.unit
        yield f"| {name} | {unit} | {_range(key)} | {key.meaning} |"
    yield ""
    yield "Keys in bold are required."


def _range(key: Key) -> str:
    if key.one_of:
        return ", ".join(f"`{choice}`" for choice in key.one_of)
    if key.kind == "texts":
        return "list of texts"
    if key.kind == "text":
        return "text"
    whole = "whole, " if key.kind == "integer" else ""
    return f"{whole}{key.low:,.12g} to {key.high:,.12g}"


def _object(keys: tuple[Key, ...]) -> dict[str, Any]:
    """A table as a JSON Schema object; a part ``*`` or ``**`` of a path allows any name."""
    root = _empty()
    for key in keys:
        *tables, name = key.path.split(".")
        at = root
        for table in tables:
            if table == "*":
                at["additionalProperties"] = at["additionalProperties"] or _empty()
                at = at["additionalProperties"]
            else:
                at = at["properties"].setdefault(table, _empty())
        if name == "**":
            at["additionalProperties"] = {"type": ["string", "object"], "description": key.meaning}
        else:
            at["properties"][name] = _leaf(key)
    # A variant leaves out what it inherits, so required keys are left to the program.
    return root


def _empty() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _leaf(key: Key) -> dict[str, Any]:
    unit = f" [{key.unit}]" if key.unit not in ("", "1") else ""
    description = {"description": re.sub("`", "", key.meaning) + unit}
    if key.kind == "texts":
        items = {"type": "string", **({"enum": list(key.one_of)} if key.one_of else {})}
        return {"type": "array", "items": items, **description}
    if key.kind == "text":
        return {
            "type": "string",
            **({"enum": list(key.one_of)} if key.one_of else {}),
            **description,
        }
    return {"type": key.kind, "minimum": key.low, "maximum": key.high, **description}
