"""Configurations on the shelf, beside ONNX files."""

import json

import pytest

from phantomgpu.comparison.library import BuiltInModel, Library
from phantomgpu.comparison.shelf import Shelf
from phantomgpu.errors import FormatError, ModelError, PhantomGPUError
from phantomgpu.onnx import BytesSource
from tests.unit.families import configs

LLAMA = json.dumps(configs.llama()).encode()
BUILT_IN = BuiltInModel("tiny", "Tiny", "text generation", "tiny.json", "made up", 1, 1)


def a_shelf() -> Shelf:
    return Shelf(Library((BUILT_IN,)), lambda file: BytesSource(file, LLAMA))


def test_a_configuration_opens_as_the_graph_of_its_main_part():
    shelf = a_shelf()

    graph = shelf.open(BytesSource("config.json", LLAMA), name="mine")

    definition = shelf.definition("mine")
    assert definition is not None
    assert definition.main.graph is graph is shelf.graph("mine")
    assert definition.generation is not None


def test_a_built_in_configuration_is_read_when_first_asked_for():
    shelf = a_shelf()

    definition = shelf.definition("Tiny")

    assert definition is not None
    assert definition.name == "tiny"
    assert shelf.graph("tiny") is definition.main.graph


def test_one_of_the_same_name_as_a_built_in_model_hides_it_until_it_is_closed():
    shelf = a_shelf()
    built_in = shelf.definition("tiny")
    shelf.open(BytesSource("config.json", LLAMA), name="tiny")

    assert shelf.definition("tiny") is not built_in
    shelf.close("tiny")
    assert shelf.definition("tiny") is built_in


def test_several_files_may_come_in_one_object():
    files = json.dumps({"config.json": configs.llama()}).encode()

    graph = a_shelf().open(BytesSource("model.json", files), name="mine")

    assert graph.outputs[0] == "logits" or "logits" in graph.outputs


@pytest.mark.parametrize("text", [b"{", b'{"a": 1', b"{]", b"{" * 5000, b"{\xff\xfe}"])
def test_text_that_only_begins_like_a_configuration_is_an_error_with_its_place(text: bytes):
    with pytest.raises(FormatError) as caught:
        a_shelf().open(BytesSource("config.json", text), name="mine")

    assert "config.json" in caught.value.where
    assert a_shelf().opened == ()


@pytest.mark.parametrize("text", [b"{}", b'{"model_type": 3}', b'{"model_type": "no such"}'])
def test_a_configuration_of_no_known_family_is_an_error(text: bytes):
    with pytest.raises(PhantomGPUError) as caught:
        a_shelf().open(BytesSource("config.json", text), name="mine")

    assert isinstance(caught.value, ModelError)
