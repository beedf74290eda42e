"""Weights and cache are the closed formulas, and a point fits right up to the edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.families.definition import Generation
from phantomgpu.serving.cache import cache_bytes, cache_bytes_per_token, longest_sequence
from tests.unit.serving.builders import a_model, a_run

KEPT = 2 * 4 * 2 * 64
"""Elements of a token: keys and values, 4 layers, 2 heads of 64."""


@pytest.mark.parametrize(("kv", "width"), [("fp16", 2), ("fp8", 1), ("int8", 1)])
def test_the_cache_is_two_by_layers_by_heads_by_width_by_tokens_by_requests(kv, width):
    memory = a_run(kv_precision=kv, prompt_tokens=1000, output_tokens=200).generating.memory

    assert memory.cache_bytes(7) == 7 * 1200 * KEPT * width
    assert memory.cache_bytes_per_token == KEPT * width


def test_a_window_keeps_no_more_than_its_tokens():
    memory = a_run("windowed", prompt_tokens=1000, output_tokens=200).generating.memory

    assert memory.cache_bytes(3) == 3 * (1200 + 128) * KEPT // 2 * 2


@pytest.mark.parametrize(("precision", "bits"), [("fp16", 16), ("fp8", 8)])
def test_weights_are_the_parameters_at_their_width(precision, bits):
    model = a_model()
    embedding_and_head = 2 * 1000 * 512
    norms = 9 * 512
    wide = embedding_and_head + norms

    assert a_run().generating.memory.weight_bytes(precision) == pytest.approx(
        (model.parameters - wide) * bits / 8 + 2 * wide, rel=1e-4
    )


def test_the_last_product_stays_in_16_bits_where_the_runtime_keeps_it():
    kept = a_run().generating.memory.weight_bytes("int4")
    narrowed = a_run(serving={"kept": ()}).generating.memory.weight_bytes("int4")

    assert kept - narrowed == pytest.approx(1000 * 512 * (16 - 4.25) / 8, rel=1e-4)


def test_the_last_product_has_the_bits_that_the_runtime_stores_it_in():
    memory = a_run(runtime="llama-cpp").generating.memory
    wide = a_run(runtime="llama-cpp", serving={"head_bits": {}}).generating.memory

    less = wide.weight_bytes("int4") - memory.weight_bytes("int4")
    assert less == pytest.approx(1000 * 512 * (16 - 6.5625) / 8, rel=1e-4)


def test_routers_stay_in_16_bits_where_the_runtime_keeps_them():
    kept = a_run("experts").generating.memory.weight_bytes("fp8")
    narrowed = a_run("experts", serving={"kept": ("lm_head",)}).generating.memory

    assert kept - narrowed.weight_bytes("fp8") == 2 * 512 * 16


def test_scales_beside_narrow_weights_count():
    plain = a_run(serving={"weight_bits": {}}).generating.memory.weight_bytes("int4")
    scaled = a_run(serving={"weight_bits": {"int4": 5.0}}).generating.memory.weight_bytes("int4")

    products = a_model().parameters - 2 * 1000 * 512 - 9 * 512
    assert scaled - plain == pytest.approx(products / 8, rel=1e-4)


def test_needed_bytes_are_the_sum_of_their_parts():
    run = a_run()
    memory, runtime = run.generating.memory, run.generating.stages.runtime

    assert run.needed_bytes(5, "fp16") == (
        memory.weight_bytes("fp16") + memory.cache_bytes(5)
        + memory.activation_bytes(5, "fp16") + runtime.workspace_bytes + runtime.context_bytes
    )  # fmt: skip


@pytest.mark.parametrize("runtime", ["llama-cpp", "pytorch-eager"])
def test_the_largest_batch_fits_and_the_next_one_does_not(runtime):
    run = a_run(runtime=runtime)
    limit = run.needed_bytes(37, "fp16")

    largest = run.generating.memory.largest_batch(limit, "fp16")

    assert run.needed_bytes(largest, "fp16") <= limit < run.needed_bytes(largest + 1, "fp16")
    assert run.generating.memory.largest_batch(limit - 1, "fp16") < largest


@pytest.mark.parametrize(
    ("runtime", "of_board", "of_free"), [("vllm", 0.9, 1.0), ("trt-llm", 1.0, 0.9)]
)
def test_the_largest_batch_is_what_the_runtime_leaves_its_cache(runtime, of_board, of_free):
    board = 80 * 2**30
    run = a_run(runtime=runtime, prompt_tokens=1024, output_tokens=256)
    memory = run.generating.memory
    # From a full chunk on, more requests add cache and nothing else.
    others = run.needed_bytes(1000, "fp16") - memory.cache_bytes(1000)

    largest = memory.largest_batch(board, "fp16")

    assert largest == int(of_free * (int(of_board * board) - others)) // memory.cache_bytes(1)


@given(st.integers(2 * 2**30, 80 * 2**30), st.sampled_from(["vllm", "trt-llm", "llama-cpp"]))
def test_a_run_fits_up_to_the_largest_batch_and_not_beyond(board, runtime):
    memory = a_run(runtime=runtime).generating.memory

    def fits(batch):
        return memory.needed_bytes(batch, "fp16") <= memory.usable_bytes(board, batch, "fp16")

    largest = memory.largest_batch(board, "fp16")

    assert largest == 0 or fits(largest)
    assert not fits(largest + 1)


def test_no_runtime_takes_more_than_the_board_has():
    for runtime in ("vllm", "trt-llm", "sglang", "llama-cpp"):
        memory = a_run(runtime=runtime).generating.memory

        assert memory.usable_bytes(2**34, 8, "fp16") <= 2**34


def test_activations_grow_no_further_than_a_chunk():
    memory = a_run().generating.memory

    assert memory.activation_bytes(64, "fp16") == memory.activation_bytes(128, "fp16")
    assert memory.activation_bytes(2, "fp16") < memory.activation_bytes(64, "fp16")


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(0, 5000), st.integers(0, 5000))
def test_the_longest_sequence_fits_and_one_token_more_does_not(free, requests, kept, windowed):
    one = Generation(2, kept + 1, windowed, 16)

    tokens = longest_sequence(one, free, sequences=requests, element_bytes=2.0)

    def needed(tokens):
        return cache_bytes(one, tokens=tokens, sequences=requests, element_bytes=2.0)

    assert tokens == 0 or needed(tokens) <= free
    assert needed(tokens + 1) > free


def test_latent_attention_keeps_what_its_generation_says():
    latent = Generation(layers=61, cache_elements_per_token=61 * (512 + 64))

    assert cache_bytes_per_token(latent, element_bytes=2.0) == 70_272
