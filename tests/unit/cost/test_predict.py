"""What predict promises, on boards of round numbers."""

import numpy as np
import pytest

from phantomgpu.cost import predict
from tests.unit.cost.builders import a_copy, a_gpu, a_kernel, a_runtime, a_workload


def latency_s(*rows, gpu=None, runtime=None):
    estimate = predict([a_workload(*rows)], [gpu or a_gpu()], runtime or a_runtime())[0]
    return float(estimate.latency_s[0])


def test_copy_takes_its_bytes_over_the_bandwidth():
    assert latency_s(a_copy(traffic_bytes=1e9)) == pytest.approx(1e-3, rel=0.05)


def test_more_bandwidth_is_never_slower():
    times = [
        latency_s(a_copy(), a_kernel(), gpu=a_gpu(bandwidth_bytes_per_s=bandwidth))
        for bandwidth in (1e11, 3e11, 1e12, 3e12)
    ]

    assert times == sorted(times, reverse=True)


def test_a_precision_the_board_lacks_is_not_supported():
    estimate = predict([a_workload(a_kernel(peak="fp8"))], [a_gpu()], a_runtime())[0]

    assert not estimate.supported[0]
    assert np.isnan(estimate.latency_s[0])


def test_short_kernels_wait_for_the_host():
    small = a_copy(traffic_bytes=1e3, count=100.0)

    assert latency_s(small, runtime=a_runtime(dispatch_s=1e-5)) == pytest.approx(1e-3, rel=0.1)


def test_dispatch_of_long_kernels_is_hidden_but_for_the_first():
    long = a_copy(traffic_bytes=1e9, count=100.0)

    assert latency_s(long, runtime=a_runtime(dispatch_s=1e-5)) == pytest.approx(
        latency_s(long) + 1e-5, rel=1e-9
    )


def test_no_workload_is_no_estimate():
    assert predict([], [a_gpu()], a_runtime()) == []


def test_a_point_is_the_same_alone_and_within_a_sweep():
    points = [a_workload(a_kernel(m=float(size))) for size in (64, 1000, 4096)]

    together = predict(points, [a_gpu(), a_gpu(sm_count=20)], a_runtime())

    for point, estimate in zip(points, together, strict=True):
        alone = predict([point], [a_gpu(), a_gpu(sm_count=20)], a_runtime())[0]
        assert np.array_equal(alone.latency_s, estimate.latency_s)


def test_no_runtime_is_faster_than_the_peak():
    fast = a_runtime(calibration={"slowdown_matmul": 0.2, "run_slowdown": 0.5})

    assert latency_s(a_kernel(), runtime=fast) == pytest.approx(2 * 4096**3 / 1e14)


def test_a_runtime_takes_anothers_attention_on_the_architecture_that_it_says():
    lender = a_runtime(calibration={"slowdown_decode": 3.0, "start_decode": 5.0})
    borrower = a_runtime(attention_on={"Roundness": lender})
    step = a_kernel(family="attention", m=1.0, n=1024.0, k=128.0, batch=6400.0)
    gpu = a_gpu(calibration={"decode_start_cycles": 1000.0})

    there, own = (latency_s(step, gpu=gpu, runtime=r) for r in (borrower, a_runtime()))

    assert there == pytest.approx(latency_s(step, gpu=gpu, runtime=lender))
    elsewhere = a_gpu(calibration={"decode_start_cycles": 1000.0}, architecture="Squareness")
    assert latency_s(step, gpu=elsewhere, runtime=borrower) == own < there


def test_a_runtime_has_its_own_kernels_for_heads_that_no_library_serves():
    lender = a_runtime(calibration={"slowdown_wide": 3.0})
    wide = a_kernel(family="attention", m=1024.0, n=1024.0, k=512.0, batch=64.0)

    borrower = a_runtime(attention_on={"Roundness": lender})

    assert latency_s(wide, runtime=borrower) == latency_s(wide) < latency_s(wide, runtime=lender)


def test_a_runtime_takes_nothing_but_attention_from_another():
    lender = a_runtime(calibration={"slowdown_matmul": 3.0})

    assert latency_s(runtime=a_runtime(attention_on={"Roundness": lender})) == latency_s()


