"""Attention without a fused kernel, whole heads, rows in registers, and gaps by architecture."""

import pytest

from phantomgpu.cost import predict
from tests.unit.cost.builders import a_copy, a_gpu, a_kernel, a_runtime, a_workload, work_of

HERE, ELSEWHERE = ("Roundness",), ("Squareness",)


def a_prompt(*, sequences=100.0, tokens=384.0, **columns):
    return a_kernel(family="attention", batch=sequences, m=tokens, n=tokens, k=64.0,
                    matrix_flops=4.0 * sequences * tokens * tokens * 64, **columns)  # fmt: skip


def latency_s(*rows, **runtime):
    estimate = predict([a_workload(*rows)], [a_gpu()], a_runtime(**runtime))[0]
    return float(estimate.latency_s[0])


def test_scores_of_unfused_attention_pass_the_memory_four_times():
    row = a_prompt()

    there, elsewhere = (work_of(row, unfused_on=on).memory_s[0, 0] for on in (HERE, ELSEWHERE))

    assert there - elsewhere == pytest.approx(4 * 100 * 384 * 384 * 2 / 1e12, rel=1e-3)


def test_softmax_of_unfused_attention_costs_each_score():
    slow = a_gpu(calibration={"score_cycles": 100.0})

    there = work_of(a_prompt(), gpu=slow, unfused_on=HERE).core_s[0, 0]

    assert there == pytest.approx(100 * 384 * 384 * 100 / (100 * 1e9), rel=0.1)


def test_a_decoding_step_is_not_taken_apart():
    row = a_kernel(family="attention", m=1.0, n=1024.0, k=128.0, batch=1024.0)

    assert work_of(row, unfused_on=HERE).core_s == work_of(row).core_s


def test_unfused_attention_waits_for_three_gaps():
    tiny = a_prompt(sequences=1.0, tokens=16.0, count=100.0)

    there = latency_s(tiny, launch_s=1e-3, unfused_on=HERE)

    assert there == pytest.approx(3 * latency_s(tiny, launch_s=1e-3), rel=0.01)


def test_a_block_that_holds_a_whole_head_keeps_other_sms_idle():
    row = a_prompt(sequences=20.0)

    whole, spread = (work_of(row, whole_heads_most=most).core_s[0, 0] for most in (384, 383))

    # 20 blocks on 100 SMs of 1 TFLOPS, or as many as there are SMs.
    assert whole == pytest.approx(4 * 384 * 384 * 64 / 1e12, rel=0.01)
    assert spread < whole / 2


def test_a_block_that_holds_a_whole_head_takes_its_softmax_between_its_products():
    board = a_gpu(calibration={"whole_score_cycles": 10.0, "narrow_score_cycles": 5.0})

    wide, narrow = (
        work_of(a_prompt(element_bytes=width), gpu=board, whole_heads_most=384).core_s[0, 0]
        for width in (2.0, 1.0)
    )

    assert narrow - wide == pytest.approx(384 * 384 * 5e-9, rel=0.05)


def test_rows_in_registers_are_read_once_and_cost_their_elements():
    row = a_kernel(family="norm", peak="fp32", m=1e5, n=1024.0, element_bytes=4.0, matrix_flops=0.0,
                   vector_flops=7e8, read_bytes=4e8, write_bytes=4e8)  # fmt: skip
    board = a_gpu(calibration={"norm_row_cycles": 1e5, "held_cycles": 0.5})

    held, usual = (work_of(row, gpu=board, held_columns_most=most) for most in (1024, 1023))

    assert held.core_s[0, 0] == pytest.approx(1e5 * 1024 * 0.5 / (100 * 1e9))
    assert held.core_s[0, 0] < usual.core_s[0, 0]
    assert held.memory_s[0, 0] + held.cache_s[0, 0] < usual.memory_s[0, 0] + usual.cache_s[0, 0]


def test_gaps_are_longer_on_architectures_that_start_kernels_slowly():
    tiny = a_copy(traffic_bytes=1e3, count=100.0)
    slow = {"launch_s": 1e-6, "calibration": {"slow_launch_us": 2.0}}

    there, elsewhere = (latency_s(tiny, **slow, slow_launch_on=on) for on in (HERE, ELSEWHERE))

    assert there - elsewhere == pytest.approx(100 * 2e-6, rel=0.01)


def test_start_of_a_kernel_slows_with_the_clock():
    values = {"joule_per_flop_fp16": 1e-11, "product_start_cycles": 1e6}

    estimate = predict([a_workload()], [a_gpu(calibration=values)], a_runtime())[0]

    # 1.374 J under a limit of 300 W: the start, 1 ms at full clock, is slowed with the product.
    assert float(estimate.latency_s[0]) == pytest.approx(2 * 4096**3 * 1e-11 / 300, rel=1e-3)
