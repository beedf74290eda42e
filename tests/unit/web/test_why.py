"""The charts of "Why" are functions of an explanation: nothing is lost, all of it is named."""

import re
from math import fsum
from xml.etree import ElementTree

import pytest

from web.state import FIRST_REQUEST, initial
from web.why_answer import why_csv, why_regions
from web.why_kernel import kernel_card
from web.why_layers import bars, layer_parts, layer_table, squarified, treemap
from web.why_memory import MOST_OPTIONS, memory_chart, step_table
from web.why_parts import csv, cut, percent
from web.why_roofline import kernel_table, on_roofline, roofline
from web.why_state import chosen_cell, file_name, why_request


def a_kernel(**changes):
    kernel = {
        "op": "Conv+Relu", "shape": "[8, 3] x [3, 3]", "count": 1, "flops": 2e9,
        "matrix_flops": 2e9, "vector_flops": 0, "special_flops": 0, "read_bytes": 1e6,
        "weight_bytes": 1e5, "write_bytes": 1e6, "intensity": 1000.0, "flops_per_s": 5e13,
        "peak": "fp16", "roof": "fp16", "reached": 0.5, "compute_us": 30.0, "memory_us": 10.0,
        "launch_us": 2.0, "time_us": 40.0, "total_ms": 0.04, "share": 0.4, "bound": "compute",
        "approximation": None,
    }  # fmt: skip
    return kernel | changes


def a_step(kernel, total_ms, alive=2**20, nodes=("conv",)):
    return {"kernel": kernel, "nodes": list(nodes), "anchor": nodes[0], "repeats": 1,
            "total_ms": total_ms, "alive_bytes": alive}  # fmt: skip


def an_explanation(limit=16 * 2**30, problem=None):
    """Three kernels in two layers: 0.04, 2 x 0.025 and 0.01 ms; the last does no arithmetic."""
    return {
        "cell": {"problem": problem},
        "gpu": {"id": "round", "name": "Round"},
        "kernels": [
            a_kernel(op="Softmax", count=2, share=0.5, total_ms=0.05, bound="memory",
                     intensity=2.0, flops_per_s=1e12, compute_us=5.0, memory_us=20.0),
            a_kernel(),
            a_kernel(op="Transpose", flops=0, intensity=0, flops_per_s=0, reached=None,
                     total_ms=0.01, share=0.1, bound="launch"),
        ],
        "roofs": {
            "bandwidth_bytes_per_s": 1e12,
            "peaks": [{"name": "fp16", "flops_per_s": 1e14, "ridge": 100.0}],
        },
        "steps": [
            a_step(1, 0.04, nodes=("conv<1>", "relu")),
            a_step(0, 0.025),
            a_step(0, 0.025),
            a_step(2, 0.01, alive=2**28),
        ],
        "layers": [
            {"name": "stem", "steps": [0, 1], "total_ms": 0.065, "share": 0.65},
            {"name": "head", "steps": [2, 3], "total_ms": 0.035, "share": 0.35},
        ],
        "memory": {
            "weight_bytes": 2**28, "workspace_bytes": 2**26, "context_bytes": 2**26,
            "peak_activation_bytes": 2**28, "limit_bytes": limit,
        },
    }  # fmt: skip


ANATOMY = {
    "terms": [
        {"name": "arithmetic", "time_us": 30.0, "formula": "(a^p)^(1/p)", "sources": ["A book"],
         "inputs": [{"name": "peak", "value": 989.0, "unit": "TFLOPS", "source": "data sheet"}]},
    ],
}  # fmt: skip
CHARTS = {"bars": bars, "roof": roofline, "memory": memory_chart}


def svg_of(html):
    """The chart itself, parsed: a mistake in it fails here."""
    return ElementTree.fromstring(
        re.search(r"<svg class='chart why-chart'.*?</svg>", html, re.S)[0]
    )


