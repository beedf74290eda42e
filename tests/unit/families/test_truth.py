"""Definitions against what transformers counts from the same configurations.

``tests/golden/families.csv`` was counted by ``profiles/models/count.py`` from the configurations
in ``families.json``, each written to a file of its own; those of the built-in models are held to
``profiles/models/truth.csv`` elsewhere.
"""

import csv
import json
from pathlib import Path

import pytest

from phantomgpu.families import Definition, build
from phantomgpu.families.registry import FAMILIES
from phantomgpu.onnx import infer_shapes
from phantomgpu.workload import lower

GOLDEN = Path(__file__).parents[2] / "golden"
CONFIGS = json.loads((GOLDEN / "families.json").read_text(encoding="utf-8"))
with (GOLDEN / "families.csv").open(encoding="utf-8", newline="") as file:
    TRUTH = list(csv.DictReader(file))


def sizes(definition: Definition, number: int) -> dict[str, int]:
    """As count.py feeds it: a prompt of 128 tokens, of which a decoder beside writes one."""
    part = definition.parts[number]
    free = {dim for name in part.graph.inputs for dim in part.graph.tensors[name].dims or ()}
    asked = {"batch": 1, "sequence": 1 if number else 128, "past": 0, "source": 128, **part.dims}
    return {name: size for name, size in asked.items() if name in free}


def macs(definition: Definition) -> int:
    total = 0.0
    for number, part in enumerate(definition.parts):
        dims = sizes(definition, number)
        kernels = lower(
            part.graph, fusion=(), casts="none", runtime="x", dims=dims
        ).at(1, "fp16").kernels  # fmt: skip
        total += float((kernels.matrix_flops * kernels.count).sum())
    return int(total) // 2


@pytest.mark.parametrize("row", TRUTH, ids=[row["model"] for row in TRUTH])
def test_parameters_and_products_are_those_that_transformers_counts(row):
    definition = build({"config.json": CONFIGS[row["model"]]}, name=row["model"])

    # What balances experts is a buffer there and a weight in the files: a few thousand elements.
    assert definition.parameters == pytest.approx(int(row["parameters"]), rel=1e-6)
    assert macs(definition) == pytest.approx(int(row["macs"]), rel=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_shape_of_every_part_is_known(name):
    definition = build({"config.json": CONFIGS[name]}, name=name)

    for number, part in enumerate(definition.parts):
        shaped = infer_shapes(part.graph, sizes(definition, number) | {"batch": 2})
        assert not shaped.assumptions


def test_flan_t5_has_its_published_number_of_parameters():
    flan = {
        "model_type": "t5", "d_model": 768, "d_ff": 2048, "d_kv": 64, "num_layers": 12,
        "num_decoder_layers": 12, "num_heads": 12, "vocab_size": 32128,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
    }  # fmt: skip

    assert build({"config.json": flan}, name="flan-t5-base").parameters == 247_577_856


def test_every_family_is_documented(repository):
    page = (repository / "docs" / "families.md").read_text(encoding="utf-8")

    assert [kind for kind in FAMILIES if f"`{kind}`" not in page] == []
