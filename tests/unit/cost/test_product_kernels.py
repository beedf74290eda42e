"""What a product, and a convolution as one, keeps busy, and how its library makes it."""

import pytest

from tests.unit.cost.builders import a_gpu, a_kernel, work_of

LONG = {"m": 32.0, "n": 32.0, "k": 65536.0}


def test_fp32_convolution_of_three_by_three_may_use_winograd():
    plain = {"family": "conv", "peak": "fp32", "n": 512.0, "k": 4608.0, "element_bytes": 4.0}
    fast = a_gpu(calibration={"winograd_efficiency": 1.0})
    image = {"height": 64.0, "width": 64.0, "window": 9.0}

    direct = work_of(a_kernel(**plain, **image, stride=2.0), gpu=fast)
    winograd = work_of(a_kernel(**plain, **image), gpu=fast)

    assert winograd.core_s[0, 0] < direct.core_s[0, 0] / 2


def test_rows_that_no_vector_load_divides_are_slower():
    slow = a_gpu(calibration={"misalignment": 2.0})

    assert work_of(a_kernel(n=4095.0), gpu=slow).core_s[0, 0] == pytest.approx(
        2 * work_of(a_kernel(n=4096.0), gpu=slow).core_s[0, 0], rel=0.01
    )


def test_small_tiles_cost_more_on_tensor_cores_than_on_vector_units():
    small, fed = {"m": 32.0, "n": 32.0, "k": 64.0, "batch": 100.0}, {"tile_overhead": 1024.0}
    time = {
        (peak, overhead["tile_overhead"]): work_of(
            a_kernel(peak=peak, **small), gpu=a_gpu(calibration=overhead)
        ).core_s[0, 0]
        for peak in ("fp16", "fp32")
        for overhead in (fed, {"tile_overhead": 0.0})
    }

    assert time["fp16", 1024.0] == pytest.approx(2 * time["fp16", 0.0], rel=0.01)
    assert time["fp32", 1024.0] == time["fp32", 0.0]


def test_vector_work_behind_a_product_costs_a_share_of_what_it_does_alone():
    board = a_gpu(calibration={"epilogue_share": 0.25})
    behind = a_kernel(m=64.0, n=64.0, k=16.0, vector_flops=1e9)
    alone = a_kernel(family="pointwise", m=4096.0, n=1.0, matrix_flops=0.0, vector_flops=1e9)

    assert work_of(behind, gpu=board).core_s == pytest.approx(
        work_of(alone, gpu=board).core_s / 4.0
    )


def fp32_batch(m, n, k=1024, batch=100):
    return a_kernel(peak="fp32", m=m, n=n, k=k, batch=batch, matrix_flops=2 * m * n * k * batch)


def test_small_products_of_an_fp32_batch_fill_the_librarys_one_tile():
    board = a_gpu(calibration={"batched_tile_m_fp32": 128.0, "batched_tile_n_fp32": 64.0})

    small, full = (
        work_of(fp32_batch(m, n), gpu=board).core_s[0, 0] for m, n in ((9, 9), (128, 64))
    )

    assert small == full == pytest.approx(2 * 128 * 64 * 1024 * 100 / 1e13)


def test_a_library_that_states_no_tile_looks_for_one():
    stated = a_gpu(calibration={"batched_tile_m_fp32": 128.0, "batched_tile_n_fp32": 128.0})

    assert work_of(fp32_batch(32, 32)).core_s[0, 0] < (
        work_of(fp32_batch(32, 32), gpu=stated).core_s[0, 0] / 4
    )


def test_half_precision_batches_look_for_a_tile_whatever_is_stated():
    stated = a_gpu(calibration={"batched_tile_m_fp32": 128.0, "batched_tile_n_fp32": 128.0})
    row = a_kernel(m=32, n=32, k=1024, batch=100)

    assert work_of(row, gpu=stated).core_s[0, 0] == work_of(row).core_s[0, 0]


