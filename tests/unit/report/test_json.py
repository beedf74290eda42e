"""The JSON document is what contracts.md says, to the field."""

import json

import phantomgpu
from phantomgpu.report.json import comparison_json
from phantomgpu.report.rounding import rounded
from tests.unit.report.builders import a_cell, a_comparison, a_full_comparison

CELL_FIELDS = [
    "model", "gpu", "runtime", "precision", "batch", "latency_ms", "latency_low_ms",
    "latency_high_ms", "throughput_per_s", "memory_bytes", "memory_limit_bytes", "fits", "bound",
    "basis", "mfu", "problem", "serving",
]  # fmt: skip


def test_the_fields_are_those_of_the_contract_in_its_order():
    document = comparison_json(a_full_comparison())

    assert list(document) == ["schema", "engine", "request", "models", "cells"]
    assert (document["schema"], document["engine"]) == (1, phantomgpu.__version__)
    assert list(document["models"][0]) == ["id", "sha256", "nodes"]
    assert all(list(cell) == CELL_FIELDS for cell in document["cells"])


def test_figures_have_six_significant_digits():
    cell = comparison_json(a_comparison(a_cell("round", 1, 1.23456789)))["cells"][0]

    assert (cell["latency_ms"], cell["throughput_per_s"]) == (1.23457, 810)


def test_a_cell_that_cannot_run_has_null_figures_memory_excepted():
    cell = comparison_json(a_full_comparison())["cells"][2]

    assert [cell[name] for name in ("latency_ms", "throughput_per_s", "bound", "mfu")] == [None] * 4
    assert (cell["memory_bytes"], cell["fits"]) == (33_500_000_000, False)
    assert list(cell["problem"]) == ["code", "what", "where", "fix"]


def test_the_document_is_json_without_anything_that_is_not_a_number():
    text = json.dumps(comparison_json(a_full_comparison()), allow_nan=False)

    assert json.loads(text) == comparison_json(a_full_comparison())


def test_what_is_not_finite_becomes_null():
    assert [rounded(value) for value in (float("nan"), float("inf"), None)] == [None] * 3
