"""Weights that encoder and decoder share are in memory once."""

import json
from pathlib import Path

import pytest

from phantomgpu.cli.folders import open_app
from phantomgpu.families import build
from phantomgpu.serving import Load, run_of
from phantomgpu.workload import lower

T5 = Path(__file__).parents[3] / "profiles" / "models" / "t5-base.json"


@pytest.mark.parametrize("precision", ["fp16", "int8", "int4"])
def test_a_shared_embedding_is_resident_once(precision):
    model = build({"config.json": json.loads(T5.read_text("utf-8"))}, name="t5-base")
    runtime = open_app().catalog.runtime("tensorrt")

    run = run_of(model, runtime, {}, load=Load(prompt_tokens=128, output_tokens=32), lowered=
        lambda graph, runtime, dims: lower(
            graph, fusion=(), casts="none", runtime=runtime.id, dims=dims
        ),
    )  # fmt: skip

    width = {"fp16": 2, "int8": 1, "int4": 0.5}[precision]
    embedding = 32128 * 768
    products = model.parameters - embedding
    assert run.generating.memory.weight_bytes(precision) == pytest.approx(
        width * products + 2 * embedding, rel=0.001
    )