def test_latency_of_an_fp32_step_hides_behind_the_work_of_other_blocks():
    board = a_gpu(calibration={"step_cycles_fp32": 100.0})
    large, small = a_kernel(peak="fp32"), fp32_batch(1, 1, k=64, batch=1)

    assert work_of(large, gpu=board).core_s[0, 0] == work_of(large).core_s[0, 0]
    assert work_of(small, gpu=board).core_s[0, 0] == pytest.approx(64 * 100e-9)


def test_fp32_rows_far_apart_are_out_of_reach():
    board = a_gpu(calibration={"reach_bytes": 1e6, "reach_cost": 1.0})
    row = a_kernel(peak="fp32", k=65536)

    slower = work_of(row, gpu=board).core_s[0, 0] / work_of(row).core_s[0, 0]

    assert slower == pytest.approx(2.0, rel=1e-3)


def test_library_that_never_splits_a_peak_takes_one_sm_for_a_single_tile():
    eight_bits = a_kernel(peak="int8", element_bytes=1.0, **LONG)

    whole = work_of(eight_bits, whole_products=("int8",)).core_s[0, 0]

    assert whole == pytest.approx(work_of(eight_bits).core_s[0, 0] * 32)


def test_product_with_narrow_weights_is_cut_into_seven_parts_at_most():
    narrow = a_kernel(**LONG, weight_bytes=32.0 * 65536)

    work = work_of(narrow, gpu=a_gpu(calibration={"template_step_cycles": 0.0}))

    assert work.core_s[0, 0] == pytest.approx(2 * 32**2 * 65536 / 7 / 1e12, rel=1e-2)


def test_few_rows_of_int8_may_be_left_to_the_vector_units():
    few = a_kernel(peak="int8", element_bytes=1.0, m=4.0)
    more = a_kernel(peak="int8", element_bytes=1.0, m=5.0)

    work = work_of(few, more, vector_rows_most=4)

    assert work.core_s[0, 0] == few["matrix_flops"] / 4e13
    assert work.core_s[0, 1] == work_of(more).core_s[0, 0]


def test_template_takes_longer_for_each_element_than_cublas():
    eight_bits = a_kernel(peak="int8", element_bytes=1.0, **LONG)
    slower, free = (
        work_of(eight_bits, gpu=gpu, whole_products=("int8",)).core_s[0, 0]
        for gpu in (a_gpu(calibration={"template_step_cycles": 10.0}), a_gpu())
    )

    assert slower - free == pytest.approx(65536 * 10 / 2 / 1e9)  # half as wide as 16 bits


def test_stage_of_narrow_operands_shares_its_latency_with_more_of_them():
    slow = a_gpu(calibration={"step_cycles": 10.0, "template_step_cycles": 10.0})

    def latency_s(width):
        row = a_kernel(element_bytes=width, m=32.0, n=32.0, k=64.0)
        return (work_of(row, gpu=slow).core_s - work_of(row).core_s)[0, 0]

    assert latency_s(1.0) == pytest.approx(latency_s(2.0) / 2)


def test_narrow_operands_fill_a_pipeline_with_more_of_them():
    deep = a_gpu(calibration={"pipeline_depth": 64.0})
    wide, narrow = (a_kernel(element_bytes=size, m=32.0, n=32.0, k=64.0) for size in (2.0, 1.0))

    assert work_of(narrow, gpu=deep).core_s[0, 0] == pytest.approx(
        work_of(wide, gpu=deep).core_s[0, 0] * (64 + 128) / (64 + 64)
    )


def test_more_shared_memory_takes_operands_in_faster():
    slow = {"fill_cycles": 1e5}
    small, large = (
        work_of(a_kernel(), gpu=a_gpu(calibration=slow, shared_bytes_per_sm=size)).core_s[0, 0]
        for size in (1e5, 2e5)
    )

    assert small == pytest.approx(2 * large, rel=1e-3)
