"""Small kernels around attention."""

import numpy as np
import pytest

from phantomgpu.cost.beside import beside_s
from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.host import host_of
from phantomgpu.cost.starting import START_HZ
from tests.unit.cost.builders import a_gpu, a_kernel, a_runtime, kernels_of

START_S = 1900.0 / START_HZ
HERE = ("Roundness",)


def seconds(*, library, **columns):
    row = {"m": 1.0, "n": 64.0, "k": 128.0, "batch": 16.0, "kv_groups": 8.0, "height": 2.0,
           "element_bytes": 2.0, "peak": "bf16"} | columns  # fmt: skip
    kernels = kernels_of(a_kernel(family="attention", **row), a_kernel(family="pointwise"))
    gpu = a_gpu(calibration={"beside_start_cycles": 1900.0, "cache_bytes_per_cycle": 1e9})
    host = host_of(a_runtime(**library), np.zeros(2, dtype=np.int64), 1)
    found = beside_s(kernels, boards_of([gpu]), host.variants)
    assert found[0, 1] == 0.0
    return float(found[0, 0])


def test_heads_that_become_queries_are_copied_before_and_behind():
    assert seconds(library={"swaps_groups_on": HERE}) == pytest.approx(2 * START_S, rel=1e-2)


@pytest.mark.parametrize(
    "columns",
    [{"kv_groups": 1.0}, {"height": 1.0}, {"m": 64.0}, {"element_bytes": 1.0}],
    ids=["single heads", "one KV head", "a prompt", "an fp8 cache"],
)
def test_what_need_not_change_places_is_not_copied(columns):
    assert seconds(library={"swaps_groups_on": HERE}, **columns) == 0.0


def test_queries_over_an_fp8_cache_are_made_fp8_where_the_library_does():
    library = {"narrows_queries_on": HERE}

    assert seconds(library=library, element_bytes=1.0) == pytest.approx(START_S, rel=1e-2)
    assert seconds(library=library) == 0.0
    assert seconds(library=library, element_bytes=1.0, peak="fp8") == 0.0
