"""What a source is, is told by its content."""

import pytest

from phantomgpu.converters.frameworks import FRAMEWORK_OF_KIND, FRAMEWORKS
from phantomgpu.converters.recognise import Found, is_foreign, recognise, title_of
from phantomgpu.errors import SourceError, TruncatedError
from phantomgpu.onnx import BytesSource
from phantomgpu.onnx.convertible import KINDS, command
from tests.unit.onnx.builders import a_zip


def open_file(path):
    with open(path, "rb") as file:
        return BytesSource(str(path), file.read())


def found(source, **how):
    return recognise(str(source), open_file, **how)


FILES = {
    "tflite": b"\x1c\0\0\0TFL3" + bytes(64),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "keras": a_zip("config.json", "model.weights.h5"),
    "torchscript": a_zip("m/data.pkl", "m/code/a.py", "m/constants.pkl"),
    "exported": a_zip("m/archive_format", "m/models/model.json"),
    "torch": a_zip("m/data.pkl", "m/data/0"),
    "pickle": b"\x80\x02}q\x00." + bytes(20),
    "onnx": b"\x08\x08\x12\x04test:\x02\x12\x00",
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_told_by_its_content_whatever_it_is_called(tmp_path, kind):
    path = tmp_path / "model.bin"
    path.write_bytes(FILES[kind])

    assert found(path).kind == kind
    assert is_foreign(str(path), open_file) == (kind != "onnx")


def test_a_folder_with_a_graph_is_a_savedmodel(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")

    assert found(tmp_path) == Found("savedmodel", str(tmp_path))


@pytest.mark.parametrize("name", ["config.json", "model_index.json"])
def test_a_folder_with_a_configuration_is_of_hugging_face(tmp_path, name):
    (tmp_path / name).write_text("{}")

    assert found(tmp_path).kind == "huggingface"


def test_a_folder_with_neither_is_one_error_that_says_what_is_in_it(tmp_path):
    (tmp_path / "notes.txt").write_text("")

    with pytest.raises(SourceError, match="is no model") as caught:
        found(tmp_path)

    assert "notes.txt" in caught.value.where


def test_a_name_that_is_no_path_is_one_of_the_hub():
    assert found("google/vit-base-patch16-224").framework == "huggingface"


def test_a_file_that_is_not_there_is_one_error():
    with pytest.raises(SourceError, match=r"no file or folder gone\.pt"):
        found("gone.pt")


def test_a_cut_zip_is_called_cut(tmp_path):
    (tmp_path / "model.pt").write_bytes(FILES["torch"][:-30])

    with pytest.raises(TruncatedError, match="too early"):
        found(tmp_path / "model.pt")


def test_weights_beside_a_configuration_stand_for_their_folder(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))

    assert found(weights) == Found("huggingface", str(tmp_path))
    (tmp_path / "config.json").unlink()
    assert found(weights).kind == "safetensors"


@pytest.mark.parametrize(
    ("line", "framework"),
    [
        ("import jax.numpy as jnp", "jax"),
        ("from flax import nnx", "jax"),
        ("import torch", "torch"),
        ("from torchvision.models import resnet50", "torch"),
        ("from keras import layers", "tensorflow"),
    ],
)
def test_a_function_is_of_the_framework_that_its_file_imports(tmp_path, line, framework):
    path = tmp_path / "net.py"
    path.write_text(f"import os\n{line}\n\ndef small():\n    ...\n")

    for given in (found(f"{path}:small"), found("", module=f"{path}:small")):
        assert given == Found(f"module-{framework}", "", str(path), "small")
        assert given.framework == framework
        assert title_of(given) == "function"


def test_weights_with_a_function_are_of_their_file(tmp_path):
    (tmp_path / "net.py").write_text("import torch")
    (tmp_path / "weights.pt").write_bytes(FILES["torch"])

    given = found(tmp_path / "weights.pt", module=f"{tmp_path / 'net.py'}:small")

    assert (given.kind, given.factory) == ("torch", "small")


@pytest.mark.parametrize("module", ["net.py", "net:small", "gone.py:small"])
def test_a_module_that_is_none_is_one_error(module):
    with pytest.raises(SourceError, match=r"no function|no file"):
        found("", module=module)


@pytest.mark.parametrize("text", ["import numpy", "def (:", ""])
def test_a_file_of_no_framework_is_one_error(tmp_path, text):
    (tmp_path / "net.py").write_text(text)

    with pytest.raises(SourceError):
        found(f"{tmp_path / 'net.py'}:small")


def test_every_kind_has_a_framework_with_a_script_and_pinned_packages():
    for name in FRAMEWORK_OF_KIND.values():
        framework = FRAMEWORKS[name]
        script = framework.requirements.parents[1] / "runners" / f"{framework.script}.py"
        assert script.is_file()
        assert "--hash=sha256:" in framework.requirements.read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_of_every_kind_names_an_extra_that_there_is(kind, repository):
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]

    assert KINDS[kind].extra in project["optional-dependencies"]
    assert "phantomgpu convert" in command(kind, "my model.pt")


def test_a_name_with_a_space_is_quoted_for_the_shell():
    assert "phantomgpu convert 'my model.pt'" in command("torchscript", "my model.pt")
