"""Each small effect at its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.cost.bandwidth import cache_rate, cache_time, memory_time
from phantomgpu.cost.cache import hit_share
from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.cost.interval import interval_ends
from phantomgpu.cost.power import clock_slowdown, switching_scale
from phantomgpu.cost.roofline import overlap_sharpness, smooth_maximum
from phantomgpu.cost.rowwise import passes_again, resident_bytes
from phantomgpu.cost.stream import stream_time
from phantomgpu.cost.winograd import fused_blocks, winograd_products

POSITIVE = st.floats(1e-9, 1e9)


def slowdown(energy_j, time_s, *, tdp_w=100.0, exponent=0.5, settle_s=0.0, static_w=0.0):
    return float(
        clock_slowdown(
            energy_j=np.float64(energy_j),
            time_s=np.float64(time_s),
            tdp_w=np.float64(tdp_w),
            static_w=np.float64(static_w),
            static_share=np.float64(0.0),
            exponent=np.float64(exponent),
            settle_s=np.float64(settle_s),
        )
    )


def test_a_board_within_its_limit_keeps_its_clock():
    assert slowdown(99.0, 1.0) == 1.0


def test_four_times_the_power_halves_the_clock():
    assert slowdown(400.0, 1.0) == pytest.approx(2.0)


def test_a_short_run_is_spared_most_of_the_throttling():
    assert slowdown(4e-3, 1e-5, settle_s=1e-3) == pytest.approx(1.01, abs=1e-3)


def test_a_small_board_keeps_something_for_its_arithmetic():
    assert slowdown(10.0, 1.0, static_w=200.0) == 1.0
    assert slowdown(40.0, 1.0, static_w=200.0) == pytest.approx(2.0)


@given(POSITIVE, POSITIVE)
def test_a_higher_limit_is_never_slower(energy_j, time_s):
    assert slowdown(energy_j, time_s, tdp_w=300.0) <= slowdown(energy_j, time_s, tdp_w=200.0)


def test_energy_goes_with_the_square_of_the_clock():
    assert float(
        switching_scale(clock_hz=np.float64(2e9), nominal_hz=np.float64(1e9))
    ) == pytest.approx(4.0)


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6), st.floats(1.0, 20.0))
def test_overlap_lies_between_maximum_and_sum(first, second, sharpness):
    both = float(
        smooth_maximum(np.float64(first), np.float64(second), sharpness=np.float64(sharpness))
    )

    assert max(first, second) * (1 - 1e-12) <= both <= (first + second) * (1 + 1e-12)


def test_small_working_set_comes_from_the_cache_and_a_large_one_does_not():
    shares = hit_share(
        working_bytes=np.array([0.0, 1e9]),
        cache_bytes=np.array([[1e6]]),
        usable_share=np.array([[1.0]]),
        sharpness=np.array([[2.0]]),
    )

    assert shares[0, 0] == 1.0
    assert shares[0, 1] < 1e-5


@given(POSITIVE, POSITIVE)
def test_counting_in_another_unit_changes_no_time(traffic, bandwidth):
    efficiency = np.float64(0.8)
    times = [
        memory_time(
            traffic_bytes=np.float64(traffic * unit),
            bandwidth_bytes_per_s=np.float64(bandwidth * unit),
            efficiency=efficiency,
        )
        for unit in (1.0, 1024.0)
    ]

    assert times[0] == pytest.approx(times[1])


def test_a_product_of_more_steps_hides_more_of_its_loads():
    one, many = (
        float(
            overlap_sharpness(steps=np.float64(n), single=np.float64(1.3), growth=np.float64(0.2))
        )
        for n in (1, 1000)
    )

    assert one == 1.3
    assert many == pytest.approx(1.3 * (1 + 0.2 * np.log(1000)))


def rate_of_cache(sms=100, memory=1e12):
    return cache_rate(
        bytes_per_cycle=np.float64(32),
        sm_count=np.float64(sms),
        clock_hz=np.float64(1e9),
        bandwidth_bytes_per_s=np.float64(memory),
    )


def test_a_cache_grows_with_the_sms_it_feeds_and_the_memory_behind_it():
    assert rate_of_cache(sms=400) == pytest.approx(2 * rate_of_cache())
    assert rate_of_cache(memory=4e12) == pytest.approx(2 * rate_of_cache())
    assert rate_of_cache(sms=400, memory=4e12) == pytest.approx(4 * rate_of_cache())


def test_bytes_take_as_long_as_the_cache_gives_them():
    assert cache_time(traffic_bytes=np.float64(6e9), bytes_per_s=np.float64(2e9)) == 3.0


def test_winograd_does_fewer_multiplications():
    parts = winograd_products(
        m=np.array([1024.0]), n=np.array([64.0]), k=np.array([576.0]), height=np.array([32.0]),
        width=np.array([32.0]), element_bytes=np.array([4.0]),
    )  # fmt: skip

    assert parts.m * parts.k * parts.batch * 64 * 4 == pytest.approx([1024 * 576 * 64.0])
    assert parts.share == pytest.approx([0.25])


def blocks_of(*, images, side):
    m = np.float64(images * side * side)
    side = np.float64(side)
    return float(fused_blocks(m=m, n=np.float64(32), height=side, width=side))


def test_fused_winograd_works_on_whole_blocks_of_an_image():
    assert blocks_of(images=1, side=16) == 2.0
    assert blocks_of(images=1, side=17) == 6.0
    assert blocks_of(images=64, side=5) == 48.0


def test_long_rows_of_softmax_are_read_again_unless_they_are_aligned_and_fit():
    columns = np.array([1000.0, 4096.0, 4095.0, 16384.0])

    again = passes_again(
        columns=columns,
        element_bytes=np.full(4, 4.0),
        is_softmax=np.full(4, True),
        has_statistics=np.full(4, True),
    )

    assert again.tolist() == [0.0, 0.0, 2.0, 2.0]


def test_a_normalisation_reads_again_what_it_takes_statistics_from():
    again = passes_again(
        columns=np.array([512.0, 512.0]),
        element_bytes=np.array([4.0, 4.0]),
        is_softmax=np.array([False, False]),
        has_statistics=np.array([True, False]),
    )

    assert again.tolist() == [1.0, 0.0]


def test_no_more_rows_are_at_work_than_there_are():
    one = resident_bytes(rows=np.float64(3), row_bytes=np.float64(10), sm_count=np.float64(80))

    assert one == 30.0


def test_host_and_device_overlap():
    long, short = (
        float(
            stream_time(
                device_s=np.float64(device),
                dispatch_s=np.float64(1.0),
                kernels=np.float64(10),
                start_s=np.float64(0.0),
            )
        )
        for device in (100.0, 1.0)
    )

    assert long == 101.0
    assert short == pytest.approx(10.1)


def test_a_stopwatch_does_not_show_a_kernel_shorter_than_what_the_host_does_after_it():
    def shown(device):
        return float(
            stream_time(
                device_s=np.float64(device),
                dispatch_s=np.float64(0.0),
                kernels=np.float64(1),
                start_s=np.float64(20.0),
                behind_s=np.float64(10.0),
            )
        )

    assert shown(1.0) == shown(9.0) == 30.0
    assert shown(15.0) == 35.0


def test_interval_is_even_in_the_logarithm():
    low, high = interval_ends(time_s=np.float64(2.0), spread=np.float64(0.1), scale=np.float64(2.0))

    assert low * high == pytest.approx(4.0)
    assert high == pytest.approx(2.0 * np.exp(0.2))


def test_footprint_is_everything_at_once():
    assert footprint_bytes(weights=1000, activations=100, workspace=10, context=1) == 1111
