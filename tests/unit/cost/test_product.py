"""Matrix products: tiles, waves and split-K against numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.cost.product import Pipeline, product_time, step_time
from phantomgpu.cost.split import split_cost_s, split_factor
from phantomgpu.cost.tiles import tile_count, waves


def a_pipeline(**changes):
    """Costs nothing beside the arithmetic, but for what a test adds."""
    values = {
        "step_cycles": 0.0, "depth": 0.0, "operand_bytes_per_cycle": 1e12, "tile_overhead": 0.0,
        "wave_smoothing": 0.0, "split_cycles": 0.0, "split_traffic": 0.0,
    }  # fmt: skip
    return Pipeline(**{name: np.array([[v]]) for name, v in (values | changes).items()})


FREE = a_pipeline()


def seconds(m=4096, n=4096, k=4096, batch=1, *, pipeline=FREE, most_parts=32, sms=100, rate=1e14):
    return float(
        product_time(
            m=np.array([float(m)]),
            n=np.array([float(n)]),
            k=np.array([float(k)]),
            batch=np.array([float(batch)]),
            element_bytes=np.array([2.0]),
            most_parts=np.array([float(most_parts)]),
            flops_per_s=np.array([[float(rate)]]),
            sm_count=np.array([[float(sms)]]),
            clock_hz=np.array([[1e9]]),
            cache_bytes_per_s=np.array([[1e13]]),
            pipeline=pipeline,
        ).seconds[0, 0]
    )


def test_product_that_fills_every_wave_runs_at_the_peak():
    # 100 tiles of 256 x 128 on 100 SMs.
    assert seconds(2560, 1280, 1024) == pytest.approx(2 * 2560 * 1280 * 1024 / 1e14)


def test_one_tile_too_many_costs_a_whole_wave():
    # 32 x 32 tiles only: 101 of them on 100 SMs.
    full, over = seconds(32, 32, 64, 100, sms=100), seconds(32, 32, 64, 101, sms=100)

    assert over == pytest.approx(2 * full)


def test_smoothing_charges_part_of_a_wave():
    half = waves(tiles=np.array([150.0]), slots=np.array([[100.0]]), smoothing=np.array([[0.5]]))

    assert half[0, 0] == pytest.approx(1.75)


def test_even_the_smallest_kernel_takes_one_wave():
    one = waves(tiles=np.array([1.0]), slots=np.array([[100.0]]), smoothing=np.array([[1.0]]))

    assert one[0, 0] == 1.0


def test_padding_to_a_tile_is_paid_for():
    assert tile_count(
        m=np.array([1.0]), n=np.array([129.0]), batch=np.array([3.0]), tile_m=64, tile_n=64
    ).tolist() == [9.0]


def test_long_thin_product_is_split_along_k():
    whole = seconds(64, 64, 65536, most_parts=1)
    split = seconds(64, 64, 65536)

    assert split < whole / 10


def test_product_is_cut_into_as_many_parts_as_the_library_offers():
    whole, few, many = (seconds(32, 32, 65536, most_parts=most) for most in (1, 8, 32))

    assert whole == pytest.approx(8 * few) == pytest.approx(32 * many)


def test_loads_hide_behind_arithmetic_where_a_kernel_does_both_at_once():
    arithmetic, loading = np.array([4.0]), np.array([1.0])

    together = step_time(arithmetic_s=arithmetic, loading_s=loading, overlaps=np.array([True]))
    in_turn = step_time(arithmetic_s=arithmetic, loading_s=loading, overlaps=np.array([False]))

    assert together[0] == pytest.approx(4.0, rel=1e-2)
    assert in_turn[0] == 5.0


def test_each_kernel_of_a_table_loads_in_its_own_way():
    one = np.array([1.0, 1.0])

    both = step_time(arithmetic_s=one, loading_s=one, overlaps=np.array([True, False]))

    assert both.tolist() == pytest.approx([2**0.25, 2.0])


def test_split_is_a_power_of_two_that_fits_one_wave():
    parts = split_factor(
        tiles=np.array([1.0, 3.0, 60.0, 1.0]),
        slots=np.array([[100.0]]),
        k=np.array([1e6, 1e6, 1e6, 128.0]),
    )

    assert parts.tolist() == [[32.0, 32.0, 1.0, 2.0]]


def test_one_part_needs_no_adding_up():
    cost = split_cost_s(
        parts=np.array([1.0, 4.0]),
        result_bytes=np.array([100.0, 100.0]),
        traffic=np.array([[2.0]]),
        cycles=np.array([[1000.0]]),
        clock_hz=np.array([[1e9]]),
        cache_bytes_per_s=np.array([[1e9]]),
    )

    assert cost.tolist() == [[0.0, 4 * 100 * 2 / 1e9 + 1e-6]]


def test_latency_of_a_step_bounds_a_small_tile():
    slow = a_pipeline(step_cycles=10.0)

    # 16 elements of k at 10 cycles of 1 ns.
    assert seconds(1, 1, 16, pipeline=slow) >= 160e-9


@given(
    st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 5000),
    st.floats(0.0, 1.0), st.floats(0.0, 200.0),
)  # fmt: skip
def test_no_product_is_faster_than_the_peak(m, n, k, smoothing, depth):
    pipeline = a_pipeline(
        step_cycles=1.0, depth=depth, operand_bytes_per_cycle=300.0, tile_overhead=2000.0,
        wave_smoothing=smoothing, split_cycles=5000.0, split_traffic=1.0,
    )  # fmt: skip

    assert seconds(m, n, k, pipeline=pipeline) >= 2.0 * m * n * k / 1e14 * (1 - 1e-12)


def test_small_tiles_are_fed_for_a_larger_part_of_their_time():
    # One 32 x 32 tile an SM: no larger one has work for all of them.
    free, fed = (seconds(32, 32, 64, 100, pipeline=a_pipeline(tile_overhead=w)) for w in (0, 1024))

    assert fed == pytest.approx(2 * free)


def test_partial_results_are_added_up_at_the_rate_of_the_cache():
    free = seconds(64, 64, 65536)
    added = seconds(64, 64, 65536, pipeline=a_pipeline(split_traffic=1.0))

    assert 0.0 < added - free <= 32 * 64 * 64 * 4 / 1e13  # in fp32


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 3000))
def test_more_flops_per_second_are_never_slower(m, n, k):
    assert seconds(m, n, k, rate=2e14) <= seconds(m, n, k, rate=1e14)
