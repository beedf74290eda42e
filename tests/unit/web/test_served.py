"""Language models and models of steps on the page: what is asked, what users get."""

import re

import pytest

from phantomgpu.report.table import csv_text
from tests.unit.web.builders import a_cell, a_failing_cell, a_gpu, a_request, a_state
from tests.unit.web.test_page import Tags
from web.catalog import page_catalog
from web.page import regions
from web.query import group_of, job, model_choices, shown_cells
from web.served import generates, kind_of, served_verdict
from web.state import after
from web.table import as_csv, as_markdown

GPUS = {gpu: a_gpu(gpu) for gpu in ("t4", "l4", "l40s")}


def words(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace("\u00a0", " ").split())


def a_served_cell(gpu="t4", batch=8, tpot_ms=20.0, **fields):
    serving = {
        "ttft_ms": 10 * tpot_ms, "ttft_low_ms": 8 * tpot_ms, "ttft_high_ms": 12 * tpot_ms,
        "tpot_ms": tpot_ms, "tpot_low_ms": 0.8 * tpot_ms, "tpot_high_ms": 1.2 * tpot_ms,
        "tokens_per_s": 1000 * batch / tpot_ms, "tokens_per_s_per_user": 1000 / tpot_ms,
        "requests_per_s": 4.0, "kv_bytes": 2**30, "kv_bytes_per_token": 131072,
        "weight_bytes": 2**34, "largest_batch": 68,
    }  # fmt: skip
    cell = a_cell(gpu, batch, 256 * tpot_ms, model="llama", runtime="vllm", serving=serving)
    return cell | fields


def a_served_state(*cells):
    state = after(a_state(shown_batch=8), {"type": "model_chosen", "id": "llama"})
    event = {"type": "compared", "request": state["request"], "made": "tab"}
    shown = list(cells) or [a_served_cell("t4"), a_served_cell("l4", tpot_ms=40.0)]
    return after(state, event | {"comparison": {"cells": shown}})


def test_language_model_is_asked_for_tokens_under_a_runtime_that_serves():
    state = after(a_state(), {"type": "model_chosen", "id": "llama"})

    assert state["request"]["runtimes"] == ["vllm"]
    fields = regions(state, 720)["load"]
    assert "Prompt tokens" in fields
    assert "KV cache" in fields
    assert "Steps" not in fields


def test_model_of_steps_is_asked_for_their_number():
    fields = regions(after(a_state(), {"type": "model_chosen", "id": "sdxl"}), 720)["load"]

    assert "Steps" in fields
    assert "Prompt tokens" not in fields


def test_model_of_one_pass_is_asked_for_nothing_more():
    assert regions(a_state(), 720)["load"] == ""
    assert regions(a_state(), 720)["batch-title"] == "Batch sizes"


def test_image_model_after_a_language_model_runs_under_its_own_runtime_again():
    state = after(a_served_state(), {"type": "model_chosen", "id": "resnet50"})

    assert state["request"]["runtimes"] == ["tensorrt"]


def test_lengths_that_are_typed_are_compared():
    state = after(a_served_state(), {"type": "load_set", "field": "prompt_tokens", "text": "4,096"})
    state = after(state, {"type": "load_set", "field": "kv_precision", "text": "fp8"})

    assert state["request"]["prompt_tokens"] == 4096
    assert state["request"]["kv_precision"] == "fp8"
    assert job(state)[0] == "compare"


def test_emptied_length_goes_back_to_the_usual_one():
    state = after(a_served_state(), {"type": "load_set", "field": "output_tokens", "text": "9"})

    state = after(state, {"type": "load_set", "field": "output_tokens", "text": ""})

    assert state["request"]["output_tokens"] == 256


@pytest.mark.parametrize("text", ["many", "0", "-1", "1.5"])
def test_length_that_is_no_number_is_an_error_and_changes_nothing(text):
    state = after(a_served_state(), {"type": "load_set", "field": "prompt_tokens", "text": text})

    assert state["request"]["prompt_tokens"] == 1024
    assert "prompt tokens" in state["error"]["what"]


def test_table_has_what_users_wait_for():
    table = regions(a_served_state(), 720)["table"]

    heads = re.findall(r"data-key='(\w+)'", table)
    assert heads == ["gpu", "ttft_ms", "tpot_ms", "tokens_per_s", "memory_bytes", "bound", "basis"]
    assert "200 ms" in words(table)
    assert "50.0 each user" in words(table)
    assert "1 GB cache · up to 68 at once" in words(table)


def test_rows_are_sorted_by_what_users_get():
    state = a_served_state()

    state = after(state, {"type": "sorted", "key": "tokens_per_s"})
    assert [cell["gpu"] for cell in shown_cells(state)] == ["t4", "l4"]
    state = after(state, {"type": "sorted", "key": "tokens_per_s"})
    assert [cell["gpu"] for cell in shown_cells(state)] == ["l4", "t4"]


