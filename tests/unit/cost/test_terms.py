"""Terms taken apart make up the very times that are predicted."""

import pytest

from phantomgpu.cost import predict
from phantomgpu.cost.roofline import smooth_maximum
from phantomgpu.cost.terms import terms_of
from tests.unit.cost.builders import a_copy, a_gpu, a_kernel, a_runtime, a_workload

HOT = {"joule_per_flop_fp16": 5e-12, "roofline_sharpness": 2.0, "product_sharpness": 2.0}


@pytest.mark.parametrize("calibration", [{}, HOT])
def test_terms_overlapped_are_the_time_of_the_kernel(calibration):
    gpu, runtime = a_gpu(calibration=calibration), a_runtime(calibration={"slowdown_matmul": 1.5})
    workload = a_workload(a_kernel(), a_kernel(m=64.0), a_copy())

    terms = terms_of(workload, gpu, runtime)

    busy_s = smooth_maximum(
        terms.core_s * terms.clock_slowdown,
        terms.memory_s + terms.cache_s * terms.clock_slowdown,
        sharpness=terms.sharpness,
    )
    estimate = predict([workload], [gpu], runtime)[0]
    assert terms.runtime_slowdown * busy_s == pytest.approx(estimate.kernel_s[0])


def test_power_limit_shows_as_a_slower_clock():
    terms = terms_of(a_workload(), a_gpu(calibration=HOT), a_runtime())

    assert terms.clock_slowdown > 1.1


def test_bytes_come_from_the_cache_or_from_memory():
    workload = a_workload(a_kernel(), a_copy(traffic_bytes=1e6))

    terms = terms_of(workload, a_gpu(calibration={"cache_share": 1.0}), a_runtime())

    moved = workload.kernels.read_bytes + workload.kernels.write_bytes
    assert terms.cached_bytes + terms.memory_bytes == pytest.approx(moved)


def test_kernels_are_told_apart_by_kind():
    terms = terms_of(a_workload(a_kernel(), a_copy()), a_gpu(), a_runtime())

    assert terms.kinds == ("matmul", "move")
