"""Every format of PyTorch becomes ONNX with the work that PyTorch counts; none runs untrusted."""

import shutil
import zipfile

import pytest

from tests.converters.conftest import MAKERS

SHAPE = "1,3,32,32"
MODULE = f"{MAKERS / 'torch_small.py'}:small"
HOW = {
    "whole.pt": ["--trust", "--module", MODULE, "--input", SHAPE],
    "weights.pt": ["--module", MODULE],
    "old.pth": ["--module", MODULE],
    "scripted.pt": ["--input", SHAPE],
    "program.pt2": [],
}


@pytest.fixture(scope="module")
def made(models_of):
    return models_of("torch")


@pytest.mark.parametrize("name", HOW)
def test_multiply_adds_are_those_that_pytorch_counts(made, name, converted, inspected):
    found = inspected(converted(made / name, *HOW[name]))

    assert found["macs"] == made.counted["small"]
    assert [dim["symbol"] for dim in found["inputs"][0]["free"]] == ["batch"]
    assert found["shapes"]["static"] == found["shapes"]["nodes"]


@pytest.mark.parametrize("name", HOW)
def test_it_is_compared(made, name, converted, compared):
    (cell,) = compared(converted(made / name, *HOW[name]), "--gpus", "t4", "--batch", "8")

    assert cell["problem"] is None


@pytest.mark.parametrize("name", ["whole.pt", "weights.pt", "program.pt2"])
def test_it_is_compared_without_converting_it_first(made, name, compared):
    (cell,) = compared(made / name, *HOW[name], "--gpus", "t4", "--batch", "8")

    assert cell["problem"] is None


def test_a_function_that_makes_the_model_needs_no_file(made, compared):
    (cell,) = compared(MODULE, "--gpus", "t4")

    assert cell["latency_ms"] > 0


def test_weights_alone_are_listed_and_told_how_they_get_a_graph(made, phantomgpu):
    told = phantomgpu("convert", made / "weights.pt")

    assert told.refused("no graph", "14 tensors", "stem.0.weight 16x3x3x3", "--module file.py")


def test_weights_of_another_model_are_refused(made, phantomgpu):
    module = f"{MAKERS / 'torch_small.py'}:resnet"

    assert phantomgpu("convert", made / "weights.pt", "--module", module).refused(
        "are not in the model"
    )


def test_a_whole_model_asks_for_trust_and_says_why(made, phantomgpu):
    assert phantomgpu("convert", made / "whole.pt").refused("torch_small.Small", "--trust")


@pytest.mark.parametrize("name", ["malicious.pt", "malicious.pkl"])
@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_a_malicious_pickle_does_not_run(made, name, command, phantomgpu):
    assert phantomgpu(command, made / name).refused("io.open", "--trust")
    assert not (made / "it-ran").exists()


def test_a_malicious_size_in_an_exported_program_does_not_run(made, phantomgpu, tmp_path):
    marker = tmp_path / "it-ran"
    evil = f"open({str(marker)!r}, 'w')"
    changed = tmp_path / "evil.pt2"
    with zipfile.ZipFile(made / "program.pt2") as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename.endswith(".json"):
                data = data.replace(b"Symbol('s40', positive=True, integer=True)", evil.encode())
            new.writestr(member.filename, data)

    assert phantomgpu("convert", changed).refused("more than arithmetic")
    assert not marker.exists()


def test_a_malicious_pickle_in_an_exported_program_does_not_run(made, phantomgpu, tmp_path):
    changed = tmp_path / "evil.pt2"
    shutil.copy(made / "malicious.pt", tmp_path / "inner.pt")
    with zipfile.ZipFile(made / "program.pt2") as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            if "sample_inputs" in member.filename:
                data = (tmp_path / "inner.pt").read_bytes()
            new.writestr(member.filename, data)

    assert phantomgpu("convert", changed).refused("evil.pt2 holds Python objects", "--trust")
    assert not (made / "it-ran").exists()


@pytest.mark.parametrize("name", ["whole.pt", "scripted.pt", "program.pt2", "old.pth"])
def test_a_cut_file_is_one_error(made, name, phantomgpu, tmp_path):
    whole = (made / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])

    assert phantomgpu("convert", tmp_path / name).refused(name)


def test_kept_weights_run_and_give_what_the_model_gives(made, converted):
    import numpy as np
    import onnxruntime

    by_weights = converted(made / "weights.pt", "--module", MODULE, "--keep-weights")
    first = onnxruntime.InferenceSession(str(by_weights))
    image = np.random.default_rng(0).random((3, 3, 32, 32), np.float32)
    (one,) = first.run(None, {first.get_inputs()[0].name: image})
    by_script = converted(made / "scripted.pt", "--input", SHAPE, "--keep-weights")
    second = onnxruntime.InferenceSession(str(by_script))
    (other,) = second.run(None, {second.get_inputs()[0].name: image})

    assert np.abs(one - other).max() < 1e-5
