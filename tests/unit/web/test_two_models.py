"""Two models beside each other: how they are chosen, what is asked of the engine, what is said."""

import doctest
import importlib
import re

import pytest

from tests.unit.web.builders import (
    a_cell,
    a_failing_cell,
    a_request,
    a_state,
    an_inspection,
)
from tests.unit.web.test_page import Tags
from web.models import TABLE_NAME, model_name
from web.page import regions
from web.query import awaited_file, curve_request, difference_request, job, wanted_grid
from web.state import after
from web.stream import awaited, in_request_order
from web.table import as_markdown
from web.versus import difference_card

TABLE = {"parts": [{"runtime": "tensorrt", "half": True, "kernels": 2, "count": [1, 52]}]}
TOLD = {
    "first": {"model": "resnet50", "gpu": "t4", "runtime": "tensorrt", "precision": "fp16",
              "batch": 8, "total_ms": 2.0, "problem": None},
    "second": {"model": "bert-base", "gpu": "t4", "runtime": "tensorrt", "precision": "fp16",
               "batch": 8, "total_ms": 3.0, "problem": None},
    "kinds": [
        {"work": "attention", "first_ms": None, "second_ms": 2.5, "difference_ms": 2.5,
         "first_launches": 0, "second_launches": 12},
        {"work": "convolutions", "first_ms": 2.0, "second_ms": 0.5, "difference_ms": -1.5,
         "first_launches": 53, "second_launches": 1},
    ],
    "layers": [],
    "sentence": "BERT base takes 1.00 ms longer than ResNet-50.",
}  # fmt: skip


def words(html):
    return re.sub(r"<[^>]*>", " ", html).replace("\u00a0", " ")


def two_models(**fields):
    state = after(a_state(), {"type": "model_adding"})
    return after(state, {"type": "model_chosen", "id": "bert-base"}) | fields


def compared(state, *cells):
    event = {"type": "compared", "request": state["request"], "made": "tab"}
    return after(state, event | {"comparison": {"cells": list(cells)}})


def both(**fields):
    cells = [
        a_cell(gpu, 8, latency, model=model)
        for model, factor in (("resnet50", 1), ("bert-base", 3))
        for gpu, latency in (("t4", 2.0 * factor), ("l4", 4.0 * factor))
    ]
    return compared(two_models(), *cells) | {"shown_batch": 8} | fields


@pytest.mark.parametrize("module", ["models", "stream"])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(importlib.import_module(f"web.{module}")).failed == 0


def test_second_model_joins_the_first():
    state = two_models()

    assert state["request"]["models"] == ["resnet50", "bert-base"]
    assert not state["adding"]


def test_model_that_is_chosen_without_asking_for_a_second_replaces_the_first():
    state = after(a_state(), {"type": "model_chosen", "id": "bert-base"})

    assert state["request"]["models"] == ["bert-base"]


def test_model_that_is_taken_out_leaves_the_other():
    state = after(two_models(), {"type": "model_removed", "id": "resnet50"})

    assert state["request"]["models"] == ["bert-base"]
    assert after(state, {"type": "model_removed", "id": "bert-base"})["request"]["models"]


def test_second_version_of_a_file_joins_the_first():
    opened = {"type": "opened", "id": "own.onnx", "size": 100, "batch": "N"}
    state = after(after(a_state(), opened), {"type": "model_adding"})

    state = after(state, opened | {"id": "own.onnx (2)"})

    assert state["request"]["models"] == ["own.onnx", "own.onnx (2)"]
    assert job(state)[0] == "compare"


def test_file_that_a_link_awaits_takes_its_place_beside_the_other_model():
    request = a_request(models=["resnet50", "theirs.onnx"])
    state = after(a_state(), {"type": "restored", "request": request, "saw": {}})
    assert awaited_file(state) == "theirs.onnx"

    state = after(state, {"type": "opened", "id": "mine.onnx", "size": 1, "batch": "N"})

    assert state["request"]["models"] == ["resnet50", "mine.onnx"]
    assert awaited_file(state) == ""


def test_grids_of_both_models_answer_before_the_engine_is_there():
    state = two_models(engine={"phase": "loading", "text": ""})

    assert wanted_grid(state) == "resnet50"
    assert wanted_grid(state | {"grids": {"resnet50": {}}}) == "bert-base"


