"""The index of built-in models is read once, and found by any name people use."""

import pytest

from phantomgpu.comparison.library import read_library
from phantomgpu.errors import TomlError, UnknownNameError

INDEX = """\
[vit-b16]
title = "ViT-B/16"
task = "image classification"
file = "vit-b16.onnx.gz"
source = "torchvision"
parameters = 86567656
macs = 17563828224
dims = { batch = 1 }
aliases = ["vit_base_patch16_224"]
"""


@pytest.mark.parametrize("name", ["vit-b16", "ViT_B16", "vitb16", "vit-base-patch16-224"])
def test_a_model_is_found_by_id_and_alias_however_they_are_punctuated(name):
    assert read_library(INDEX).get(name).title == "ViT-B/16"


def test_an_unknown_model_names_the_nearest_and_the_way_to_all():
    with pytest.raises(UnknownNameError) as caught:
        read_library(INDEX).get("resnet50")

    assert "vit-b16" in caught.value.fix
    assert "phantomgpu models" in caught.value.fix


def test_broken_toml_is_an_error_with_line_and_column():
    with pytest.raises(TomlError) as caught:
        read_library("[vit\n", origin="index.toml")

    assert caught.value.where == "index.toml, line 1, column 5"


def test_an_entry_without_a_title_is_an_error():
    with pytest.raises(TomlError, match="title"):
        read_library('[vit]\ntask = "x"\n')


def test_every_built_in_model_is_there_and_small(repository):
    folder = repository / "profiles" / "models"
    library = read_library((folder / "index.toml").read_text(encoding="utf-8"))
    sizes = [(folder / model.file).stat().st_size for model in library]

    assert len(sizes) >= 15
    assert sum(sizes) < 4_000_000
