"""What a family cannot make exactly, it refuses, naming the key."""

import pytest

from phantomgpu.errors import LimitError, ModelError, PhantomGPUError
from phantomgpu.families import build, read_definition
from phantomgpu.families.reading import MAX_JSON_BYTES
from phantomgpu.onnx import BytesSource
from tests.unit.families import configs
from tests.unit.families.test_truth import CONFIGS


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("opt-1.3b", "do_layer_norm_before", False),
        ("opt-1.3b", "word_embed_proj_dim", 512),
        ("command-r", "use_qk_norm", True),
        ("stablelm-2-1.6b", "qk_layernorm", True),
        ("falcon-7b", "alibi", True),
        ("falcon-7b", "parallel_attn", False),
        ("qwen2.5-0.5b", "layer_types", ["full_attention"]),
        ("qwen2.5-0.5b", "layer_types", "full_attention"),
        ("qwen1.5-moe", "mlp_only_layers", ["x"]),
        ("deit-distilled", "image_size", [224]),
        ("gemma-2b", "tie_word_embeddings", "yes"),
        ("phi-2", "partial_rotary_factor", "half"),
        ("bert", "architectures", 3),
    ],
)
def test_what_cannot_be_exact_is_refused_by_its_key(name, key, value):
    with pytest.raises(ModelError) as caught:
        build({"config.json": CONFIGS[name] | {key: value}}, name=name)

    assert caught.value.what.startswith(key)
    assert caught.value.where == "config.json"


def test_a_nested_part_that_is_no_object_is_refused():
    with pytest.raises(ModelError, match="text_config"):
        build({"config.json": {"model_type": "gemma3", "text_config": [1]}}, name="x")


def test_a_head_wider_than_any_is_refused():
    with pytest.raises(LimitError):
        build({"config.json": configs.llama(head_dim=1 << 20)}, name="x")


def test_a_repository_without_a_configuration_is_refused():
    with pytest.raises(ModelError, match=r"config\.json"):
        build({"tokenizer.json": {}}, name="x")


def test_a_large_json_file_is_no_configuration():
    source = BytesSource("big.json", b"{" + b" " * MAX_JSON_BYTES + b"}")

    with pytest.raises(LimitError):
        read_definition(source, name="big")


def test_a_head_that_is_left_out_is_told():
    masked = CONFIGS["bert"] | {"architectures": ["BertForMaskedLM"]}

    notes = build({"config.json": masked}, name="x").notes

    assert "BertForMaskedLM" in " ".join(notes)


@pytest.mark.parametrize(
    ("labels", "heads"),
    [
        ({"num_labels": 10}, 10),
        ({"id2label": {"0": "cat", "1": "dog"}}, 2),
        ({"num_labels": 10, "architectures": ["ViTModel"]}, 0),
    ],
)
def test_a_classifier_has_as_many_rows_as_there_are_labels(labels, heads):
    plain = {key: value for key, value in CONFIGS["deit-distilled"].items() if key != "num_labels"}

    graph = build({"config.json": plain | labels}, name="x").main.graph

    output = graph.tensors[graph.outputs[0]]
    assert (output.dims or ())[-1] == (heads or 768)


def test_the_text_part_of_a_model_that_sees_images_is_built():
    text = CONFIGS["gemma-3-1b"]
    wrapped = {"model_type": "gemma3", "text_config": text, "vision_config": {"hidden_size": 1152}}

    alone, inside = (build({"config.json": config}, name="x") for config in (text, wrapped))

    assert alone.parameters == inside.parameters
    assert "text part" in " ".join(inside.notes)


def test_every_error_says_what_to_do():
    with pytest.raises(PhantomGPUError) as caught:
        build({"config.json": configs.llama(num_attention_heads=7)}, name="x")

    assert "config.json" in caught.value.fix
