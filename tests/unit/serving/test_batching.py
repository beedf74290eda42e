"""Times of requests among others, from times of passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.serving.batching import in_flight, static, waiting_steps

SECONDS = st.floats(1e-4, 1.0)


def times(prompt=0.2, step=0.01, concurrency=8, later=100, passes=1.0, lag=1.0, **more):
    found = in_flight(
        prompt_s=np.array([prompt]), step_s=np.array([step]), passes=passes,
        concurrency=concurrency, later_tokens=later, result_steps=lag, request_s=0.0, **more,
    )  # fmt: skip
    return float(found.ttft_s[0]), float(found.tpot_s[0])


def test_a_request_alone_waits_for_its_own_prompt_and_steps():
    assert times(concurrency=1) == (0.2, 0.01)


@given(SECONDS, SECONDS, st.integers(1, 256), st.integers(1, 4000), st.floats(1.0, 20.0))
def test_in_a_life_every_prompt_passes_once_and_no_work_is_lost(prompt, step, users, later, passes):
    ttft, tpot = times(prompt, step, users, later, passes)

    steps = later + waiting_steps(passes, 1.0, users)
    assert ttft + later * tpot == pytest.approx(users * prompt + steps * step)


@given(SECONDS, SECONDS, st.integers(1, 255), st.integers(1, 4000), st.booleans())
def test_one_more_request_makes_nobody_faster(prompt, step, users, later, together):
    few = times(prompt, step, users, later, together=together)
    many = times(prompt, step, users + 1, later, together=together)

    assert many[0] >= few[0] * (1 - 1e-12)
    assert many[1] >= few[1] * (1 - 1e-12)


def test_requests_of_equal_lengths_stay_one_behind_the_other():
    ttft, tpot = times(concurrency=16, later=127, together=True)

    # The step under way, its own, and the one before its token returns: each with one prompt.
    assert ttft == pytest.approx(3 * 0.2 + 3 * 0.01 * 15 / 16)
    assert tpot == pytest.approx(0.01 + 13 * 0.2 / 127)


def test_a_single_output_token_leaves_nothing_to_wait_for_but_the_prompts():
    assert times(later=0, concurrency=4)[0] == pytest.approx(4 * 0.2 + 3 * 0.01 * 3 / 4)


def test_static_batches_wait_for_all_prompts():
    found = static(prompts_s=np.array([0.8]), step_s=np.array([0.02]), request_s=0.1)

    assert (float(found.ttft_s[0]), float(found.tpot_s[0])) == (pytest.approx(0.9), 0.02)
    assert float(found.latency_s(10)[0]) == pytest.approx(1.1)
