"""Rows of language models: their weights and FLOPs are the published ones."""

import pytest

from phantomgpu.families import read_definition
from phantomgpu.validation.language import LanguageModel, language_workload, served_row
from phantomgpu.validation.models import model_outcomes, placed_rows
from tests.unit.validation.builders import a_model_row


@pytest.fixture(scope="module")
def totals(catalog, builtin):
    """Weight bytes read and matrix FLOPs of a row."""
    models = {
        name: LanguageModel(read_definition(builtin.open(f"{name}.json"), name=name))
        for name in ("llama-3-8b", "llama-3-70b")
    }

    def of(name="llama-3-8b", precision="fp16", text="tg512"):
        workload = language_workload(models[name], catalog.runtime("llama-cpp"), precision, text)
        if isinstance(workload, str):
            return workload
        kernels = workload.kernels
        return (
            float((kernels.weight_bytes * kernels.count).sum()),
            float((kernels.matrix_flops * kernels.count).sum()),
        )

    return of


def test_a_token_reads_every_weight_once(totals):
    weights, _ = totals()

    # 8.03 G parameters less the embedding, of which a token reads one row.
    assert weights == pytest.approx(2 * (8.03e9 - 128256 * 4096), rel=0.01)


def test_four_bits_read_less_than_a_third(totals):
    assert totals(precision="int4")[0] < totals()[0] / 3


def test_a_token_of_a_prompt_is_two_flops_for_each_weight(totals):
    in_layers, attended = 6.98e9, 2 * 2 * 32 * 4096 * 512

    assert totals(text="pp512")[1] == pytest.approx(512 * (2 * in_layers + attended), rel=0.01)


def test_a_single_row_is_multiplied_on_the_ordinary_units(totals):
    assert totals()[1] < 0.05 * 2 * 7.5e9


def test_a_prompt_of_four_chunks_is_more_than_four_prompts_of_one(totals):
    assert totals(text="pp2048")[1] > 3.9 * totals(text="pp512")[1]
    assert totals(text="pp2048")[0] == pytest.approx(4 * totals(text="pp512")[0])


def test_larger_model_reads_more(totals):
    assert totals("llama-3-70b")[0] > 8 * totals()[0]


def test_what_no_rule_covers_has_a_reason(totals):
    assert "neither tgN nor ppN" in totals(text="seq128")
    assert "islN_oslN" in served_row("fp8", "tg128")


def test_lengths_of_a_random_sweep_count_with_their_mean():
    drawn, held = served_row("fp8", "isl1024_osl8192"), served_row("fp16", "isl2048_osl128")

    assert (drawn.load.prompt_tokens, drawn.load.output_tokens, drawn.together) == (
        922,
        7373,
        False,
    )
    assert (held.load.prompt_tokens, held.load.output_tokens) == (2048, 128)
    assert (drawn.together, held.together) == (False, True)
    assert (drawn.load.kv_precision, held.load.kv_precision) == ("fp8", "fp16")


def llama_row(line=2, **columns):
    given = {
        "model": "Llama-3-8B", "runtime": "llama.cpp", "precision": "Q4_K_M", "batch": 1,
        "input": "tg512", "metric": "tokens/s", "value": 100,
    }  # fmt: skip
    return a_model_row(line, **(given | columns))


def test_row_of_a_language_model_needs_its_configuration_only(catalog, builtin):
    rows = [llama_row(), llama_row(3, precision="fp16", input="224x224")]

    said, unsaid = model_outcomes(placed_rows(rows, catalog, [builtin]), catalog)

    assert 10 < said.predicted < 100
    assert said.low < said.predicted < said.high
    assert "neither tgN nor ppN" in unsaid.reason


def served(catalog, builtin, **columns):
    given = {
        "model": "Qwen/Qwen3-32B", "gpu": "h100-sxm-80gb", "runtime": "trt-llm",
        "precision": "fp8", "batch": 8, "input": "isl1024_osl128", "metric": "tpot_ms", "value": 20,
    }  # fmt: skip
    row = a_model_row(**(given | columns))
    (outcome,) = model_outcomes(placed_rows([row], catalog, [builtin]), catalog)
    return outcome


def test_serving_rows_are_predicted_by_the_name_of_their_model(catalog, builtin):
    outcome = served(catalog, builtin)

    assert 10 < outcome.predicted < 40
    assert outcome.low < outcome.predicted < outcome.high
    assert outcome.roofline < outcome.predicted


def test_requests_that_do_not_fit_wait_for_their_turn(catalog, builtin):
    fits, waits = (
        served(catalog, builtin, metric="ttft_ms", batch=batch, input="isl4096_osl512")
        for batch in (32, 256)
    )

    assert waits.predicted > 10 * fits.predicted


def test_a_board_without_the_precision_has_a_reason(catalog, builtin):
    assert served(catalog, builtin, precision="fp4").reason == "h100-sxm-80gb has no peak for fp4"


def test_a_model_that_does_not_fit_at_all_has_a_reason(catalog, builtin):
    assert "does not fit" in served(catalog, builtin, gpu="l4").reason