def options(svg):
    return [part for part in svg.iter() if part.get("role") == "option"]


@pytest.mark.parametrize("width", [280, 480, 830, 1400])
@pytest.mark.parametrize("draw", [*CHARTS.values(), lambda f, w: treemap(f, w, 300)])
def test_every_chart_is_sound_svg_at_every_width(draw, width):
    svg = svg_of(draw(an_explanation(), width))

    assert svg.get("width") == str(width)
    assert "nan" not in ElementTree.tostring(svg, "unicode")


@pytest.mark.parametrize("draw", [*CHARTS.values(), lambda f, w: treemap(f, w, 300)])
def test_every_part_that_can_be_chosen_has_a_name_and_a_kernel(draw):
    for option in options(svg_of(draw(an_explanation(), 830))):
        assert option.findtext("title")
        assert int(option.get("data-k")) in (0, 1, 2)


def test_bars_have_one_row_for_each_layer_in_order():
    labels = [option.findtext("title") for option in options(svg_of(bars(an_explanation(), 830)))]

    assert [label.split(":")[0] for label in labels] == ["stem", "head"]


def test_parts_of_a_layer_add_up_to_it():
    found = an_explanation()

    for layer, parts in zip(found["layers"], layer_parts(found), strict=True):
        assert fsum(part["total_ms"] for part in parts) == pytest.approx(layer["total_ms"])


def test_areas_are_in_proportion_to_time():
    areas = {}
    for option in options(svg_of(treemap(an_explanation(), 400, 300))):
        rect = next(part for part in option if part.tag == "rect")
        wide, high = float(rect.get("width")) + 2, float(rect.get("height")) + 2
        areas[option.findtext("title")] = wide * high

    whole = sum(areas.values())
    assert whole == pytest.approx(400 * 300, rel=0.01)
    assert max(areas.values()) == pytest.approx(0.4 * whole, rel=0.01)


def test_treemap_fills_its_rectangle_without_overlap():
    places = squarified([6, 6, 4, 3, 2, 2, 1], 0, 0, 6, 4)

    assert fsum(wide * high for _, _, wide, high in places) == pytest.approx(24)
    assert max(x + wide for x, _, wide, _ in places) == pytest.approx(6)
    assert max(y + high for _, y, _, high in places) == pytest.approx(4)


def test_roofline_leaves_out_what_does_no_arithmetic_and_says_so():
    drawn = roofline(an_explanation(), 830)

    assert on_roofline(an_explanation()) == [0, 1]
    assert len(options(svg_of(drawn))) == 2
    assert "1 kernel is without arithmetic" in drawn


def test_ridge_is_marked_with_its_intensity():
    assert "ridge 100" in roofline(an_explanation(), 830)


def test_points_tell_their_bound_by_shape_too():
    shapes = {
        next(part.get("d") for part in option if part.get("d"))
        for option in options(svg_of(roofline(an_explanation(), 830)))
    }

    assert len(shapes) == 2


def test_capacity_is_drawn_above_a_break_where_it_is_far_away():
    assert "the board has 16 GB, 26 times what is used" in memory_chart(an_explanation(), 830)


def test_capacity_says_how_much_is_missing_where_it_does_not_fit():
    assert "the board has 0.5 GB, 0.12 GB too few" in memory_chart(an_explanation(2**29), 830)


def test_memory_of_very_many_launches_is_one_outline():
    found = an_explanation()
    found["steps"] = [a_step(0, 0.1 / 700) for _ in range(MOST_OPTIONS + 100)]
    found["layers"] = [{"name": "all", "steps": list(range(700)), "total_ms": 0.1, "share": 1.0}]

    assert options(svg_of(memory_chart(found, 830))) == []


@pytest.mark.parametrize(("table", "rows"), [(layer_table, 2), (kernel_table, 3), (step_table, 4)])
def test_every_chart_has_an_equal_table(table, rows):
    tree = ElementTree.fromstring(table(an_explanation()))

    assert len(tree.findall("tbody/tr")) == rows
    assert tree.find("caption").text