def test_winograd_and_causal_masks_skip_work_that_was_counted():
    causal = a_kernel(family="attention", batch=100.0, m=1024.0, n=1024.0, k=128.0, causal=1.0,
                      matrix_flops=4.0 * 100 * 1024 * 1024 * 128)  # fmt: skip

    assert latency_s(causal) < causal["matrix_flops"] / 1e14


def test_estimate_of_a_model_known_to_be_slower_is_scaled_as_a_whole():
    estimate = predict([a_workload()], [a_gpu()], a_runtime())[0]

    twice = estimate.scaled(2.0)

    assert estimate.scaled(1.0) is estimate
    assert twice.latency_s.tolist() == (2.0 * estimate.latency_s).tolist()
    assert twice.mfu.tolist() == (estimate.mfu / 2.0).tolist()
    assert twice.memory_bytes.tolist() == estimate.memory_bytes.tolist()


@pytest.mark.parametrize(
    ("fitted", "expected"),
    [
        ({"spread_run": 0.05, "runs_matmul": 50.0}, 0.2),
        ({"spread_run": 0.3, "runs_matmul": 50.0}, 0.3),
        ({"spread_run": 0.3, "runs_matmul": 2.0}, 0.4),
        ({"spread_run": 0.3, "runs_conv": 50.0}, 0.4),
        ({}, 0.4),
    ],
)
def test_interval_is_that_of_board_runtime_or_kind_of_kernel_whichever_is_known_least(
    fitted, expected
):
    gpu = a_gpu(calibration={"spread_run": 0.2, "spread_unmeasured_runtime": 0.4})
    runtime = a_runtime(calibration=fitted)
    estimate = predict([a_workload(a_kernel())], [gpu], runtime)[0]

    assert np.log(estimate.high_s / estimate.latency_s) == pytest.approx(expected)


def test_interval_is_wider_on_an_architecture_that_no_run_of_the_runtime_was_measured_on():
    gpu = a_gpu(calibration={"spread_run": 0.05})
    fitted = {"spread_run": 0.1, "spread_run_elsewhere": 0.3, "runs_matmul": 50.0}
    there, elsewhere = (
        predict([a_workload()], [gpu], a_runtime(calibration=fitted, measured_on=names))[0]
        for names in (("Roundness",), ("Squareness",))
    )

    assert np.log(there.high_s / there.latency_s) == pytest.approx(0.1)
    assert np.log(elsewhere.high_s / elsewhere.latency_s) == pytest.approx(0.3)


def test_interval_of_a_run_in_fp32_is_that_of_such_runs_where_they_are_known_apart():
    gpu = a_gpu(calibration={"spread_run": 0.05})
    runtime = a_runtime(
        calibration={"spread_run": 0.1, "spread_run_fp32": 0.3, "runs_matmul": 50.0}
    )
    fp32, fp16 = (
        predict([a_workload(a_kernel(), precision=precision)], [gpu], runtime)[0]
        for precision in ("fp32", "fp16")
    )

    assert np.log(fp32.high_s / fp32.latency_s) == pytest.approx(0.3)
    assert np.log(fp16.high_s / fp16.latency_s) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("name", "peak"), [("product_start_cycles", "fp16"), ("product_start_cycles_fp32", "fp32")]
)
def test_a_product_starts_in_a_time_of_its_own(name, peak):
    slow = a_gpu(calibration={name: 1e6})
    product, copy = a_workload(a_kernel(peak=peak)), a_workload(a_copy())

    (before,), (after,) = (predict([product], [gpu], a_runtime()) for gpu in (a_gpu(), slow))

    assert after.latency_s[0] - before.latency_s[0] == pytest.approx(1e-3)
    assert predict([copy], [slow], a_runtime())[0].latency_s.tolist() == (
        predict([copy], [a_gpu()], a_runtime())[0].latency_s.tolist()
    )


@pytest.mark.parametrize(("joule", "power_w"), [(0.0, 0.1 * 300.0), (1.0, 300.0)])
def test_a_board_draws_its_leakage_at_least_and_its_limit_at_most(joule, power_w):
    gpu = a_gpu(calibration={"static_power_share": 0.1, "joule_per_flop_fp16": joule})
    estimate = predict([a_workload(a_kernel())], [gpu], a_runtime())[0]

    assert estimate.energy_j / estimate.latency_s == pytest.approx(power_w)
    assert estimate.scaled(2.0).energy_j.tolist() == (2.0 * estimate.energy_j).tolist()
