"""A point taken apart: nothing of its time is lost, and no figure is without its source."""

from math import fsum

import pytest

from phantomgpu.app import App
from phantomgpu.errors import RequestError
from phantomgpu.hardware.calibration import PARAMETERS
from phantomgpu.onnx import BytesSource
from phantomgpu.report.rounding import rounded


@pytest.fixture(scope="module")
def app(repository):
    folder = repository / "profiles"
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.toml"))
    }
    return App(texts, lambda file: BytesSource(file, (folder / "models" / file).read_bytes()))


def asked(model="resnet50", gpu="t4", **changes):
    point = {"models": [model], "gpus": [gpu], "batches": [8], "precisions": ["fp16"]}
    return point | changes


POINTS = [
    asked(),
    asked("bert-base", "h100-sxm-80gb", runtimes=["pytorch-eager"]),
    asked("yolov8n", "l4", batches=[1], precisions=["int8"]),
    asked("roberta-base", "a100-sxm-80gb", precisions=["fp32"], runtimes=["onnxruntime"]),
]


@pytest.mark.parametrize("request_", POINTS)
@pytest.mark.parametrize("part", ["kernels", "steps", "layers"])
def test_every_way_to_cut_a_run_adds_up_to_its_latency_to_the_digit(app, request_, part):
    found = app.explain(request_)

    latency_ms = app.compare(request_)["cells"][0]["latency_ms"]
    assert rounded(fsum(row["total_ms"] for row in found[part])) == latency_ms


@pytest.mark.parametrize("request_", POINTS)
@pytest.mark.parametrize("part", ["kernels", "layers"])
def test_shares_are_of_the_whole(app, request_, part):
    shares = [row["share"] for row in app.explain(request_)[part]]

    assert fsum(shares) == pytest.approx(1, abs=1e-9)


def test_kernels_stand_with_the_longest_first(app):
    totals = [row["total_ms"] for row in app.explain(asked())["kernels"]]

    assert totals == sorted(totals, reverse=True)


def test_every_launch_is_a_step_of_its_kernel(app):
    found = app.explain(asked())

    launches = [0] * len(found["kernels"])
    for step in found["steps"]:
        launches[step["kernel"]] += step["repeats"]
    assert launches == [row["count"] for row in found["kernels"]]


def test_every_step_is_in_one_layer(app):
    found = app.explain(asked("bert-base"))

    steps = [step for layer in found["layers"] for step in layer["steps"]]
    assert sorted(steps) == list(range(len(found["steps"])))


def test_layers_are_the_blocks_people_know(app):
    names = [layer["name"] for layer in app.explain(asked())["layers"]]

    assert names[:2] == ["conv1", "layer1.0"]
    assert names[-2:] == ["layer4.2", "fc"]


def test_the_highest_memory_of_the_run_is_what_the_cell_says(app):
    found = app.explain(asked())
    memory = found["memory"]

    resident = memory["weight_bytes"] + memory["workspace_bytes"] + memory["context_bytes"]
    most = max(step["alive_bytes"] for step in found["steps"])
    assert resident + most == found["cell"]["memory_bytes"]


def test_the_ridge_is_where_both_roofs_meet(app):
    roofs = app.explain(asked())["roofs"]

    for peak in roofs["peaks"]:
        meeting = peak["ridge"] * roofs["bandwidth_bytes_per_s"]
        assert meeting == pytest.approx(peak["flops_per_s"], rel=1e-5)


def test_no_kernel_is_above_the_roof_of_the_cache(app):
    for request_ in POINTS:
        found = app.explain(request_)
        peaks = {peak["name"]: peak["flops_per_s"] for peak in found["roofs"]["peaks"]}
        roofs = found["roofs"]
        slope = roofs["cache_bytes_per_s"] + roofs["bandwidth_bytes_per_s"]
        for row in found["kernels"]:
            roof = min(peaks[row["roof"]], (row["intensity"] or 0) * slope)
            assert row["flops_per_s"] <= roof * 1.001


@pytest.mark.parametrize("request_", POINTS)
def test_terms_of_a_kernel_are_those_of_its_row(app, request_):
    rows = app.explain(request_)["kernels"]
    for at, row in enumerate(rows):
        arithmetic, traffic, both, waiting = app.explain_kernel(request_, at)["terms"]

        assert arithmetic["time_us"] == pytest.approx(row["compute_us"], rel=1e-5)
        assert traffic["time_us"] == pytest.approx(row["memory_us"], rel=1e-5)
        together = both["time_us"] + waiting["time_us"]
        assert together == pytest.approx(row["time_us"], rel=1e-5)


@pytest.mark.parametrize(
    ("runtime", "precision", "batch", "expected"),
    [
        ("trt-llm", "fp16", 8, "split_cycles"),
        ("vllm", "fp8", 8, "template_split_cycles"),
        ("trt-llm", "int4", 8, "template_split_cycles"),
    ],
)
def test_a_product_names_what_its_library_is_described_by(app, runtime, precision, batch, expected):
    request_ = asked(
        "llama-3-8b", "h100-sxm-80gb", runtimes=[runtime], precisions=[precision], batches=[batch]
    )
    kernels = app.explain(request_)["kernels"]
    terms = [app.explain_kernel(request_, at)["terms"][0] for at in range(len(kernels))]

    names = {i["name"] for term in terms for i in term["inputs"]}
    assert PARAMETERS[expected].meaning in names


def test_every_input_of_a_term_has_its_source(app):
    for request_ in POINTS:
        for at in range(len(app.explain(request_)["kernels"])):
            terms = app.explain_kernel(request_, at)["terms"]
            assert [i["name"] for term in terms for i in term["inputs"] if not i["source"]] == []


def test_a_kernel_that_is_not_there_says_how_many_there_are(app):
    with pytest.raises(RequestError) as caught:
        app.explain_kernel(asked(), 1000)

    assert "0 to" in caught.value.fix


def test_a_point_that_does_not_fit_is_still_explained(app):
    found = app.explain(asked(batches=[100000]))

    assert found["cell"]["problem"]["code"] == "memory"
    assert max(s["alive_bytes"] for s in found["steps"]) > found["memory"]["limit_bytes"]


def test_a_point_that_cannot_run_has_kernels_without_times(app):
    found = app.explain(asked(precisions=["fp8"]))

    assert found["cell"]["problem"]["code"] == "precision"
    assert {row["total_ms"] for row in found["kernels"]} == {None}
