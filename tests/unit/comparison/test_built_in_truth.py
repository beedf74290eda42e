"""What the built-in models are, held against what others published or counted."""

import csv

import pytest

from phantomgpu.cli.folders import builtin_folder, open_app
from phantomgpu.cli.sources import FileSource
from phantomgpu.families import read_definition
from phantomgpu.workload import lower

PARAMETERS_TOLERANCE = 0.005
MACS_TOLERANCE = 0.01

with (builtin_folder() / "models" / "truth.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
TRUTH = [row for row in ROWS if not row["part"]]
PARTS = [row for row in ROWS if row["part"]]


@pytest.fixture(scope="module")
def app():
    return open_app()


@pytest.fixture(scope="module")
def index(app):
    return {entry["id"]: entry for entry in app.models()}


def parts_of(entry) -> int:
    """Graphs that a built-in model has."""
    if not entry["file"].endswith(".json"):
        return 1
    source = FileSource(str(builtin_folder() / "models" / entry["file"]))
    return len(read_definition(source, name=entry["id"]).parts)


def test_every_built_in_model_has_its_truth(index):
    assert set(index) == {row["model"] for row in TRUTH}


@pytest.mark.parametrize("row", TRUTH, ids=[row["model"] for row in TRUTH])
def test_parameters_and_products_are_those_of_the_model(app, index, row):
    entry = index[row["model"]]
    graph = app.inspect(row["model"])
    parts = parts_of(entry)

    assert entry["parameters"] == pytest.approx(int(row["parameters"]), rel=PARAMETERS_TOLERANCE)
    assert entry["macs"] == pytest.approx(int(row["macs"]), rel=MACS_TOLERANCE)
    if parts == 1:  # of several, the main one is looked into; the index has the sum
        assert graph["macs"] == pytest.approx(int(row["macs"]), rel=MACS_TOLERANCE)
    assert row["how"]


@pytest.mark.parametrize("row", PARTS, ids=[f"{row['model']} {row['part']}" for row in PARTS])
def test_every_part_of_a_pipeline_has_its_products(index, row):
    entry = index[row["model"]]
    source = FileSource(str(builtin_folder() / "models" / entry["file"]))
    definition = read_definition(source, name=entry["id"])
    part = next(part for part in definition.parts if part.name == row["part"])

    kernels = lower(part.graph, fusion=(), casts="none", runtime="x", dims=part.dims).at(
        1, "fp16"
    ).kernels  # fmt: skip
    found = float((kernels.matrix_flops * kernels.count).sum()) / 2
    assert found == pytest.approx(int(row["macs"]), rel=MACS_TOLERANCE)
