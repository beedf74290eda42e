"""What each event makes of the page's state, and what the engine is asked next."""

from copy import deepcopy

import pytest

from tests.unit.web.builders import a_cell, a_failing_cell, a_request, a_state, an_inspection
from web.choose import MOST_GPUS
from web.model_panel import model_list
from web.page import error_box
from web.query import (
    BATCH_CHOICES,
    curve_request,
    gpu_choices,
    is_address,
    is_stale,
    job,
    model_choices,
    model_request,
    offered_runtimes,
    shown_cells,
)
from web.state import after


def test_event_leaves_the_state_before_it_alone():
    state = a_state()
    before = deepcopy(state)

    after(state, {"type": "gpu_toggled", "id": "l40s"})
    after(state, {"type": "dim_set", "symbol": "seq", "text": "512"})

    assert state == before


def test_gpu_that_is_ticked_comes_last_so_that_others_keep_their_colour():
    state = after(a_state(), {"type": "gpu_toggled", "id": "l40s"})

    assert state["request"]["gpus"] == ["t4", "l4", "l40s"]


def test_ninth_gpu_is_refused_with_a_notice():
    eight = [f"gpu{number}" for number in range(MOST_GPUS)]
    state = a_state(request=a_request(gpus=eight))

    after_ninth = after(state, {"type": "gpu_toggled", "id": "l40s"})

    assert after_ninth["request"]["gpus"] == eight
    assert after_ninth["notice"]


def test_gpu_that_goes_is_no_longer_the_baseline():
    state = after(a_state(), {"type": "pinned", "id": "t4"})

    assert after(state, {"type": "gpu_toggled", "id": "t4"})["baseline"] == ""


def test_last_batch_precision_and_runtime_cannot_be_taken_out():
    state = a_state(request=a_request(batches=[8]))

    assert after(state, {"type": "batch_toggled", "batch": 8})["request"]["batches"] == [8]
    kept = after(state, {"type": "precision_toggled", "id": "fp16"})
    assert kept["request"]["precisions"] == ["fp16"]
    kept = after(state, {"type": "runtime_toggled", "id": "tensorrt"})
    assert kept["request"]["runtimes"] == ["tensorrt"]


def test_precisions_stand_in_the_order_of_the_catalogue():
    state = after(a_state(), {"type": "precision_toggled", "id": "fp32"})

    assert state["request"]["precisions"] == ["fp32", "fp16"]


def test_typed_batches_join_the_chosen_ones():
    state = after(a_state(), {"type": "batches_typed", "text": "48, 3 8"})

    assert state["request"]["batches"] == [1, 3, 8, 48]


def test_batch_that_is_no_number_is_an_error_and_changes_nothing():
    state = after(a_state(), {"type": "batches_typed", "text": "many"})

    assert state["request"] == a_request()
    assert "many" in state["error"]["what"]
    assert state["error"]["fix"]


def test_batch_of_zero_is_left_to_the_engine_to_refuse():
    assert after(a_state(), {"type": "batches_typed", "text": "0"})["request"]["batches"][0] == 0


def test_emptied_size_goes_back_to_the_guess():
    state = after(a_state(), {"type": "dim_set", "symbol": "seq", "text": "512"})

    assert after(state, {"type": "dim_set", "symbol": "seq", "text": " "})["request"]["dims"] == {}


def test_another_model_forgets_the_sizes_of_the_last_one():
    state = after(a_state(), {"type": "dim_set", "symbol": "seq", "text": "512"})

    state = after(state, {"type": "model_chosen", "id": "bert-base"})

    assert state["request"]["models"] == ["bert-base"]
    assert state["request"]["dims"] == {}


def test_sorting_twice_by_a_column_turns_it_round():
    state = after(a_state(), {"type": "sorted", "key": "memory_bytes"})
    assert state["sort"] == {"key": "memory_bytes", "descending": False}

    assert after(state, {"type": "sorted", "key": "memory_bytes"})["sort"]["descending"]


def test_throughput_is_sorted_the_highest_first():
    assert after(a_state(), {"type": "sorted", "key": "throughput_per_s"})["sort"]["descending"]


def test_rows_without_a_figure_come_last_in_either_direction():
    state = a_state(a_failing_cell("l4"), a_cell("t4"), shown_batch=8)

    for descending in (False, True):
        state = state | {"sort": {"key": "latency_ms", "descending": descending}}
        assert [cell["gpu"] for cell in shown_cells(state)] == ["t4", "l4"]


def test_nothing_is_asked_before_the_engine_is_there():
    state = a_state(engine={"phase": "loading", "text": ""}, request=a_request(gpus=["l40s"]))

    assert job(state) is None


