"""What users of a served model wait for, in the limits that are known."""

import numpy as np
import pytest

from phantomgpu.cost import predict
from tests.unit.serving.builders import a_model, a_run, served, the_catalog

A100 = "a100-sxm-80gb"


def at(kind="llama", concurrency=4, precision="fp16", runtime="vllm", **load):
    found = served(a_run(kind, runtime, **load), concurrency, precision=precision)
    return found.ttft_s, found.tpot_s


@pytest.mark.parametrize("runtime", ["vllm", "trt-llm", "llama-cpp", "pytorch-eager"])
def test_longer_prompts_and_outputs_are_never_faster(runtime):
    short, long = (at(runtime=runtime, prompt_tokens=tokens) for tokens in (256, 2048))
    more = at(runtime=runtime, output_tokens=513)

    assert long[0] > short[0]
    assert long[1] >= short[1]
    assert more[1] * 512 > at(runtime=runtime)[1] * 64


@pytest.mark.parametrize("runtime", ["vllm", "trt-llm", "llama-cpp", "pytorch-eager"])
@pytest.mark.parametrize("kind", ["llama", "experts", "windowed"])
def test_more_requests_at_once_give_all_more_and_each_less(runtime, kind):
    run = a_run(kind, runtime)
    found = [served(run, users) for users in (2, 4, 8, 32, 128)]

    each = np.array([one.tokens_per_s_per_user for one in found])
    together = np.array([one.tokens_per_s for one in found])
    # Tiles and splits of products make a step of more rows a hair shorter here and there.
    assert (each[1:] <= each[:-1] * 1.015).all()
    assert (together[1:] > together[:-1]).all()


def test_the_whole_request_is_its_first_token_and_the_others():
    run = a_run()
    (outcome,) = run.at("fp16", [8], [the_catalog().gpu(A100)])
    one = outcome.served[0]

    assert outcome.estimate.latency_s[0] == pytest.approx(one.ttft_s + 64 * one.tpot_s)
    assert one.requests_per_s == pytest.approx(8 / outcome.estimate.latency_s[0])
    assert one.tokens_per_s == pytest.approx(65 * one.requests_per_s)
    assert one.ttft_low_s < one.ttft_s < one.ttft_high_s
    assert one.tpot_low_s < one.tpot_s < one.tpot_high_s


def test_a_step_in_the_middle_stands_for_all_of_them():
    run = a_run(prompt_tokens=512, output_tokens=257)
    stage = run.generating.stages.at(4)[-1]
    gpu, runtime = the_catalog().gpu(A100), the_catalog().runtime("vllm")

    def step_s(past):
        other = a_run(prompt_tokens=past, output_tokens=1).generating.stages.at(4)[-1]
        return predict([other.at(1, "fp16")], [gpu], runtime)[0].latency_s[0]

    middle = predict([stage.at(1, "fp16")], [gpu], runtime)[0].latency_s[0]
    assert middle == pytest.approx(
        np.mean([step_s(past) for past in range(512, 769, 32)]), rel=0.01
    )


def test_a_narrower_cache_is_read_faster_and_not_otherwise_different():
    wide, narrow = (
        a_run(kv_precision=name, prompt_tokens=4000).generating.stages.at(64)[-1].at(1, "fp16")
        for name in ("fp16", "fp8")
    )

    saved = float(
        ((wide.kernels.read_bytes - narrow.kernels.read_bytes) * wide.kernels.count).sum()
    )
    assert saved == pytest.approx(64 * (4000 + 33) * 2 * 4 * 2 * 64, rel=0.01)
    assert wide.weight_bytes == narrow.weight_bytes
    assert (
        at(concurrency=64, prompt_tokens=4000, kv_precision="fp8")[1]
        < (at(concurrency=64, prompt_tokens=4000)[1])
    )


def test_few_tokens_touch_few_experts():
    def expert_bytes(users):
        kernels = a_run("experts").generating.stages.at(users)[-1].at(1, "fp16").kernels
        return float((kernels.weight_bytes * kernels.count)[kernels.batch > 1].sum())

    whole = 2 * 3 * 16 * 512 * 1024 * 2
    assert expert_bytes(1) == pytest.approx(whole * 2 / 16, rel=0.01)
    assert expert_bytes(8) == pytest.approx(whole * (1 - (14 / 16) ** 8), rel=0.01)
    assert expert_bytes(256) == pytest.approx(whole, rel=0.01)


def test_a_long_prompt_takes_several_passes():
    stages = a_run(runtime="llama-cpp", prompt_tokens=2048).generating.stages

    prompt = stages.at(1)[0]
    assert (prompt.times, prompt.past) == (4.0, 768)


def test_a_board_without_the_peak_has_no_times():
    run = a_run()
    (outcome,) = run.at("fp4", [1], [the_catalog().gpu(A100)])

    assert not outcome.estimate.supported[0]


def test_parameters_are_counted_by_the_definition():
    assert a_model().parameters > 4 * 3 * 512 * 1024
