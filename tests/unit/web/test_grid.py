"""What the build packs is what the engine says, cell for cell."""

import json

import pytest

from tests.unit.web.builders import a_catalog, a_gpu, a_request
from web.grid import covers, grid_batches, grid_request, packed, unpacked
from web.query import wanted_grid
from web.state import after, initial

GPUS = ["t4", "h100-sxm-80gb", "mi300x"]


@pytest.fixture(scope="module")
def cells(app):
    return app.compare(grid_request("resnet50", GPUS))["cells"]


@pytest.fixture(scope="module")
def grid(cells):
    return json.loads(json.dumps(packed(cells, grid_request("resnet50", GPUS))))


def test_grid_holds_what_the_engine_said(cells, grid):
    assert unpacked(grid, grid_request("resnet50", GPUS)) == cells


def test_grid_of_a_language_model_holds_what_its_users_get(app):
    request = grid_request("llama-3-8b", GPUS, "tokens")
    cells = app.compare(request)["cells"]

    grid = json.loads(json.dumps(packed(cells, request)))

    assert unpacked(grid, request) == cells
    assert {cell["problem"] is None for cell in cells} == {True, False}
    assert grid_batches(grid) == [1, 8, 32]


def test_part_of_a_grid_is_what_the_engine_says_of_that_part(app, grid):
    request = a_request(gpus=["mi300x", "t4"], precisions=["int8"], batches=[2, 128])

    assert covers(grid, request)
    assert unpacked(grid, request) == app.compare(request)["cells"]


@pytest.mark.parametrize(
    "beyond",
    [
        {"models": ["bert-base"]},
        {"gpus": ["l40s"]},
        {"batches": [3]},
        {"precisions": ["fp8"]},
        {"runtimes": ["pytorch-eager"]},
        {"dims": {"seq": 512}},
        {"steps": 3},
        {"prompt_tokens": 1},
        {"tables": {"resnet50": {}}},
        {"profiles": {"t4": "x"}},
    ],
)
def test_grid_does_not_answer_what_it_does_not_hold(grid, beyond):
    assert not covers(grid, a_request(gpus=["t4"]) | beyond)


def test_page_answers_from_the_grid_while_the_engine_is_loading(grid):
    catalog = a_catalog(*(a_gpu(name) for name in GPUS))
    state = initial(catalog, a_request(gpus=["t4"]), {"cells": []})
    state = after(state, {"type": "gpu_toggled", "id": "mi300x"})
    assert wanted_grid(state) == "resnet50"

    state = after(state, {"type": "grid", "model": "resnet50", "grid": grid})

    assert wanted_grid(state) == ""
    assert state["result"]["request"] == state["request"]
    assert {cell["gpu"] for cell in state["result"]["comparison"]["cells"]} == {"t4", "mi300x"}