def test_differences_come_first_after_the_comparison():
    state = both()
    kind, request = job(state)
    assert kind == "differences"
    assert request["models"] == ["resnet50", "bert-base"]
    assert (request["gpus"], request["batches"]) == (["t4"], [8])

    state = after(state, {"type": "told_apart", "request": request, "document": TOLD})
    assert job(state)[0] == "inspect"


def test_differences_follow_the_row_that_is_chosen():
    row = {"gpu": "l4", "runtime": "tensorrt", "precision": "fp16", "model": "resnet50"}

    state = after(both(), {"type": "row_chosen", "row": row})

    assert difference_request(state)["gpus"] == ["l4"]


def test_differences_are_of_a_gpu_that_both_models_run_on():
    cells = [
        a_cell("t4", 8, 2.0, model="resnet50"),
        a_failing_cell("t4", 8, model="bert-base"),
        a_cell("l4", 8, 4.0, model="resnet50"),
        a_cell("l4", 8, 9.0, model="bert-base"),
    ]
    state = compared(two_models(), *cells) | {"shown_batch": 8}

    assert difference_request(state)["gpus"] == ["l4"]


def test_each_model_is_inspected_with_the_other_beside_it():
    state = both()
    told = {"request": difference_request(state), "document": TOLD}
    first, second = an_inspection("resnet50"), an_inspection("bert-base")
    state = state | {"differences": told}

    _, request = job(state)
    assert request["models"] == ["resnet50", "bert-base"]
    state = after(state, {"type": "inspected", "request": request, **_document(first)})
    _, request = job(state)
    assert request["models"] == ["bert-base", "resnet50"]
    state = after(state, {"type": "inspected", "request": request, **_document(second)})
    assert job(state)[0] == "curve"


def _document(inspection):
    return {"document": inspection["document"]}


def test_curve_is_of_the_model_precision_and_runtime_that_are_chosen():
    state = both()
    state["request"] = state["request"] | {"precisions": ["fp32", "fp16"]}
    assert curve_request(state)["models"] == ["resnet50"]
    assert curve_request(state)["precisions"] == ["fp32"]

    for axis, name in (("model", "bert-base"), ("precision", "fp16")):
        state = after(state, {"type": "curve_chosen", "axis": axis, "id": name})

    assert curve_request(state)["models"] == ["bert-base"]
    assert curve_request(state)["precisions"] == ["fp16"]
    assert "selected>fp16" in regions(state, 720)["curve-choices"]


def test_curve_choice_that_is_no_longer_compared_falls_back():
    state = after(both(), {"type": "curve_chosen", "axis": "model", "id": "bert-base"})

    state = after(state, {"type": "model_removed", "id": "bert-base"})

    assert curve_request(state)["models"] == ["resnet50"]
    assert regions(state, 720)["curve-choices"] == ""


def test_rows_say_which_model_they_are_of():
    table = regions(both(), 720)["table"]

    assert table.count("data-model='resnet50'") == 2
    assert table.count("data-model='bert-base'") == 2
    assert "BERT base" in table
    ids = re.findall(r" id='([^']+)'", table)
    assert len(ids) == len(set(ids))


def test_every_region_of_two_models_is_well_formed():
    state = both(differences={"request": difference_request(both()), "document": TOLD})
    for name, html in regions(state, 720).items():
        tags = Tags()
        tags.feed(html)
        assert tags.open == [], name


def test_sentence_holds_the_second_model_against_the_first():
    said = regions(both(), 720)

    assert words(said["headline"]).split() == [
        "BERT",
        "base",
        "takes",
        "3.00",
        "times",
        "as",
        "long",
        "as",
        "ResNet-50",
        "on",
        "the",
        "T4",
        ":",
        "6.00",
        "ms",
        "against",
        "2.00",
        "ms",
        "for",
        "a",
        "batch",
        "of",
        "8",
        ".",
    ]
    assert "Both are fastest on the T4." in said["reason"]


def test_sentence_says_where_intervals_overlap():
    cells = [a_cell("t4", 8, 2.0, model="resnet50"), a_cell("t4", 8, 2.2, model="bert-base")]

    said = regions(compared(two_models(), *cells) | {"shown_batch": 8}, 720)

    assert "Too close to call" in said["reason"]


