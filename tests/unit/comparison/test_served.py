"""Served and composite models through a whole comparison: request, cells, problems."""

import pytest

from phantomgpu.comparison import compare, request_as_dict, request_from
from phantomgpu.errors import RequestError, UnknownNameError
from tests.unit.serving.builders import a_model, the_catalog

A100 = "a100-sxm-80gb"


def asked(**more):
    return request_from({"models": ["llama"], "gpus": [A100], "runtimes": ["vllm"], **more})


def cells(**more):
    model = a_model()
    found = compare(
        asked(**more), {"llama": model.main.graph}, the_catalog(), definitions={"llama": model}
    )
    return found.cells


def test_lengths_cache_and_steps_are_left_out_where_nothing_is_said():
    assert set(request_as_dict(asked())) == {"models", "gpus", "runtimes"}
    assert asked().load.prompt_tokens == 1024


def test_lengths_cache_and_steps_come_back_from_their_document():
    given = {"prompt_tokens": 2000, "output_tokens": 1, "kv_precision": "fp8", "steps": 30}

    document = request_as_dict(asked(**given))

    assert {name: document[name] for name in given} == given
    assert request_from(document) == asked(**given)


@pytest.mark.parametrize(
    "given",
    [{"prompt_tokens": 0}, {"output_tokens": -1}, {"steps": 1.5}, {"prompt_tokens": "many"},
     {"steps": 10**9}, {"output_tokens": True}],
)  # fmt: skip
def test_lengths_that_cannot_be_are_refused(given):
    with pytest.raises(RequestError):
        asked(**given)


@pytest.mark.parametrize("name", ["fp4", "", 8])
def test_a_cache_in_an_unknown_width_is_refused(name):
    with pytest.raises(UnknownNameError, match="a cache cannot be kept in"):
        asked(kv_precision=name)


def test_the_batch_of_a_served_model_is_the_requests_at_once():
    one, many = cells(batches=[1, 32])

    assert (one.serving.concurrency, many.serving.concurrency) == (1, 32)
    assert many.throughput_per_s == pytest.approx(many.serving.requests_per_s)
    assert many.latency_s == pytest.approx(many.serving.ttft_s + 255 * many.serving.tpot_s)
    assert many.serving.tokens_per_s > one.serving.tokens_per_s


def test_memory_of_a_cell_grows_by_the_cache_of_each_request():
    few, many = cells(batches=[8, 9], prompt_tokens=4096)

    assert many.memory_bytes - few.memory_bytes == many.serving.kv_bytes - few.serving.kv_bytes
    assert many.serving.kv_bytes == 9 * (4096 + 256) * many.serving.kv_bytes_per_token


def test_what_does_not_fit_says_at_which_concurrency_prompt_and_cache_it_would():
    (cell,) = cells(batches=[100_000], prompt_tokens=2048, output_tokens=512)

    assert cell.problem.code == "memory"
    assert cell.problem.largest_batch == cell.serving.largest_batch
    assert cell.serving.ttft_s is None
    assert f"fits at concurrency {cell.problem.largest_batch} or less" in cell.problem.fix
    (fits,) = cells(batches=[cell.problem.largest_batch], prompt_tokens=2048, output_tokens=512)
    (above,) = cells(batches=[cell.problem.largest_batch + 1], prompt_tokens=2048,
                     output_tokens=512)  # fmt: skip
    assert fits.problem is None
    assert above.problem is not None
    assert "with an fp8 cache" in above.problem.fix
    assert "with a prompt of 2,047 tokens or fewer" in above.problem.fix


def test_a_model_without_a_definition_is_not_served():
    model = a_model()
    request = asked(batches=[2], dims={"sequence": 16, "past": 16})

    (cell,) = compare(request, {"llama": model.main.graph}, the_catalog()).cells

    assert cell.serving is None
