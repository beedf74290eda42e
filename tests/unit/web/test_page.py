"""The HTML of the page's regions: sentence, table, chart, controls."""

import doctest
import importlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.report import rounding
from tests.unit.web.builders import (
    a_cell,
    a_failing_cell,
    a_gpu,
    a_state,
    an_inspection,
)
from web import chart, scale, table, text
from web.page import regions
from web.verdict import verdict

VOID = {"input", "br", "path", "rect", "line", "circle", "polyline", "polygon"}
GPUS = {
    gpu["id"]: gpu
    for gpu in (
        a_gpu("slow", name="Slow", bandwidth_gb_per_s=300, peak_tflops={"fp16": 60}),
        a_gpu("fast", name="Fast", bandwidth_gb_per_s=900, peak_tflops={"fp16": 240}),
    )
}
positive = st.floats(1e-4, 1e9, allow_nan=False)


class Tags(HTMLParser):
    """Checks that every tag is closed by its own."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def words(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html).replace("\u00a0", " ")


@pytest.mark.parametrize("module", ["scale", "text"])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(importlib.import_module(f"web.{module}")).failed == 0


@pytest.mark.parametrize(
    "state",
    [
        a_state(),
        a_state(a_cell("t4"), a_failing_cell("l4"), shown_batch=8),
        a_state(a_failing_cell("l4"), shown_batch=8),
        a_state(inspection=an_inspection(seq=128), model_open=True),
        a_state(result=None),
        a_state(error={"code": "x", "what": "a < b", "where": "here", "fix": "there"}),
        a_state(engine={"phase": "failed", "text": "no"}),
    ],
)
def test_every_region_is_well_formed_html(state):
    for name, html in regions(state, 720).items():
        tags = Tags()
        tags.feed(html)
        assert tags.open == [], name


def test_what_a_file_calls_itself_cannot_become_markup():
    name = "<img src=x onerror=alert(1)>.onnx"
    state = a_state(files={name: {"id": name, "name": name, "size": 10}})
    state["request"]["models"] = [name]
    state["result"]["request"] = state["request"]

    assert "<img" not in "".join(regions(state, 720).values())


def test_sentence_names_the_fastest_and_why():
    cells = [
        a_cell("slow", latency_ms=3.0, bound="memory"),
        a_cell("fast", latency_ms=1.0, bound="memory"),
    ]

    said = verdict(cells, GPUS, "ResNet-50")

    assert words(said["headline"]).startswith("Fast runs ResNet-50 fastest: 1.00 ms")
    assert "3.00 times as fast as the Slow" in said["reason"]
    assert "900 GB/s, 3.00 times as much" in words(said["reason"])


def test_sentence_does_not_claim_what_the_intervals_do_not_bear():
    cells = [a_cell("slow", latency_ms=1.05), a_cell("fast", latency_ms=1.0)]

    said = verdict(cells, GPUS, "ResNet-50")

    assert "should run" in said["headline"]
    assert "Too close to call against Slow" in said["reason"]


def test_sentence_says_when_nothing_runs():
    said = verdict([a_failing_cell("slow")], GPUS, "ResNet-50")

    assert "None of these GPUs" in said["headline"]
    assert said["best"] is None


def test_only_the_winning_row_is_marked():
    cells = [a_cell("fast", latency_ms=1.0), a_cell("fast", latency_ms=2.0, precision="int8")]
    best = verdict(cells, GPUS, "m")["best"]

    html = table.comparison_table(cells, GPUS, {"key": "latency_ms", "descending": False}, "", best)

    assert html.count("class='mark'") == 1


def test_figures_of_a_row_lose_no_digit():
    cell = a_cell("fast", latency_ms=1.89731, memory_bytes=812_345_678)

    html = table.comparison_table(
        [cell], GPUS, {"key": "latency_ms", "descending": False}, "", cell
    )

    values = [float(value) for value in re.findall(r"<data value='([^']+)'", html)]
    assert values[0] == 1.89731
    assert values[4] == 812_345_678


def test_row_that_cannot_run_says_why_and_what_would():
    html = table.comparison_table(
        [a_failing_cell("slow")], GPUS, {"key": "latency_ms", "descending": False}, "", None
    )

    assert "Needs 31.2 of 24 GB" in html
    assert "Fits at batch 5 or less" in html


def test_pinned_baseline_turns_the_others_into_ratios():
    cells = [a_cell("slow", latency_ms=3.0), a_cell("fast", latency_ms=1.0)]
    sort = {"key": "latency_ms", "descending": False}

    assert "3.00 × faster" in table.comparison_table(cells, GPUS, sort, "slow", None)
    assert "3.00 × slower" in table.comparison_table(cells, GPUS, sort, "fast", None)


@given(positive)
def test_figures_read_as_on_the_command_line(value):
    assert text.figure(value) == rounding.figure(value)


@given(positive)
def test_unrounded_figures_are_those_of_the_json(value):
    printed = json.dumps(rounding.rounded(value))

    assert float(text.exact(json.loads(printed))) == float(printed)


def test_csv_is_to_the_letter_that_of_the_command_line(app):
    request = {"models": ["resnet50"], "gpus": ["t4", "h100-sxm-80gb"], "batches": [1, 100_000]}
    answer = app.answer(request)

    assert table.as_csv(answer["comparison"]["cells"]) == answer["csv"]


def test_chart_draws_each_gpu_that_runs_and_says_when_memory_ends():
    cells = [a_cell("t4", 1), a_cell("t4", 2), a_failing_cell("t4", 4), a_cell("l4", 1)]
    series = chart.series_of(
        cells, [("t4", "T4"), ("l4", "L4")], "throughput_per_s", "fp16", "tensorrt"
    )

    svg = chart.batch_curve(series, "throughput_per_s", 720)

    assert svg.count("class='line ") == 2
    assert "Out of memory at batch 4" in svg


def test_chart_without_anything_to_draw_says_so():
    series = chart.series_of(
        [a_failing_cell("t4")], [("t4", "T4")], "latency_ms", "fp16", "tensorrt"
    )

    assert "no curve" in chart.batch_curve(series, "latency_ms", 720)


def test_table_under_the_chart_has_its_figures():
    cells = [a_cell("t4", 1, 0.5), a_cell("t4", 8, 2.0)]
    series = chart.series_of(cells, [("t4", "T4")], "latency_ms", "fp16", "tensorrt")

    html = chart.curve_table(series, "latency_ms")

    assert "<td>0.500</td><td>2.00</td>" in html


@given(st.lists(st.floats(0, 300), min_size=1, max_size=8))
def test_labels_never_overlap_and_keep_their_order(places):
    moved = scale.spread(places, 17, 0, 300)

    ordered = [moved[index] for index in sorted(range(len(places)), key=lambda i: places[i])]
    assert all(b - a >= 17 - 1e-6 for a, b in pairwise(ordered))


@given(positive)
def test_axis_ends_at_or_above_its_highest_value(value):
    top = scale.nice_ceiling(value)

    assert top >= value * (1 - 1e-6)
    assert scale.linear_marks(top)[-1] == pytest.approx(top)
