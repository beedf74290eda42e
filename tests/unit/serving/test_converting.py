"""Products in a library of 16 bits, and what is converted around them."""

import numpy as np
import pytest

from phantomgpu.workload import FAMILIES, PEAKS
from tests.unit.serving.builders import a_run

PROMPT = {"prompt_tokens": 512, "output_tokens": 64}


def a_prompt(precision="int4", **serving):
    """The pass over a prompt of 512 tokens under llama.cpp."""
    run = a_run(runtime="llama-cpp", serving=serving, **PROMPT)
    return run.generating.stages.at(1)[0].at(1, precision)


def a_step(precision="int4", kv_precision="fp16", **serving):
    """A step after it."""
    run = a_run(runtime="llama-cpp", serving=serving, kv_precision=kv_precision, **PROMPT)
    return run.generating.stages.at(1)[-1].at(1, precision)


def named(workload, op):
    """Rows that do one thing."""
    return [at for at, name in enumerate(workload.names) if name.op == op]


def total(workload, column, rows):
    """Of some rows, each as often as it is launched."""
    kernels = workload.kernels
    return float(np.sum((getattr(kernels, column) * kernels.count)[rows]))


def test_each_weight_of_a_large_product_is_unpacked_once():
    prompt = a_prompt()
    in_layers = 4 * (512 * 512 * 2 + 2 * 512 * 128 + 3 * 512 * 1024)

    written = total(prompt, "write_bytes", named(prompt, "Unpack"))

    assert written == 2 * in_layers


def test_weights_of_16_bits_are_not_unpacked():
    assert named(a_prompt("fp16"), "Unpack") == []


def test_large_products_add_up_in_16_bits():
    prompt = a_prompt()
    kernels = prompt.kernels
    large = (kernels.family == FAMILIES.index("matmul")) & (kernels.m > 64)

    assert set(kernels.peak[large].tolist()) == {PEAKS.index("fp16_accumulate")}


def test_attention_does_the_whole_square_and_keeps_its_scores():
    prompt, heads, layers = a_prompt(), 8, 4
    squares = layers * heads * 512 * 512

    assert total(prompt, "write_bytes", named(prompt, "Softmax")) == 4 * squares
    assert total(prompt, "special_flops", named(prompt, "Softmax")) == squares


def test_keys_and_values_are_read_in_the_width_of_the_cache():
    wide, narrow = a_step(), a_step(kv_precision="fp8")
    attended, kept = 512 + 64 // 2, 2 * 4 * 128

    less = float(
        np.sum(wide.kernels.read_bytes * wide.kernels.count)
        - np.sum(narrow.kernels.read_bytes * narrow.kernels.count)
    )

    assert less == pytest.approx(kept * attended, rel=0.01)


def test_without_a_library_nothing_is_added():
    plain = a_prompt(library_rows=0)

    assert {"Unpack", "Convert", "Softmax"}.isdisjoint(name.op for name in plain.names)


def test_every_kernel_has_a_name():
    prompt = a_prompt()

    assert len(prompt.names) == len(prompt.kernels)


def test_activations_are_narrowed_in_front_of_each_dense_product():
    run = a_run(runtime="vllm", **PROMPT)
    apart = run.generating.stages.at(1)[-1].at(1, "fp8")
    inside = a_run(runtime="vllm", serving={"quantises": ()}, **PROMPT)
    plain = inside.generating.stages.at(1)[-1].at(1, "fp8")

    quantised = named(apart, "Quantize")

    assert apart.kernels.count[quantised].tolist() == [4.0] * 4
    assert len(apart.kernels) == len(plain.kernels) + len(quantised)
