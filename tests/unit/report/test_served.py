"""Served models in words, tables and charts."""

import pytest

from phantomgpu.comparison import compare, request_from
from phantomgpu.report.json import comparison_json
from phantomgpu.report.sentence import winner_sentences
from phantomgpu.report.served_charts import served_charts
from phantomgpu.report.table import CSV_COLUMNS, csv_text, markdown_text
from tests.unit.report.builders import a_full_comparison
from tests.unit.serving.builders import a_model, the_catalog

LARGE = 200_000


@pytest.fixture(scope="module")
def comparison():
    model = a_model()
    request = request_from(
        {
            "models": ["llama"], "gpus": ["a100-sxm-80gb", "t4"], "runtimes": ["vllm"],
            "batches": [1, 16, LARGE], "prompt_tokens": 500, "output_tokens": 100,
        }
    )  # fmt: skip
    return compare(
        request, {"llama": model.main.graph}, the_catalog(), definitions={"llama": model}
    )


def test_the_sentence_tells_rate_and_first_token_of_each_user(comparison):
    (sentence,) = winner_sentences(comparison, {"llama": "Llama"})

    assert sentence.startswith("A100 SXM4 80GB in fp16 under vLLM gives each of 16 users of Llama ")
    assert "tokens/s" in sentence
    assert "the first after" in sentence
    assert "(500 tokens in, 100 out, fp16 cache)" in sentence


def test_a_request_longer_than_the_model_was_made_for_is_said():
    model = a_model()
    request = request_from(
        {"models": ["llama"], "gpus": ["t4"], "runtimes": ["vllm"], "prompt_tokens": 4000}
    )
    found = compare(
        request, {"llama": model.main.graph}, the_catalog(), definitions={"llama": model}
    )

    assert "made for 4,096 tokens, not 4,256" in winner_sentences(found)[0]


def test_the_document_has_what_the_contract_names(comparison):
    cells = comparison_json(comparison)["cells"]

    assert list(cells[0]["serving"]) == [
        "ttft_ms", "ttft_low_ms", "ttft_high_ms", "tpot_ms", "tpot_low_ms", "tpot_high_ms",
        "tokens_per_s", "tokens_per_s_per_user", "requests_per_s", "kv_bytes",
        "kv_bytes_per_token", "weight_bytes", "largest_batch",
    ]  # fmt: skip
    assert cells[2]["problem"]["code"] == "memory"
    assert cells[2]["serving"]["ttft_ms"] is None
    assert cells[2]["serving"]["largest_batch"] < LARGE


def test_the_csv_has_columns_of_served_models_where_there_is_one(comparison):
    header, first, *_ = csv_text(comparison).splitlines()

    assert header.startswith(",".join(CSV_COLUMNS))
    assert header.endswith("weight_bytes,largest_batch")
    assert len(first.split(",")) == len(header.split(","))
    assert csv_text(a_full_comparison()).splitlines()[0] == ",".join(CSV_COLUMNS)


def test_the_markdown_table_has_first_token_and_time_per_token(comparison):
    lines = markdown_text(comparison).splitlines()

    assert "First token, ms" in lines[0]
    assert "Tokens/s per user" in lines[0]
    assert len(lines) == 2 + 6
    assert len({line.count(" | ") for line in lines if not line.startswith("|--")}) == 1


def test_curves_stand_against_concurrency_with_a_rule_where_memory_ends(comparison):
    charts = served_charts(comparison)

    assert list(charts) == ["tokens_by_concurrency", "tpot_by_concurrency", "ttft_by_concurrency"]
    for chart in charts.values():
        assert {value["concurrency"] for value in chart["data"]["values"]} == {1, 16}
        rule = chart["layer"][-1]
        assert rule["mark"]["type"] == "rule"
        assert all(16 < value["concurrency"] < LARGE for value in rule["data"]["values"])


def test_a_comparison_without_such_a_model_has_no_such_curves():
    assert served_charts(a_full_comparison()) == {}
