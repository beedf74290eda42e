"""What leaves this machine: links and files that open as what was sent, models as kernel tables."""

import random

import pytest

from phantomgpu.app import App
from phantomgpu.comparison import request_as_dict
from phantomgpu.errors import LinkError, RequestError
from phantomgpu.onnx import BytesSource
from phantomgpu.report.saved import request_text
from tests.unit.report.test_link import a_random_request

GPUS = ["h100-sxm-80gb", "a100-sxm-80gb", "l40s", "l4"]
MODELS = ("resnet50", "bert-base", "vit-b16", "mobilenet-v2")
FIGURES = ("gpu", "batch", "latency_ms", "latency_low_ms", "latency_high_ms", "memory_bytes",
           "throughput_per_s", "fits", "bound", "basis", "mfu", "problem")  # fmt: skip


@pytest.fixture(scope="module")
def app(repository):
    folder = repository / "profiles"
    files = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.toml"))
    }
    made = App(files, lambda file: BytesSource(file, (folder / "models" / file).read_bytes()))
    for model in MODELS:
        content = (folder / "models" / f"{model}.onnx.gz").read_bytes()
        made.open_model(BytesSource(f"{model}.onnx.gz", content), name=f"secret-{model}.onnx")
    return made


def a_request(model="resnet50", **fields):
    return {"models": [f"secret-{model}.onnx"], "gpus": GPUS, "batches": [1, 8, 32], **fields}


def figures(app, request):
    return [{key: cell[key] for key in FIGURES} for cell in app.compare(request)["cells"]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_kernel_table_compares_with_the_figures_of_its_model(app, model, precision):
    request = a_request(model, precisions=[precision])

    link = app.encode_link(request, with_tables=True)["link"]

    assert figures(app, app.decode_link(link)["request"]) == figures(app, request)


def test_kernel_table_serves_batches_that_its_sender_did_not_ask_for(app):
    link = app.encode_link(a_request(), with_tables=True)["link"]
    received = app.decode_link(link)["request"]

    assert figures(app, {**received, "batches": [3, 64]}) == figures(
        app, a_request(batches=[3, 64])
    )


def test_kernel_table_of_resnet50_on_four_gpus_takes_at_most_1500_characters(app):
    saw = {"engine": "0.1.0", "batch": 32, "gpu": GPUS[0], "latency_ms": 3.21}

    assert app.encode_link(a_request(), saw=saw, with_tables=True)["length"] <= 1500


def test_link_with_kernel_tables_names_no_model_of_ones_own(app):
    made = app.encode_link(a_request(models=["secret-resnet50.onnx", "gpt2"]), with_tables=True)

    assert made["request"]["models"] == ["kernel-table", "gpt2"]
    assert "secret" not in str(app.decode_link(made["link"]))


def test_two_versions_travel_as_two_tables(app):
    request = a_request(models=["secret-resnet50.onnx", "secret-mobilenet-v2.onnx"])

    received = app.decode_link(app.encode_link(request, with_tables=True)["link"])["request"]

    assert received["models"] == ["kernel-table", "kernel-table-2"]
    assert figures(app, received) == figures(app, request)


def test_free_dimensions_of_a_table_are_part_of_it(app):
    request = a_request("bert-base", dims={"sequence": 384})

    made = app.encode_link(request, with_tables=True)["request"]

    assert "dims" not in made
    assert figures(app, made) == figures(app, request)


def test_link_without_tables_only_names_the_model(app):
    made = app.encode_link(a_request())

    assert made["request"]["models"] == ["secret-resnet50.onnx"]
    assert made["length"] <= 200


def test_kernel_table_is_explained_and_inspected(app):
    received = app.encode_link(a_request(), with_tables=True)["request"]

    told = app.explain({**received, "batches": [8]})
    document = app.inspect("kernel-table", tables=received["tables"])

    times = [step["total_ms"] for step in told["steps"]]
    assert sum(times) == pytest.approx(told["cell"]["latency_ms"], rel=1e-5)  # six digits
    assert document["model"]["nodes"] == 0
    assert document["macs"] == app.inspect("resnet50")["macs"]


def test_a_table_that_is_none_is_a_mistake(app):
    with pytest.raises(RequestError, match="kernel table cannot be used"):
        app.compare({"models": ["x"], "gpus": ["t4"], "tables": {"x": {"parts": [{}]}}})


@pytest.mark.parametrize("field", [{"other": 1}, {"graph": 3}, {"graph": "a" * 65}])
def test_a_table_with_other_fields_is_a_mistake(app, field):
    with pytest.raises(RequestError, match="kernel table cannot be used"):
        app.compare({"models": ["x"], "gpus": ["t4"], "tables": {"x": {"parts": [{}], **field}}})


def test_every_cut_and_every_flip_of_a_table_is_called_damaged(app):
    link = app.encode_link(a_request(), with_tables=True)["link"]
    dice = random.Random(3)
    broken = [link[:-count] for count in range(1, 21)]
    for count in range(1, 21):
        start = dice.randrange(len(link) - count)
        broken.append(link[:start] + link[start + count :])
    for at, sign in enumerate(link):
        broken.append(link[:at] + ("A" if sign != "A" else "B") + link[at + 1 :])

    for text in broken:
        with pytest.raises(LinkError, match="damaged"):
            app.decode_link(text)


def test_a_thousand_random_requests_survive_the_file(app):
    dice = random.Random(7)
    for _ in range(1000):
        request = a_random_request(dice)

        assert app.open_request(request_text(request))["request"] == request_as_dict(request)


def test_saved_file_opens_with_the_line_ends_of_another_system(app):
    text = app.save_request(a_request(dims={}))["text"].replace("\n", "\r\n")

    assert app.open_request(text)["request"]["gpus"] == GPUS


def test_saved_file_with_tables_opens_without_the_model(app):
    text = app.save_request(a_request(), with_tables=True)["text"]

    assert "secret" not in text
    assert figures(app, app.open_request(text)["request"]) == figures(app, a_request())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("models = [", "line 1, column 11"),
        ("[" * 5000, ""),
        ("models = 3", ""),
        ("#" * 5_000_000, ""),
    ],
)
def test_what_is_no_saved_comparison_is_a_mistake(app, text, where):
    with pytest.raises(RequestError) as error:
        app.open_request(text, origin="x.phantom.toml")

    assert where in error.value.where
    assert error.value.fix