def test_sentence_of_models_without_a_common_gpu_speaks_of_each():
    cells = [a_cell("t4", 8, 2.0, model="resnet50"), a_failing_cell("t4", 8, model="bert-base")]

    said = regions(compared(two_models(), *cells) | {"shown_batch": 8}, 720)

    assert "None of these GPUs can run BERT base" in words(said["headline"])


def test_pinned_row_is_of_one_model_and_turns_the_other_into_a_ratio():
    state = after(both(), {"type": "pinned", "id": "t4|resnet50"})

    table = regions(state, 720)["table"]

    assert table.count("aria-pressed='true'") == 1
    assert "3.00 × slower" in table


def test_card_of_differences_has_every_figure_and_the_totals():
    card = words(difference_card(TOLD, {"resnet50": "ResNet-50", "bert-base": "BERT"}, {}))

    assert "attention" in card
    assert "+2.50 ms" in card
    assert "−1.50 ms" in card
    assert "All +1.00 ms 2.00 ms 3.00 ms" in re.sub(r"\s+", " ", card)


def test_card_is_gone_with_the_second_model():
    state = both(differences={"request": difference_request(both()), "document": TOLD})
    assert regions(state, 720)["differences"]

    state = compared(after(state, {"type": "model_removed", "id": "bert-base"}), a_cell("t4"))

    assert regions(state, 720)["differences"] == ""


def test_markdown_of_two_models_names_them():
    lines = as_markdown(
        both()["result"]["comparison"]["cells"], {}, {"resnet50": "A", "bert-base": "B"}
    )

    assert lines.startswith("| Model | GPU |")
    assert "| B | t4 |" in lines


def test_kernel_table_is_a_model_that_nobody_has_to_drop():
    request = a_request(models=["kernel-table"], tables={"kernel-table": TABLE})

    state = after(a_state(), {"type": "restored", "request": request, "saw": {}})

    assert state["error"] is None
    assert awaited_file(state) == ""
    assert job(state)[0] == "compare"
    assert model_name(state, "kernel-table") == TABLE_NAME
    assert "53 kernels" in regions(state, 720)["model"]


def test_own_file_may_travel_as_its_kernel_table_and_no_other_model():
    assert regions(a_state(), 720)["share-options"] == ""

    opened = {"type": "opened", "id": "own.onnx", "size": 100, "batch": "N"}
    box = regions(after(a_state(), opened), 720)["share-options"]

    assert "share-table" in box
    assert "checked" not in box


def test_cells_that_come_are_shown_and_the_others_keep_their_place():
    state = a_state(work="Comparing", request=a_request(gpus=["t4", "l4", "l40s"]), shown_batch=8)
    event = {"type": "streamed", "request": state["request"], "cells": [a_cell("l4", 8)]}

    table = regions(after(state, event), 720)["table"]

    assert table.count("<tr role='row' class='awaited'") == 2
    assert table.count("data-gpu='l4'") == 1


def test_no_gpu_is_asked_for_while_the_first_cells_are_of_another_batch():
    state = a_state(work="Comparing", request=a_request(gpus=["t4", "l4"]), shown_batch=8)
    event = {"type": "streamed", "request": state["request"], "cells": [a_cell("l4", 1)]}

    said = regions(after(state, event), 720)["headline"]

    assert "is being worked out" in said


def test_cells_of_an_earlier_request_are_not_shown():
    state = a_state(work="Comparing", request=a_request(gpus=["t4", "l4", "l40s"]))

    event = {"type": "streamed", "request": a_request(), "cells": [a_cell("l4", 8)]}

    assert after(state, event)["coming"] is None


def test_whole_comparison_ends_what_was_coming():
    state = a_state(work="Comparing", request=a_request(gpus=["t4", "l4"]))
    event = {"type": "streamed", "request": state["request"], "cells": [a_cell("l4", 8)]}
    state = after(after(state, event), event)
    assert len(state["coming"]["cells"]) == 2

    assert compared(state, a_cell("t4", 8))["coming"] is None


def test_cells_stand_in_the_order_of_the_request_however_they_came():
    request = a_request(gpus=["l4", "t4"], batches=[1, 8])
    cells = [a_cell("t4", 8), a_cell("t4", 1), a_cell("l4", 8), a_cell("l4", 1)]

    found = [(cell["gpu"], cell["batch"]) for cell in in_request_order(cells, request)]

    assert found == [("l4", 1), ("l4", 8), ("t4", 1), ("t4", 8)]
    assert awaited(cells, request, 8) == []
