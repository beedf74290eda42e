"""ResNet-50 is one model, whichever framework it comes from.

All three are version 1.5, which strides in the 3x3 convolution of a block, as torchvision's and
the built-in one do: 4.089 G multiply-adds. ``keras.applications.ResNet50`` is version 1, with the
stride in the first 1x1 and 3.858 G; so the Keras model is built as version 1.5 here.
"""

import json

import pytest

from tests.converters.conftest import MAKERS

RUNTIMES = "pytorch-eager,pytorch-compile,onnxruntime,tensorrt"
MOST_APART = 0.03


@pytest.fixture(scope="module")
def files(models_of, converted):
    return {
        "onnx": "resnet50",
        "keras": converted(models_of("tensorflow") / "resnet50.keras"),
        "torch": converted(f"{MAKERS / 'torch_small.py'}:resnet"),
    }


def test_each_has_the_multiply_adds_that_both_frameworks_count(files, models_of, inspected):
    counted = {models_of(name).counted["resnet50"] for name in ("tensorflow", "torch")}

    assert counted == {4_089_184_256}
    assert {inspected(file)["macs"] for file in files.values()} == counted


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("batch", [1, 64])
def test_predictions_are_within_three_percent_on_every_gpu(files, phantomgpu, precision, batch):
    gpus = ",".join(each["id"] for each in json.loads(phantomgpu("gpus", "--json").out))
    grid = ["--gpus", gpus, "--runtime", RUNTIMES, "--precision", precision, "--batch", batch]
    told = phantomgpu("compare", *files.values(), *grid, "--json")
    times = {}
    for cell in json.loads(told.out)["cells"]:
        if cell["problem"] is None:
            times.setdefault((cell["gpu"], cell["runtime"]), []).append(cell["latency_ms"])

    apart = {key: max(each) / min(each) - 1 for key, each in times.items()}

    assert all(len(each) == len(files) for each in times.values())
    assert max(apart.values()) <= MOST_APART, sorted(apart.items(), key=lambda each: -each[1])[:8]
