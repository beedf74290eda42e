"""Language models by name: their weights and FLOPs are the published ones."""

import pytest

from phantomgpu.validation.language import LANGUAGE_MODELS, language_workload
from phantomgpu.validation.models import model_outcomes, placed_rows
from tests.unit.validation.builders import a_model_row


def totals(name="Llama-3-8B", precision="fp16", text="tg512"):
    kernels = language_workload(name, precision, text).kernels
    return (
        float((kernels.weight_bytes * kernels.count).sum()),
        float((kernels.matrix_flops * kernels.count).sum()),
    )


def test_a_token_reads_every_weight_once():
    weights, _ = totals()

    # 8.03 G parameters less the embedding, of which a token reads one row; the cache of 256 keys.
    assert weights == pytest.approx(2 * (8.03e9 - 128256 * 4096), rel=0.01)


def test_four_bits_read_less_than_a_third():
    assert totals(precision="Q4_K_M")[0] < totals()[0] / 3


def test_a_token_is_two_flops_for_each_weight():
    assert totals()[1] == pytest.approx(2 * 7.5e9, rel=0.01)


def test_a_prompt_goes_through_in_chunks():
    prompt = language_workload("Llama-3-8B", "fp16", "pp2048")

    assert prompt.batch == 2048
    assert max(prompt.kernels.m) < 2048 * 14336
    assert totals(text="pp2048")[1] > 3.9 * totals(text="pp512")[1]


def test_larger_model_reads_more():
    assert totals("Llama-3-70B")[0] > 8 * totals()[0]


@pytest.mark.parametrize(("precision", "text"), [("fp16", "seq128"), ("Q2_K", "tg128")])
def test_what_no_rule_covers_has_a_reason(precision, text):
    assert isinstance(language_workload("Llama-3-8B", precision, text), str)


def test_every_model_divides_its_width_among_its_heads():
    for model in LANGUAGE_MODELS.values():
        assert model.hidden % model.heads == 0
        assert model.heads % model.kv_heads == 0


def test_row_of_a_language_model_needs_no_graph(catalog):
    row = a_model_row(
        model="Llama-3-8B", runtime="llama.cpp", precision="Q4_K_M", batch=1, input="tg512",
        metric="tokens/s", value=100,
    )  # fmt: skip
    wrong = a_model_row(
        line=3,
        model="Llama-3-8B", runtime="llama.cpp", precision="fp16", batch=1, input="224x224",
        metric="tokens/s", value=100,
    )  # fmt: skip

    said, unsaid = model_outcomes(placed_rows([row, wrong], catalog, []), catalog)

    assert 10 < said.predicted < 100
    assert said.low < said.predicted < said.high
    assert "neither tgN nor ppN" in unsaid.reason
