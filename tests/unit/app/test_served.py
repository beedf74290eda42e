"""Served and composite models through the whole application: figures, reasons, links."""

import pytest

from phantomgpu.app import App
from phantomgpu.onnx import BytesSource

SERVED = {
    "models": ["llama-3-8b"], "gpus": ["h100-sxm-80gb"], "runtimes": ["vllm"],
    "precisions": ["fp8"], "batches": [8], "kv_precision": "fp8",
}  # fmt: skip
LOCAL = {
    "models": ["llama-3-8b"], "gpus": ["rtx-4090"], "runtimes": ["llama-cpp"],
    "precisions": ["int4"], "batches": [4],
}  # fmt: skip
NARROW = {**SERVED, "gpus": ["b200-sxm-180gb"], "precisions": ["fp4"]}
DRAWING = {"models": ["sd15"], "gpus": ["rtx-4090"], "steps": 20}
SPOKEN = {"models": ["whisper-small"], "gpus": ["l4"], "output_tokens": 40}
ASKED = pytest.mark.parametrize(
    "request_",
    [SERVED, NARROW, LOCAL, DRAWING, SPOKEN],
    ids=["served", "narrow", "local", "drawing", "spoken"],
)


@pytest.fixture(scope="module")
def app(repository):
    profiles = repository / "profiles"
    texts = {
        path.relative_to(profiles).as_posix(): path.read_text("utf-8")
        for path in profiles.rglob("*.toml")
    }
    return App(texts, lambda name: BytesSource(name, (profiles / "models" / name).read_bytes()))


@ASKED
def test_kernels_steps_and_layers_add_up_to_the_cell(app, request_):
    found = app.explain(request_)

    latency_ms = found["cell"]["latency_ms"]
    for part in ("kernels", "steps", "layers"):
        assert sum(row["total_ms"] for row in found[part]) == pytest.approx(latency_ms, rel=1e-5)


@ASKED
def test_terms_of_a_kernel_are_those_of_its_row(app, request_):
    rows = app.explain(request_)["kernels"]
    for at in range(0, len(rows), 5):
        arithmetic, traffic, both, waiting = app.explain_kernel(request_, at)["terms"]

        assert arithmetic["time_us"] == pytest.approx(rows[at]["compute_us"], rel=1e-5)
        assert traffic["time_us"] == pytest.approx(rows[at]["memory_us"], rel=1e-5)
        together = both["time_us"] + waiting["time_us"]
        assert together == pytest.approx(rows[at]["time_us"], rel=1e-5)
        terms = (arithmetic, traffic, both, waiting)
        assert [i["name"] for term in terms for i in term["inputs"] if not i["source"]] == []


@ASKED
def test_the_cell_that_is_explained_is_the_one_that_is_compared(app, request_):
    assert app.explain(request_)["cell"] == app.compare(request_)["cells"][0]


@ASKED
def test_a_link_opens_as_the_request_it_was(app, request_):
    link = app.encode_link(request_)["link"]

    opened = app.decode_link(link)["request"]

    assert {name: opened[name] for name in request_} == request_
    assert app.compare(opened)["cells"] == app.compare(request_)["cells"]


def test_looking_into_a_language_model_tells_what_it_keeps_of_a_token(app):
    found = app.inspect("llama-3-8b")["generation"]

    assert found["kv_bytes_per_token"] == {"fp16": 131_072, "fp8": 65_536, "int8": 65_536}
    assert app.inspect("resnet50")["generation"] is None


def test_curves_come_with_the_answer(app):
    charts = app.answer({**SERVED, "batches": [1, 8, 64]})["charts"]

    assert len(charts["tokens_by_concurrency"]["data"]["values"]) == 3
    assert "tokens_by_concurrency" not in app.answer(DRAWING)["charts"]


def test_a_picture_takes_longer_by_its_steps(app):
    def latency_ms(steps):
        return app.compare({**DRAWING, "steps": steps})["cells"][0]["latency_ms"]

    once, twice, thrice = (latency_ms(steps) for steps in (10, 20, 30))
    assert thrice - twice == pytest.approx(twice - once, rel=1e-3)
