"""A folder of Hugging Face becomes ONNX with the work that PyTorch counts in its model."""

import pytest

NAMES = ["bert", "squeezebert"]
TOKENS = ["--dim", "sequence_length=32"]


@pytest.fixture(scope="module")
def made(models_of):
    return models_of("huggingface")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weights", [[], ["--keep-weights"]])
def test_multiply_adds_are_those_that_pytorch_counts(made, name, weights, converted, inspected):
    found = inspected(converted(made / name, "--isolated", *weights), *TOKENS)

    assert found["macs"] == made.counted[name]


def test_it_is_compared_without_converting_it_first(made, compared):
    (cell,) = compared(made / "squeezebert", *TOKENS, "--gpus", "t4")

    assert cell["problem"] is None


def test_the_weights_file_stands_for_the_folder_it_lies_in(made, converted, inspected):
    out = converted(made / "squeezebert" / "model.safetensors")

    assert inspected(out, *TOKENS)["macs"] == made.counted["squeezebert"]


def test_weights_without_a_folder_are_listed(made, phantomgpu, tmp_path):
    alone = tmp_path / "model.safetensors"
    alone.write_bytes((made / "bert" / "model.safetensors").read_bytes())

    assert phantomgpu("convert", alone).refused("no graph", "bert.embeddings", "--module")