def test_sentence_says_what_each_user_gets():
    said = regions(a_served_state(), 720)

    assert words(said["headline"]) == (
        "T4 serves Llama fastest: 50.0 tokens/s for each of 8 users, likely 41.7 to 62.5 , "
        "the first after 200 ms ."
    )
    assert "With 1,024 tokens in, 256 out, fp16 cache." in said["reason"]
    assert "2.00 times the tokens of the L4." in said["reason"]


def test_sentence_does_not_claim_what_the_intervals_do_not_bear():
    cells = [a_served_cell("t4"), a_served_cell("l4", tpot_ms=21.0)]

    said = served_verdict(cells, GPUS, "Llama", a_request())

    assert "should serve" in said["headline"]
    assert "Too close to call against L4" in said["reason"]


def test_what_hears_sound_is_given_no_tokens():
    said = served_verdict([a_served_cell("t4")], GPUS, "Whisper", a_request(), "sound")

    assert "With 30 s of sound in, 256 tokens out, fp16 cache." in said["reason"]


@pytest.mark.parametrize(
    ("task", "file", "kind"),
    [
        ("text generation", "x.json", "tokens"),
        ("text to text", "x.json", "words"),
        ("speech recognition", "x.json", "sound"),
        ("images from text", "x.json", "steps"),
        ("speech recognition", "x.onnx", ""),
    ],
)
def test_what_a_model_is_asked_for_follows_from_what_describes_it(task, file, kind):
    model = {
        "id": "m", "title": "M", "task": task, "file": file, "parameters": 1, "aliases": [],
        "builtin": True,
    }  # fmt: skip

    entry = page_catalog("", [model], [], [], [])["models"][0]

    assert entry["asks"] == kind
    assert generates(kind) == (kind in {"tokens", "words", "sound"})


def test_board_that_cannot_serve_stays_and_says_what_would():
    failing = a_failing_cell("l4", model="llama", runtime="vllm")
    failing["serving"] = dict.fromkeys(a_served_cell()["serving"])

    said = regions(a_served_state(a_served_cell("t4"), failing), 720)

    assert "L4 cannot serve it like this" in said["reason"]
    assert "Needs 31.2 of 24 GB" in said["table"]


def test_curve_is_of_tokens_against_requests_at_once():
    said = regions(a_served_state(a_served_cell("t4", 1), a_served_cell("t4", 8)), 720)

    assert "tokens/s" in said["curve"]
    assert "concurrent requests" in said["curve"]
    assert "First token" in said["metrics"]
    assert said["curve-heading"] == "Against requests at once"


def test_curve_of_the_next_image_model_is_of_samples_again():
    state = after(a_served_state(), {"type": "model_chosen", "id": "resnet50"})
    event = {"type": "compared", "request": state["request"], "made": "tab"}

    state = after(state, event | {"comparison": {"cells": [a_cell("t4", 8)]}})

    assert state["metric"] == "throughput_per_s"


def test_rate_below_one_a_second_is_told_by_the_minute():
    table = regions(a_state(a_cell("t4", 8, 16000.0), shown_batch=8), 720)["table"]

    assert "30.0 /min" in words(table)


def test_every_region_of_a_served_model_is_well_formed():
    for name, html in regions(a_served_state(), 720).items():
        tags = Tags()
        tags.feed(html)
        assert tags.open == [], name


def test_csv_of_a_language_model_is_that_of_the_command_line(app):
    request = {
        "models": ["llama-3-8b"], "gpus": ["l4", "h100-sxm-80gb"], "runtimes": ["vllm"],
        "batches": [1, 64],
    }  # fmt: skip

    assert as_csv(app.compare(request)["cells"]) == csv_text(app.comparison(request))


def test_markdown_of_a_language_model_has_what_users_wait_for():
    cells = [a_served_cell("t4"), a_failing_cell("l4", model="llama")]
    cells[1]["serving"] = dict.fromkeys(cells[0]["serving"])

    lines = as_markdown(cells, {}, {"llama": "Llama"}).splitlines()

    assert "first token, ms" in lines[0]
    assert lines[2] == "| Llama | t4 | 8 | fp16 | vllm | 200 | 20.0 | 400 | 50.0 | 1.00 |"
    assert "needs 31.2 of 24 GB" in lines[3]
    assert {line.count("|") for line in lines} == {11}


def test_models_stand_on_their_shelves_until_one_searches():
    found = [group_of(model) for model in model_choices(a_state())]

    assert found == sorted(found, key=["Vision", "Language", "Image generation", "Audio"].index)
    assert kind_of(a_state(), "sdxl") == "steps"
