"""Fused attention against numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from phantomgpu.cost.attention import BlockCosts, attention_time, keys_attended
from phantomgpu.cost.parting import Parting
from phantomgpu.cost.product import Pipeline

FREE = Pipeline(*(np.array([[value]]) for value in (0.0, 0.0, 1e12, 0.0, 0.0, 0.0)))

FASTEST = Parting(np.zeros((1, 1)), np.ones((1, 1)), np.zeros((1, 1)) > 0.0)


def seconds(
    queries=1024,
    keys=1024,
    heads=100,
    groups=1,
    causal=0.0,
    width=128,
    pipeline=FREE,
    parting=FASTEST,
    **block,
):
    costs = {"score_cycles": 0.0, "key_cycles": 0.0, "start_cycles": 0.0, "element_cycles": 0.0,
             "overlap_sharpness": 1.0, "can_split": True, "least_rows": 16.0}  # fmt: skip
    costs.update(block)
    columns = {name: np.array([[value]]) for name, value in costs.items()}
    return float(
        attention_time(
            queries=np.array([float(queries)]),
            keys=np.array([float(keys)]),
            width=np.array([float(width)]),
            heads=np.array([float(heads)]),
            kv_groups=np.array([float(groups)]),
            causal=np.array([causal]),
            element_bytes=np.array([2.0]),
            flops_per_s=np.array([[1e14]]),
            sm_count=np.array([[100.0]]),
            clock_hz=np.array([[1e9]]),
            block=BlockCosts(parting=parting, **columns),
            pipeline=pipeline,
        )[0, 0]
    )


def test_prompt_runs_at_the_sustained_rate():
    assert seconds() == pytest.approx(4 * 100 * 1024 * 1024 * 128 / 1e14)


def test_causal_mask_halves_a_long_prompt():
    assert seconds(causal=1.0) == pytest.approx(seconds() / 2, rel=1e-3)


def test_a_new_token_attends_to_all_past_ones():
    assert keys_attended(
        queries=np.array([1.0]), keys=np.array([500.0]), causal=np.array([1.0])
    ).tolist() == [500.0]


def test_heads_that_share_keys_share_a_block_when_decoding():
    # 8 heads to a KV head fit one block of 16 queries; alone each fills one of its own.
    assert seconds(1, 4096, 6400, groups=8) == pytest.approx(seconds(1, 4096, 6400) / 8)


def test_few_long_sequences_are_split_over_the_keys():
    assert seconds(1, 65536, 1) < seconds(1, 65536, 64) / 1.5


def test_softmax_costs_cycles_for_each_score():
    softmax = seconds(score_cycles=0.1) - seconds()

    assert softmax == pytest.approx(1024 * 1024 * 0.1 / 1e9)


def test_exponentials_hide_behind_products_that_take_longer():
    # The products of a score take half a cycle, its exponential a tenth of that.
    hidden = seconds(score_cycles=0.05, overlap_sharpness=8.0) / seconds()

    assert 1.0 <= hidden < 1.001


def test_short_keys_are_not_split_where_adding_up_costs_more():
    slow_sum = replace(FREE, split_cycles=np.array([[1e6]]))

    assert seconds(1, 1024, 1, pipeline=slow_sum) == pytest.approx(
        seconds(1, 1024, 1, can_split=False)
    )


def test_block_loads_its_queries_and_stores_its_result():
    # 100 heads on 100 SMs, blocks of 16 queries, 128 wide.
    assert seconds(1, 1024, 100, element_cycles=1.0, can_split=False) - seconds(
        1, 1024, 100, can_split=False
    ) == pytest.approx(16 * 128e-9)


def test_each_block_costs_its_start_and_end():
    # 100 heads x 8 blocks of 128 queries on 100 SMs: 8 waves.
    assert seconds(start_cycles=1000.0) - seconds() == pytest.approx(8e-6)


def test_a_kernel_that_does_not_split_walks_all_keys_in_one_block():
    # One sequence, one head: one block, 1000 cycles of 1 ns for each key.
    whole = seconds(1, 65536, 1, key_cycles=1000.0, can_split=False)

    assert whole == pytest.approx(65536e-6, rel=0.05)
    assert seconds(1, 65536, 1, key_cycles=1000.0) < whole / 50


def test_block_with_room_for_more_queries_takes_as_long_for_few():
    # One query of 8 heads: a sixteenth of 128 rows, an eighth of 64.
    few, many = (seconds(1, 4096, 6400, groups=8, least_rows=rows) for rows in (8.0, 64.0))

    assert many == pytest.approx(8 * few)
