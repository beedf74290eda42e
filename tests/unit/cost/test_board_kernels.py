"""What of a board's figures reaches its kernels."""

from dataclasses import fields, replace

import numpy as np
import pytest

from phantomgpu.cost.columns import Boards, boards_of
from phantomgpu.cost.kernels import activities
from phantomgpu.cost.kinds import kinds_of
from phantomgpu.hardware.calibration import PARAMETERS
from tests.unit.cost.builders import a_copy, a_gpu, a_kernel, kernels_of, variants_of, work_of


def test_matrix_units_run_at_the_clock_the_board_boosts_to():
    stated_lower = a_gpu(tensor_clock_hz=0.8e9)

    assert work_of(a_kernel(), gpu=stated_lower).core_s[0, 0] == pytest.approx(
        0.8 * work_of(a_kernel()).core_s[0, 0], rel=1e-3
    )


def test_int8_without_a_fast_path_moves_the_bytes_of_fp16():
    slow_int8 = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "int8": 4e13})
    narrow = a_kernel(peak="int8", element_bytes=1.0)

    assert work_of(narrow, gpu=slow_int8).memory_s == pytest.approx(
        work_of(a_kernel(), gpu=slow_int8).memory_s
    )
    assert work_of(narrow).memory_s == pytest.approx(work_of(a_kernel()).memory_s / 2.0)


def test_int8_without_a_fast_path_takes_the_energy_of_fp16():
    joules = {"joule_per_flop_fp16": 1e-12}
    slow_int8 = a_gpu(
        peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "int8": 4e13}, calibration=joules
    )

    assert work_of(a_kernel(peak="int8"), gpu=slow_int8).energy_j == pytest.approx(
        work_of(a_kernel(), gpu=slow_int8).energy_j
    )


def test_a_board_that_boosts_past_the_stated_clock_multiplies_as_much_faster():
    eager = a_gpu(calibration={"clock_headroom": 1.25})

    assert work_of(a_kernel(), gpu=eager).core_s == pytest.approx(work_of(a_kernel()).core_s / 1.25)


def test_int8_without_a_fast_path_runs_as_fp16():
    slow_int8 = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "int8": 4e13})

    assert work_of(a_kernel(peak="int8"), gpu=slow_int8).core_s[0, 0] == pytest.approx(
        work_of(a_kernel(), gpu=slow_int8).core_s[0, 0]
    )


def test_matrix_units_that_take_fp32_do_fp32_products():
    board = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp32_matrix": 4e13, "fp16": 1e14})

    assert work_of(a_kernel(peak="fp32"), gpu=board).core_s[0, 0] == pytest.approx(
        2 * 4096**3 / 4e13, rel=0.02
    )


def test_one_board_for_each_kernel_is_the_diagonal_of_all_for_all():
    convolution = a_kernel(family="conv", peak="fp32", k=4608.0, window=9.0, element_bytes=4.0)
    attention = a_kernel(family="attention", m=256.0, n=256.0, k=64.0, batch=8.0)
    table = kernels_of(convolution, a_copy(), attention)
    every = boards_of([a_gpu(), a_gpu(sm_count=20), a_gpu(bandwidth_bytes_per_s=1e11)])

    full, paired = (
        activities(table, kinds_of(table), boards, table.weight_bytes, variants_of(table))
        for boards in (every, one_for_each(every))
    )

    for name in ("core_s", "cache_s", "memory_s", "energy_j"):
        assert getattr(paired, name).tolist() == np.diagonal(getattr(full, name)).tolist()


def one_for_each(boards):
    tables = {f.name: getattr(boards, f.name) for f in fields(Boards)}
    columns = {
        name: table[:, 0] if table.shape[1] == 1 else table
        for name, table in tables.items()
        if isinstance(table, np.ndarray)
    }
    values = {name: value[:, 0] for name, value in boards.values.items()}
    return replace(boards, values=values, paired=True, **columns)


def test_every_value_is_asked_for_by_a_name_that_profiles_may_hold():
    assert set(boards_of([a_gpu()]).values) == set(PARAMETERS)


def test_ecc_kept_in_the_memory_costs_bandwidth():
    free, paid = (
        work_of(a_copy(), gpu=a_gpu(calibration={"ecc_bandwidth": 0.8}, ecc_in_memory=ecc))
        for ecc in (False, True)
    )

    assert paid.memory_s[0, 0] == pytest.approx(free.memory_s[0, 0] / 0.8)
