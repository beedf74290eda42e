"""What is asked of a repository, and what answers come to; junk is an error, never a crash."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.errors import ModelError, PhantomGPUError, RequestError
from phantomgpu.families import read_definition
from phantomgpu.families.refusals import refusal
from phantomgpu.families.repository import Found, reading, repository
from phantomgpu.families.safetensors import read_header, together
from phantomgpu.onnx import BytesSource
from tests.unit.families import configs


def header(tensors):
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


def tensor(kind, *shape):
    return {"dtype": kind, "shape": list(shape), "data_offsets": [0, 0]}


def read(files) -> tuple[Found, list[str]]:
    """What a repository of those files comes to, and what was asked for on the way."""
    steps, asked = reading("org/name"), []
    try:
        ask = next(steps)
        while True:
            asked.append(ask.path)
            held = files.get(ask.path)
            ask = steps.send(None if held is None else held[ask.start : ask.start + ask.length])
    except StopIteration as done:
        return done.value, asked


LLAMA = json.dumps(configs.llama()).encode()


def test_a_configuration_and_the_header_of_its_weights_are_asked_for():
    found, asked = read(
        {"config.json": LLAMA, "model.safetensors": header({"w": tensor("F16", 4)})}
    )

    assert asked == ["config.json", "model.safetensors"]
    assert found.files["stored.json"]["elements"] == {"F16": 4}


def test_every_file_that_an_index_names_is_asked_for_once():
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors", "c": "one.safetensors"}}
    found, asked = read(
        {
            "config.json": LLAMA,
            "model.safetensors.index.json": json.dumps(index).encode(),
            "one.safetensors": header({"a": tensor("BF16", 2, 3), "c": tensor("F32", 1)}),
            "two.safetensors": header({"b": tensor("BF16", 10)}),
        }
    )

    assert asked[-2:] == ["one.safetensors", "two.safetensors"]
    assert found.files["stored.json"] == {
        "parameters": 17,
        "bytes": 36,
        "elements": {"BF16": 16, "F32": 1},
    }


def test_of_very_many_files_only_the_index_is_read():
    index = {
        "metadata": {"total_size": 10**12},
        "weight_map": {str(k): f"{k}.safetensors" for k in range(500)},
    }
    found, asked = read(
        {"config.json": LLAMA, "model.safetensors.index.json": json.dumps(index).encode()}
    )

    assert len(asked) == 3
    assert found.files["stored.json"]["bytes"] == 10**12


def test_what_was_found_opens_as_a_model():
    found, _ = read({"config.json": LLAMA})

    assert read_definition(BytesSource("x", found.as_bytes()), name="x").parameters > 0


def test_a_repository_of_nothing_is_an_error():
    with pytest.raises(ModelError, match="has no config"):
        read({})


def test_scales_and_positions_are_no_parameters():
    stored = read_header(
        header({"w": tensor("F8_E4M3", 100), "w_scale_inv": tensor("F32", 10)}), where="x"
    )

    assert (stored.parameters, stored.size) == (100, 140)


def test_one_file_of_packed_weights_makes_the_count_unknown():
    plain = read_header(header({"w": tensor("F16", 100)}), where="x")
    packed = read_header(header({"w.qweight": tensor("I32", 100)}), where="x")

    assert together([plain, packed]).parameters == 0


@given(st.binary(max_size=200))
def test_any_bytes_are_a_header_or_an_error(data):
    fix = ""
    try:
        assert read_header(data, where="x").size >= 0
    except PhantomGPUError as error:
        fix = error.fix

    assert fix or data


@given(st.integers(0, 60))
def test_a_cut_header_is_an_error(end):
    whole = header({"w": tensor("BF16", 8)})
    if end >= len(whole):
        return

    with pytest.raises(ModelError):
        read_header(whole[:end], where="x")


@given(st.text(max_size=40))
def test_any_name_is_a_repository_or_an_error(text):
    try:
        wanted = repository(f"hf:{text}")
    except RequestError:
        return

    assert wanted.address("config.json", "http://hub").startswith(f"http://hub/{wanted.name}/")


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("on_page", [True, False])
def test_every_refusal_says_what_to_do(status, on_page):
    error = refusal(status, repository("hf:org/name"), where="there", on_page=on_page)

    assert error is not None
    assert error.fix
    assert ("HF_TOKEN" in error.fix) <= (not on_page)
