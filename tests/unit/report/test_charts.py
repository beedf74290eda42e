"""Charts are data: every point of the comparison is in them, and nothing is to be fetched."""

import json

import pytest

from phantomgpu.report.charts import against_batch, latency_by_gpu
from phantomgpu.report.kernel_charts import (
    MOST_BARS,
    memory_over_run,
    roofline,
    time_by_kernel,
)
from tests.unit.comparison.builders import a_catalog
from tests.unit.report.builders import a_cell, a_comparison, a_full_comparison


def a_row(at=0, **changes):
    row = {
        "op": "MatMul", "nodes": ["product"], "shape": "[8, 64]", "count": 2, "intensity": 40.0,
        "flops_per_s": 3e12, "share": 0.1, "bound": "memory", "total_ms": 1.0 + at,
    }  # fmt: skip
    return row | changes


GPU = a_catalog().gpu("round")

SPECS = {
    "latency": latency_by_gpu(a_full_comparison()),
    "latency_by_batch": against_batch(a_full_comparison(), "latency"),
    "throughput_by_batch": against_batch(a_full_comparison(), "throughput"),
    "roofline": roofline(GPU, "fp16", [a_row()]),
    "time": time_by_kernel([a_row()]),
    "memory": memory_over_run([("Conv", 1), ("Add", 3), ("MatMul", 2)], 10),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_is_json_that_says_what_it_shows_and_fetches_nothing(name):
    text = json.dumps(SPECS[name], allow_nan=False)

    assert SPECS[name]["description"]
    assert '"url"' not in text
    assert text.count("http") == text.count("https://vega.github.io/schema") == 1


def test_every_cell_that_runs_is_a_point_with_its_interval():
    values = [v for v in SPECS["latency"]["data"]["values"] if not v["problem"]]

    assert len(values) == 5
    assert all(v["latency_low_ms"] < v["latency_ms"] < v["latency_high_ms"] for v in values)


def test_a_cell_that_cannot_run_says_why_in_the_chart():
    problems = [v["problem"] for v in SPECS["latency"]["data"]["values"] if v["problem"]]

    assert problems == ["needs 31.2 of 16 GB"] + 3 * ["Old has no fp16 peak"]


def test_the_throughput_band_comes_from_the_interval_of_the_latency():
    cell = a_cell("round", 8, 4.0)
    value = against_batch(a_comparison(cell), "throughput")["data"]["values"][0]

    assert value["throughput_low_per_s"] == pytest.approx(8 / cell.high_s, rel=1e-5)
    assert value["throughput_high_per_s"] == pytest.approx(8 / cell.low_s, rel=1e-5)


def test_the_first_batch_that_does_not_fit_is_marked():
    limits = [layer["data"]["values"] for layer in SPECS["latency_by_batch"]["layer"][2:]]

    assert [(limit["gpu"], limit["batch"]) for limit in limits[0]] == [("round", 6)]


def test_no_line_is_drawn_where_everything_fits():
    assert len(against_batch(a_comparison(a_cell("round", 8, 4.0)), "latency")["layer"]) == 2


def test_the_roof_turns_at_the_ridge_point():
    roof = SPECS["roofline"]["layer"][0]["data"]["values"]
    corner = [point for point in roof if point["roof"] == "fp16 peak"][1]

    assert corner["intensity"] == pytest.approx(1e14 / 1e12)
    assert corner["flops_per_s"] == pytest.approx(1e14)


def test_kernels_beyond_the_most_share_a_bar_and_no_time_is_lost():
    rows = [a_row(at) for at in range(MOST_BARS + 5)]
    values = time_by_kernel(rows)["data"]["values"]

    assert len(values) == MOST_BARS + 1
    assert sum(v["total_ms"] for v in values) == pytest.approx(sum(r["total_ms"] for r in rows))


def test_memory_stands_on_the_weights():
    assert [value["bytes"] for value in SPECS["memory"]["data"]["values"]] == [11, 13, 12]
