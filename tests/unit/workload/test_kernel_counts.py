"""Kernels after fusion, against what the runtimes themselves make of the same models.

``ORT`` are the nodes of the graph that ONNX Runtime 1.31 (CPU, level ALL, free dimensions fixed,
weights filled in) writes with ``optimized_model_filepath``, less Reshape, Squeeze, Unsqueeze,
Identity, Flatten, Constant, Shape, Dropout and the layout reorders of its CPU kernels.
``INDUCTOR`` are scheduler nodes of torch.compile after fusion, in fp32. docs/fusion.md explains
the differences.
"""

import pytest

from tests.unit.onnx.conftest import Corpus
from tests.unit.workload.builders import lowered
from tests.unit.workload.runtimes import FUSION

pytestmark = pytest.mark.corpus

ORT = {
    "corpus/resnet18_ts9": 23,
    "corpus/resnet50_dy18_dynb": 56,
    "corpus/resnet50_ts13_dynbhw": 56,
    "corpus/mobilenet_v2_ts12": 54,
    "corpus/mobilenet_v3_large_dy20": 83,
    "corpus/efficientnet_b0_dy18_dynb": 164,
    "corpus/densenet121_dy18": 246,
    "corpus/densenet121_ts13_dynb": 250,
    "corpus/bert_base_ts11": 211,
    "corpus/bert_base_ts14_dyn": 214,
    "corpus/bert_base_dy18_dyn": 259,
    "corpus/bert_base_dy23_sdpa": 174,
    "corpus/vit_b16_ts14_dynb": 210,
    "corpus/vit_b16_dy18_dynb": 270,
    "corpus/deit_base_dy18": 258,
    "corpus/distilbert_ts17_dyn": 108,
    "corpus/gpt2_dy18_dyn": 219,
    "corpus/yolov8n_ts17_dynbhw": 167,
    "corpus/detr_r50_dy18": 343,
    "corpus/alexnet_ts10": 12,
}
INDUCTOR = {
    "timm/resnet50": 122,
    "corpus/mobilenet_v2_ts12": 107,
    "timm/efficientnet_b0": 198,
    "corpus/vit_b16_ts14_dynb": 158,
    "corpus/vit_b16_dy18_dynb": 158,
    "corpus/bert_base_ts11": 169,
    "corpus/bert_base_dy18_dyn": 169,
}


@pytest.fixture(scope="module")
def corpus(shared_data):
    return Corpus(shared_data)


def count(corpus, name, runtime):
    schedule = lowered(corpus.graph(name), FUSION[runtime])
    return int(schedule.at(1, "fp32").kernels.count.sum())


@pytest.mark.parametrize("name", ORT)
def test_kernels_after_onnxruntime_are_within_5_percent(corpus, name):
    assert count(corpus, name, "onnxruntime") == pytest.approx(ORT[name], rel=0.05)


@pytest.mark.parametrize("name", INDUCTOR)
def test_kernels_after_torch_compile_are_within_10_percent(corpus, name):
    assert count(corpus, name, "pytorch-compile") == pytest.approx(INDUCTOR[name], rel=0.10)


@pytest.mark.parametrize("runtime", sorted(set(FUSION) - {"onnxruntime"}))
def test_two_exporters_of_one_model_give_the_same_kernels(corpus, runtime):
    pairs = [
        ("corpus/vit_b16_ts14_dynb", "corpus/vit_b16_dy18_dynb"),
        ("corpus/bert_base_ts14_dyn", "corpus/bert_base_dy18_dyn"),
        ("corpus/resnet50_ts13_dynbhw", "timm/resnet50"),
    ]

    for one, other in pairs:
        first, second = (count(corpus, name, runtime) for name in (one, other))
        assert first == pytest.approx(second, rel=0.02), (one, other)
