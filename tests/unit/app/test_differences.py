"""Two models: where their times differ, by kind of work and by layers of the same name."""

import pytest

from phantomgpu.app import App
from phantomgpu.errors import RequestError
from phantomgpu.onnx import BytesSource


@pytest.fixture(scope="module")
def app(repository):
    folder = repository / "profiles"
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.toml"))
    }
    return App(files, lambda file: BytesSource(file, (folder / "models" / file).read_bytes()))


def asked(*models, **fields):
    return {"models": list(models), "gpus": ["t4"], "batches": [8], **fields}


def total(rows, side):
    return sum(row[f"{side}_ms"] or 0.0 for row in rows)


def test_kinds_and_layers_add_up_to_the_latencies_of_both(app):
    told = app.differences(asked("resnet18", "resnet50"))
    cells = app.compare(asked("resnet18", "resnet50"))["cells"]

    for side, cell in zip(("first", "second"), cells, strict=True):
        assert told[side]["total_ms"] == cell["latency_ms"]
        assert total(told["kinds"], side) == pytest.approx(cell["latency_ms"], rel=1e-5)
        assert total(told["layers"], side) == pytest.approx(cell["latency_ms"], rel=1e-5)


def test_largest_difference_comes_first(app):
    told = app.differences(asked("resnet18", "resnet50"))

    for rows in (told["kinds"], told["layers"]):
        sizes = [abs(row["difference_ms"]) for row in rows]
        assert sizes == sorted(sizes, reverse=True)


def test_models_of_other_layers_are_compared_by_the_kind_of_work(app):
    told = app.differences(asked("resnet50", "vit-b16"))

    assert told["layers"] == []
    assert {kind["work"] for kind in told["kinds"]} >= {"convolutions", "attention"}
    assert told["sentence"].startswith("ViT-B/16 takes")
    assert "more in matrix products" in told["sentence"]


def test_the_other_way_round_every_difference_has_the_other_sign(app):
    there = app.differences(asked("resnet18", "resnet50"))
    back = app.differences(asked("resnet50", "resnet18"))

    assert {kind["work"]: kind["difference_ms"] for kind in there["kinds"]} == {
        kind["work"]: -kind["difference_ms"] for kind in back["kinds"]
    }
    assert there["sentence"] == back["sentence"]


def test_dimensions_that_only_one_model_has_are_its_own(app):
    told = app.differences(asked("resnet50", "bert-base", dims={"sequence": 384}))

    alone = app.compare(asked("bert-base", dims={"sequence": 384}))["cells"][0]
    assert told["second"]["total_ms"] == alone["latency_ms"]


def test_a_model_that_cannot_run_has_no_differences_but_a_reason(app):
    told = app.differences(asked("resnet18", "resnet50", precisions=["fp8"]))

    assert told["kinds"] == []
    assert told["second"]["problem"]["code"] == "precision"


def test_one_model_alone_differs_from_nothing(app):
    with pytest.raises(RequestError, match="but one model"):
        app.differences(asked("resnet50"))