@pytest.mark.parametrize(("chart", "rows"), [("bars", 2), ("tree", 2), ("roof", 3), ("memory", 4)])
def test_every_chart_has_its_figures_as_csv(chart, rows):
    lines = why_csv(an_explanation(), chart).splitlines()

    assert len(lines) == 1 + rows
    assert len({line.count(",") for line in lines if '"' not in line}) == 1


def test_csv_quotes_what_holds_a_comma():
    assert csv(("a", "b"), [("x,y", None)]) == 'a,b\r\n"x,y",\r\n'


def test_card_of_a_kernel_names_its_nodes_terms_and_sources():
    card = kernel_card(an_explanation(), ANATOMY, 1)

    for text in ("2. Conv+Relu", "conv&lt;1&gt;", "stem", "data sheet", "A book", "<sup>1/p</sup>"):
        assert text in card


def test_card_of_the_longest_kernel_has_no_longer_one():
    first = kernel_card(an_explanation(), ANATOMY, 0)
    last = kernel_card(an_explanation(), ANATOMY, 2)

    assert "data-k='-1' disabled" in first
    assert "data-k='3' disabled" in last


def test_sentence_says_what_takes_the_time():
    head = why_regions(an_explanation(), ANATOMY, 830)["why-head"]

    assert "Why <span class='nobreak'>100 µs</span>" in head.replace("\u00a0", " ")
    assert "4 launches of 3 distinct kernels in 2 layers" in head
    assert "stem takes the longest, 65.0 %" in head


def test_point_that_cannot_run_says_so_and_draws_nothing():
    problem = {"code": "precision", "what": "Round has no fp8 peak"}
    regions = why_regions(an_explanation(problem=problem), None, 830)

    assert list(regions) == ["why-head"]
    assert "no fp8 peak" in regions["why-head"]


def test_point_that_does_not_fit_is_explained_as_if_it_did():
    problem = {"code": "memory", "what": "needs 31 of 16 GB"}

    assert "If it did" in why_regions(an_explanation(problem=problem), ANATOMY, 830)["why-head"]


def a_cell(gpu, latency_ms, **changes):
    cell = {"model": "resnet50", "gpu": gpu, "runtime": "tensorrt", "precision": "fp16",
            "batch": 32, "latency_ms": latency_ms, "problem": None}  # fmt: skip
    return cell | changes


def a_state(*cells):
    catalog = {"engine": "", "models": [], "gpus": [], "runtimes": [], "precisions": []}
    return initial(catalog, FIRST_REQUEST, {"cells": list(cells)})


def test_winner_is_explained_where_no_row_was_chosen():
    state = a_state(a_cell("l4", 7.0), a_cell("h100-sxm-80gb", 1.0), a_cell("l40s", None))

    assert why_request(state, None)["gpus"] == ["h100-sxm-80gb"]
    assert why_request(state, None)["batches"] == [32]


def test_chosen_row_is_explained_while_it_is_there():
    state = a_state(a_cell("l4", 7.0), a_cell("h100-sxm-80gb", 1.0))

    assert chosen_cell(state, {"gpu": "l4"})["gpu"] == "l4"
    assert chosen_cell(state, {"gpu": "t4"})["gpu"] == "h100-sxm-80gb"


def test_nothing_is_explained_where_nothing_is_shown():
    assert why_request(a_state(), None) is None


def test_files_are_named_after_the_point():
    request = FIRST_REQUEST | {"models": ["a/b.onnx"], "gpus": ["l4"], "batches": [8]}

    assert file_name(request, "roof", "svg") == "a-b.onnx-l4-batch-8-roof.svg"


def test_words_are_short():
    assert (percent(1), percent(None), cut("abc", 3)) == ("100.0 %", "–", "abc")
