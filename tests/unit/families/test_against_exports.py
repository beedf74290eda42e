"""Definitions against what PyTorch's exporters write of the same models."""

import json

import pytest

from phantomgpu.families import build
from phantomgpu.onnx import BytesSource, read_model
from phantomgpu.onnx.graph import Graph
from phantomgpu.workload import lower
from tests.unit.families.configs import Json
from tests.unit.families.test_truth import CONFIGS

WORDS = {"llama": 32000 * 4096, "gpt2": 50257 * 768, "opt": 50272 * 2048, "gpt3": 50257 * 3072}
"""Products of one token's logits; exports give those of all tokens, definitions of the last."""

GPT3: Json = {
    "model_type": "gpt2", "n_embd": 3072, "n_layer": 24, "n_head": 24, "vocab_size": 50257,
    "n_positions": 2048,
}  # fmt: skip


def macs(graph: Graph, dims: dict[str, int]) -> int:
    work = lower(graph, fusion=(), casts="none", runtime="x", dims=dims).at(1, "fp16")
    return int((work.kernels.matrix_flops * work.kernels.count).sum()) // 2


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("export", "given", "name", "dims", "beside"),
    [
        ("corpus/llama7bL4_prefill_dy23", {}, "llama", {"sequence": 512, "past": 0}, 511),
        ("corpus/llama7bL4_decode_dy18", {}, "llama", {"sequence": 1, "past": 511}, 0),
        ("corpus/gpt2_dy18_dyn", {}, "gpt2", {"sequence": 128, "past": 0}, 127),
        ("corpus/bert_base_dy18_dyn", {}, "bert", {"sequence": 128}, 0),
        ("corpus/roberta_dy18_dyn", {}, "roberta", {"sequence": 128}, 0),
        ("corpus/distilbert_ts17_dyn", {}, "distilbert", {"sequence": 128}, 0),
        ("corpus/clip_vitb32_dy18", {}, "clip-b32", {}, 0),
        ("corpus/vit_l16_dy20", {}, "vit-l16", {}, 0),
        ("corpus/deit_base_dy18", {}, "deit-b", {}, 0),
        ("models/opt_13", {"S": 2048}, "opt", {"sequence": 2048, "past": 0}, 2047),
        ("models/gpt3_xl", {"S": 2048}, "gpt3", {"sequence": 2048, "past": 0}, 2047),
    ],
)
def test_a_definition_has_the_products_of_the_export(
    repository, shared_data, export, given, name, dims, beside
):
    path = shared_data / f"{export}.onnx.gz"
    exported = read_model(BytesSource(path.name, path.read_bytes()))

    graph = build({"config.json": config(repository, name)}, name=name).main.graph

    expected = macs(exported, given) - beside * WORDS.get(name, 0)
    # BERT's and RoBERTa's exports leave the pooler out, CLIP's has the product of both embeddings.
    assert macs(graph, dims) == pytest.approx(expected, rel=1e-4)


def config(repository, name: str) -> Json:
    folder = repository / "profiles" / "models"
    if name == "llama":
        llama: Json = json.loads((folder / "llama-2-7b.json").read_text(encoding="utf-8"))
        return llama | {"num_hidden_layers": 4}
    if name == "gpt3":
        return GPT3
    beside: Json = CONFIGS
    if name == "opt":
        return beside["opt-1.3b"]
    if name in beside:
        return beside[name]
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
