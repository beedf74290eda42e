"""Experts and latent attention, counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.ops.own import touched_experts
from tests.unit.ops.builders import asked

OWN = "phantomgpu"


def test_one_token_multiplies_by_the_experts_it_is_sent_to():
    done = asked("ExpertMatMul", [(1, 1, 32), (8, 32, 64), (1, 1, 2)], [(1, 1, 2, 64)], domain=OWN)

    assert done.macs == 2 * 32 * 64
    assert done.read[1] == 2 * 32 * 64
    assert (done.parallel.batch, done.parallel.m) == (2, 1)


def test_many_tokens_multiply_by_all_experts():
    done = asked(
        "ExpertMatMul", [(4, 256, 32), (8, 32, 64), (4, 256, 2)], [(4, 256, 2, 64)], domain=OWN
    )

    assert done.macs == 4 * 256 * 2 * 32 * 64
    assert done.read[1] == 8 * 32 * 64
    assert (done.parallel.batch, done.parallel.m) == (8, 4 * 256 * 2 // 8)


@given(experts=st.integers(1, 512), chosen=st.integers(1, 16), tokens=st.integers(1, 10_000))
def test_tokens_touch_at_least_their_own_and_at_most_all_experts(experts, chosen, tokens):
    touched = touched_experts(experts, chosen, tokens)

    assert min(chosen, experts) <= touched * (1 + 1e-12)
    assert touched <= min(experts, chosen * tokens) * (1 + 1e-12)
    assert touched <= touched_experts(experts, chosen, tokens + 1) * (1 + 1e-12)


def test_latents_are_keys_and_values_of_all_heads_and_read_once():
    batch, heads, latent, turned, past = 2, 16, 64, 8, 100
    done = asked(
        "LatentAttention",
        [
            (batch, 1, heads, latent), (batch, 1, heads, turned), (batch, 1, latent),
            (batch, 1, turned), (batch, past, latent), (batch, past, turned),
        ],
        [(batch, 1, heads, latent)],
        domain=OWN,
    )  # fmt: skip

    assert done.macs == batch * heads * (past + 1) * (2 * latent + turned)
    assert done.read[4:] == (batch * past * latent, batch * past * turned)
    assert done.parallel.kv_groups == heads


@pytest.mark.parametrize(("past", "read"), [(10, 10), (63, 63), (64, 63), (500, 63)])
def test_a_window_leaves_old_keys_in_the_cache(past, read):
    done = asked(
        "Attention",
        [(1, 4, 1, 16), (1, 2, 1, 16), (1, 2, 1, 16), None, (1, 2, past, 16), (1, 2, past, 16)],
        [(1, 4, 1, 16)],
        is_causal=1,
        left_window_size=63,
        opset=25,
    )

    assert done.read[4] == done.read[5] == 2 * read * 16
    assert done.macs == 4 * (read + 1) * 2 * 16
