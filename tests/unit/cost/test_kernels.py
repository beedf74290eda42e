"""What kind of kernel a row is, and which terms make up its time."""

import pytest

from phantomgpu.cost.kinds import KINDS, kinds_of
from phantomgpu.hardware.calibration import KERNEL_KINDS
from tests.unit.cost.builders import a_copy, a_gpu, a_kernel, kernels_of, work_of


def kind(**columns):
    return KINDS[int(kinds_of(kernels_of(a_kernel(**columns)))[0])]


def test_profiles_and_cost_name_the_same_kinds():
    assert set(KERNEL_KINDS) == set(KINDS)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, "matmul"),
        ({"family": "conv", "batch": 64.0, "n": 1.0}, "depthwise"),
        ({"family": "quantize", "peak": "fp8"}, "quantize"),
        ({"family": "quantize", "peak": "fp4"}, "block_quantize"),
        ({"family": "conv", "batch": 8.0, "n": 16.0}, "grouped"),
        ({"family": "conv"}, "conv"),
        ({"family": "attention", "m": 1.0}, "decode"),
        ({"family": "attention", "k": 128.0}, "attention"),
        ({"family": "attention"}, "wide"),
        ({"peak": "int8", "weight_bytes": 4096.0**2}, "matmul"),
        ({"peak": "int8", "weight_bytes": 4096.0**2 / 2}, "weight_only"),
        ({"family": "norm", "special_flops": 4096.0**2}, "softmax"),
        ({"family": "norm", "special_flops": 4096.0}, "norm"),
        ({"weight_bytes": 4096.0**2 / 2}, "weight_only"),
        ({"weight_bytes": 4096.0**2 * 2}, "matmul"),
        ({"m": 1.0, "weight_bytes": 4096.0**2 / 2}, "gemv"),
    ],
)
def test_kernel_is_told_apart_by_its_shape(columns, expected):
    assert kind(**columns) == expected


def test_copy_has_traffic_and_no_arithmetic():
    work = work_of(a_copy(traffic_bytes=1e9))

    assert work.core_s[0, 0] == 0.0
    assert work.memory_s[0, 0] == pytest.approx(1e-3, rel=1e-6)


def test_small_activations_come_from_the_cache():
    work = work_of(a_copy(traffic_bytes=1e3), gpu=a_gpu(calibration={"cache_share": 1.0}))

    assert work.memory_s[0, 0] < 1e-15
    assert work.cache_s[0, 0] > 0.0


def test_weights_of_a_large_model_are_cold():
    row = a_kernel(m=1.0, weight_bytes=4096.0**2 * 2, read_bytes=4096.0**2 * 2 + 8192)
    gpu = a_gpu(calibration={"cache_share": 1.0}, l2_bytes=10**8)

    alone, in_a_model = (work_of(row, gpu=gpu, weights_in_use=size) for size in (3e7, 1e10))

    assert alone.memory_s[0, 0] < in_a_model.memory_s[0, 0] / 10


def test_weights_push_activations_out_of_the_cache():
    small = {"m": 64.0, "n": 64.0, "read_bytes": 64.0 * 4096 * 2 * 2}
    gpu = a_gpu(calibration={"cache_share": 1.0}, l2_bytes=10**7)
    weights = a_kernel(m=64.0, n=8192.0, weight_bytes=8192.0 * 4096 * 2)

    assert work_of(a_kernel(**small), gpu=gpu).memory_s[0, 0] < 1e-9
    assert work_of(weights, gpu=gpu).memory_s[0, 0] > weights["read_bytes"] / 1e12


def test_depthwise_convolution_runs_on_the_vector_units():
    row = a_kernel(family="conv", batch=64.0, n=1.0, k=9.0)

    work = work_of(row, gpu=a_gpu(calibration={"depthwise_efficiency": 0.5}))

    assert work.core_s[0, 0] == pytest.approx(row["matrix_flops"] / 0.5e13)


def test_a_normalisation_by_given_statistics_has_no_blocks_of_rows():
    plain = {"family": "norm", "peak": "fp32", "m": 1e6, "n": 10.0, "element_bytes": 4.0}
    plain |= {"matrix_flops": 0.0, "read_bytes": 4e7, "write_bytes": 4e7}
    slow = a_gpu(calibration={"norm_row_cycles": 1e4})

    given = work_of(a_kernel(**plain, vector_flops=2e7), gpu=slow).core_s[0, 0]
    own = work_of(a_kernel(**plain, vector_flops=7e7), gpu=slow).core_s[0, 0]

    assert own > 10.0 * given


def test_rows_that_a_normalisation_reads_again_are_traffic():
    plain = {"family": "norm", "peak": "fp32", "m": 1e5, "n": 1e4, "element_bytes": 4.0}
    plain |= {"matrix_flops": 0.0, "read_bytes": 4e9, "write_bytes": 4e9}

    given = work_of(a_kernel(**plain, vector_flops=2e9))
    own = work_of(a_kernel(**plain, vector_flops=7e9))

    assert own.memory_s[0, 0] + own.cache_s[0, 0] > given.memory_s[0, 0] + given.cache_s[0, 0]


def test_rows_with_scales_of_their_own_cost_a_block_each():
    slow = a_gpu(calibration={"quantize_row_cycles": 2000.0})
    tensor, rows = (
        a_kernel(family="quantize", m=m, n=n, matrix_flops=0.0) for m, n in ((1e6, 1.0), (1e4, 1e2))
    )

    assert work_of(tensor, gpu=slow).core_s[0, 0] == 0.0
    assert work_of(rows, gpu=slow).core_s[0, 0] == pytest.approx(1e4 * 2000 / 100 / 1e9)


def test_rows_that_are_moved_have_a_block_each_that_costs_less_than_a_quantised_one():
    slow = a_gpu(calibration={"quantize_row_cycles": 2000.0})
    row = a_kernel(family="move", m=1e4, n=1e2, matrix_flops=0.0)

    assert work_of(row, gpu=slow).core_s[0, 0] == pytest.approx(0.4 * 1e4 * 2000 / 100 / 1e9)