def test_comparison_comes_first_then_the_model_then_the_curve():
    state = a_state(request=a_request(gpus=["l4"]))
    kind, request = job(state)
    assert (kind, request) == ("compare", state["request"])

    answer = {"cells": [a_cell("l4")]}
    state = after(
        state, {"type": "compared", "request": request, "comparison": answer, "made": "tab"}
    )
    kind, request = job(state)
    assert (kind, request) == ("inspect", model_request(state["request"]))

    document = an_inspection()["document"]
    state = after(state, {"type": "inspected", "request": request, "document": document})
    kind, request = job(state)
    assert (kind, request) == ("curve", curve_request(state))

    state = after(state, {"type": "curved", "request": request, "comparison": answer})
    assert job(state) is None


def test_curve_asks_for_the_usual_batches_and_the_chosen_ones():
    state = a_state(request=a_request(batches=[3]))

    assert set(curve_request(state)["batches"]) == {3, *BATCH_CHOICES}


def test_model_without_a_batch_has_no_curve():
    state = a_state(inspection=an_inspection(batch=None))

    assert curve_request(state) is None


def test_error_keeps_the_last_result_and_the_request_is_not_sent_again():
    state = a_state(request=a_request(batches=[0]))
    error = {"code": "batch", "what": "batch is 0", "where": "batches", "fix": "at least 1"}

    failed = after(state, {"type": "failed", "error": error, "request": state["request"]})

    assert failed["result"] == state["result"]
    assert failed["error"] == error
    assert is_stale(failed)
    assert job(failed) is None
    assert job(after(failed, {"type": "batch_toggled", "batch": 1})) is not None


def test_file_becomes_the_model():
    opened = {"type": "opened", "id": "own.onnx", "size": 100, "batch": "N"}

    state = after(a_state(), opened)

    assert state["request"]["models"] == ["own.onnx"]
    assert state["request"]["batches"] == [1, 8]
    assert job(state)[0] == "compare"


def test_file_of_a_name_seen_before_is_compared_anew():
    opened = {"type": "opened", "id": "own.onnx", "size": 100, "batch": "N"}
    state = after(a_state(), opened)
    state = after(
        state,
        {"type": "compared", "request": state["request"], "made": "tab",
         "comparison": {"cells": [a_cell("t4")]}},
    )  # fmt: skip

    assert job(after(state, opened))[0] == "compare"


def test_file_that_fixes_its_batch_asks_for_no_other():
    state = after(a_state(), {"type": "opened", "id": "own.onnx", "size": 1, "batch": None})

    assert state["request"]["batches"] == [1]
    assert state["notice"]


def test_failed_engine_ends_the_work():
    state = a_state(work="Comparing")

    state = after(state, {"type": "engine", "phase": "failed", "text": "no WebAssembly"})

    assert state["work"] == ""
    assert job(state) is None


@pytest.mark.parametrize(
    ("typed", "is_one"),
    [("https://host/m.onnx", True), (" HTTP://host/m.onnx", True), ("http", False), ("", False)],
)
def test_an_address_is_told_from_the_name_of_a_model(typed, is_one):
    options = model_list(a_state(model_filter=typed, model_open=True))

    assert is_address(typed) is is_one
    assert ("data-do='address'" in options) is is_one


def test_search_finds_by_every_word():
    state = a_state(model_filter="base bert", gpu_filter="40")

    assert [model["id"] for model in model_choices(state)] == ["bert-base"]
    assert [gpu["id"] for gpu in gpu_choices(state)] == ["t4", "l4", "l40s"]


def test_shown_batch_that_goes_gives_way_to_the_largest_left():
    state = after(a_state(shown_batch=8), {"type": "batch_toggled", "batch": 8})

    assert state["shown_batch"] == 1


def test_runtimes_for_language_models_are_offered_for_those_alone():
    state = a_state()
    assert "vllm" not in [runtime["id"] for runtime in offered_runtimes(state)]

    state = after(state, {"type": "model_chosen", "id": "gpt2"})
    assert "vllm" in [runtime["id"] for runtime in offered_runtimes(state)]


def test_runtime_that_does_not_serve_the_next_model_goes():
    state = after(a_state(), {"type": "model_chosen", "id": "gpt2"})
    state = after(state, {"type": "runtime_toggled", "id": "vllm"})
    state = after(state, {"type": "runtime_toggled", "id": "tensorrt"})

    state = after(state, {"type": "model_chosen", "id": "resnet50"})

    assert state["request"]["runtimes"] == ["tensorrt"]


def test_a_name_on_the_hub_is_read_from_there():
    options = model_list(a_state(model_filter=" hf:org/name", model_open=True))

    assert "data-do='address'" in options
    assert "Hugging Face" in options


def test_a_link_to_a_model_of_the_hub_reads_it_at_one_press():
    request = a_request(models=["hf:org/name"])
    state = after(a_state(), {"type": "restored", "request": request, "saw": {}})

    assert "hf:org/name" in state["error"]["what"]
    assert "data-do='read-shared' data-id='hf:org/name'" in error_box(state["error"])


def test_only_a_link_to_the_hub_offers_to_read_from_there():
    request = a_request(models=["mine.onnx"])
    state = after(a_state(), {"type": "restored", "request": request, "saw": {}})

    assert "read-shared" not in error_box(state["error"])
