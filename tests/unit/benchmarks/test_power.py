"""What served models draw, held against measured power."""

import pytest

from benchmarks.power import CONFIGS
from phantomgpu.families import build

PUBLISHED = {
    "Qwen/Qwen3-8B": 8.19e9,
    "Qwen/Qwen3-14B": 14.77e9,
    "Qwen/Qwen3-32B": 32.76e9,
    "Qwen/Qwen3-30B-A3B": 30.53e9,
    "Qwen/Qwen3-Coder-30B-A3B": 30.53e9,
    "meta-llama/Llama-3.1-8B": 8.03e9,
}
"""Parameters as their model cards state them."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_has_its_published_parameters(name):
    found = build({"config.json": CONFIGS[name]}, name=name)

    assert found.parameters == pytest.approx(PUBLISHED[name], rel=0.002)


def test_every_model_is_checked():
    assert set(CONFIGS) == set(PUBLISHED)
