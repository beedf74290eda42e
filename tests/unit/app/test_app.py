"""What both shells call: plain values in, values that JSON can hold out."""

import csv
import json

import pytest

from phantomgpu.app import App
from phantomgpu.comparison.sweep import schedule_for
from phantomgpu.errors import LinkError, PhantomGPUError, TomlError, UnknownNameError
from phantomgpu.onnx import BytesSource

REQUEST = {"models": ["resnet50"], "gpus": ["t4", "l4"], "batches": [1, 8]}


@pytest.fixture(scope="module")
def files(repository):
    folder = repository / "profiles"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.toml"))
    }


@pytest.fixture(scope="module")
def read_builtin(repository):
    def read(file):
        return BytesSource(file, (repository / "profiles" / "models" / file).read_bytes())

    return read


@pytest.fixture
def app(files, read_builtin):
    return App(files, read_builtin)


def is_json(value):
    return json.loads(json.dumps(value, allow_nan=False)) == value


def test_every_answer_is_plain_json(app, read_builtin):
    answers = [
        app.open_model(read_builtin("resnet18.onnx.gz"), name="mine.onnx"),
        app.models(),
        app.gpus(),
        app.gpu("t4"),
        app.runtimes(),
        app.check_profile("t4", "name ="),
        app.compare(REQUEST),
        list(app.compare_streaming(REQUEST)),
        app.answer(REQUEST),
        app.inspect("resnet50"),
        app.explain(REQUEST),
        app.encode_link(REQUEST),
        app.decode_link(app.encode_link(REQUEST)["link"]),
    ]

    assert all(is_json(answer) for answer in answers)


def test_an_opened_model_is_compared_by_its_name(app, read_builtin):
    app.open_model(read_builtin("resnet18.onnx.gz"), name="mine.onnx")

    cell = app.compare({"models": ["mine.onnx"], "gpus": ["t4"]})["cells"][0]

    assert cell["model"] == "mine.onnx"
    assert cell["latency_ms"] > 0


def test_an_opened_model_comes_with_its_free_dimensions_and_their_guesses(app, read_builtin):
    found = app.open_model(read_builtin("bert-base.onnx.gz"), name="mine.onnx")

    assert found["batch"] == "batch"
    assert {dim["symbol"]: dim["why"] for dim in found["inputs"][0]["free"]} == {
        "batch": "guess: batch 1",
        "sequence": "guess: sequence 128",
    }


def test_a_closed_model_is_gone(app, read_builtin):
    app.open_model(read_builtin("resnet18.onnx.gz"), name="mine.onnx")
    app.close_model("mine.onnx")

    with pytest.raises(UnknownNameError):
        app.compare({"models": ["mine.onnx"], "gpus": ["t4"]})


def test_a_built_in_model_runs_at_the_size_it_was_published_at(app):
    found = app.inspect("yolov8n")

    assert found["macs"] == 4371993600
    assert found["inputs"][0]["shape"] == [1, 3, 640, 640]


def test_memory_over_the_run_peaks_at_what_the_run_needs(app):
    found = app.inspect("resnet50", batch=8)

    most = max(item["alive_bytes"] for item in found["memory"])
    assert most == found["run"]["peak_activation_bytes"]


def test_a_file_with_the_graph_of_a_built_in_model_runs_at_the_guesses_it_showed(app, read_builtin):
    app.inspect("yolov8n")
    opened = app.open_model(read_builtin("yolov8n.onnx.gz"), name="mine.onnx")

    assert app.inspect("mine.onnx")["inputs"][0]["shape"] == opened["inputs"][0]["shape"]


def test_streamed_cells_are_those_of_the_comparison(app):
    streamed = list(app.compare_streaming(REQUEST))

    assert sorted(map(json.dumps, streamed)) == sorted(
        map(json.dumps, app.compare(REQUEST)["cells"])
    )


def test_an_answer_holds_the_document_and_what_people_read(app):
    found = app.answer(REQUEST)

    assert found["comparison"] == app.compare(REQUEST)
    assert "ResNet-50" in found["sentences"][0]
    assert set(found["charts"]) == {"latency", "latency_by_batch", "throughput_by_batch"}
    assert found["markdown"].count("\n") == 2 + 4
    assert found["csv"].count("\r\n") == 1 + 4


def test_the_kernels_of_a_cell_add_up_to_its_latency(app):
    found = app.explain(REQUEST)

    total_ms = sum(row["total_ms"] for row in found["kernels"])
    assert total_ms == pytest.approx(found["cell"]["latency_ms"], rel=0.05)
    assert sum(row["share"] for row in found["kernels"]) == pytest.approx(1, abs=1e-4)


def test_the_same_graph_is_worked_out_once_for_any_number_of_gpus(app, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "phantomgpu.comparison.shelf.schedule_for",
        lambda *arguments: calls.append(arguments) or schedule_for(*arguments),
    )

    app.compare(REQUEST)
    app.compare(REQUEST | {"gpus": ["a10"]})

    assert len(calls) == 1


def test_a_gpu_comes_with_the_text_and_source_of_its_profile(app, files):
    gpu = app.gpu("t4")

    assert gpu["text"] == files["gpus/t4.toml"]
    assert gpu["sources"]["spec.bandwidth_gb_per_s"]


def test_a_mistake_in_a_profile_has_line_and_column_as_numbers(app):
    text = 'extends = "t4"\nname = "Mine"\n[spec]\nmemory_gb = "many"\n'
    found = app.check_profile("mine", text)

    problem = found["problems"][0]
    assert found["gpu"] is None
    assert (problem["severity"], problem["line"], problem["column"]) == ("error", 4, 1)
    assert problem["fix"]


def test_the_words_of_the_check_are_those_of_the_comparison(app):
    text = 'extends = "t4"\nname = "Mine"\n[spec]\nmemory_gb = "many"\n'
    checked = app.check_profile("mine", text)["problems"][0]

    with pytest.raises(TomlError) as caught:
        app.compare(REQUEST | {"gpus": ["mine"], "profiles": {"mine": text}})

    assert (checked["what"], checked["fix"]) == (caught.value.what, caught.value.fix)


def test_a_good_profile_has_no_problems_and_is_shown(app, files):
    found = app.check_profile("t4", files["gpus/t4.toml"])

    assert found["problems"] == []
    assert found["gpu"]["name"] == app.gpu("t4")["name"]


def test_a_peak_that_looks_sparse_is_a_warning_with_its_place(app):
    text = 'extends = "h100-sxm-80gb"\nname = "H100"\n[spec.peak_tflops]\nfp32 = 67\nfp16 = 1979\n'
    problem = app.check_profile("mine", text)["problems"][0]

    assert (problem["severity"], problem["line"]) == ("warning", 5)
    assert "sparsity" in problem["what"]


def test_a_link_from_another_machine_carries_the_profiles_made_there(files, read_builtin):
    text = 'extends = "t4"\nname = "Mine"\n'
    sender = App(files, read_builtin, custom={"/home/me/gpus/mine.toml": text})
    receiver = App(files, read_builtin)
    request = {"models": ["resnet50"], "gpus": ["mine", "t4"]}

    found = receiver.decode_link(sender.encode_link(request)["link"])["request"]

    assert receiver.compare(found)["cells"] == sender.compare(request)["cells"]


def test_what_the_sender_saw_is_told(app):
    link = app.encode_link(REQUEST, saw={"latency_ms": 3.21})["link"]

    assert app.decode_link(link)["saw"] == {"latency_ms": 3.21}


def test_a_damaged_link_is_an_error(app):
    with pytest.raises(LinkError, match="damaged"):
        app.decode_link(app.encode_link(REQUEST)["link"][:-1])


@pytest.mark.parametrize("request_", [None, [], {"models": 3}, {"models": [[]], "gpus": ["t4"]}])
def test_a_request_that_is_none_is_an_error(app, request_):
    with pytest.raises(PhantomGPUError):
        app.compare(request_)


def test_every_built_in_model_has_the_macs_its_definition_was_counted_at(app):
    for model in app.models():
        found = app.inspect(model["id"])

        described = app._shelf.definition(model["id"])
        if described is None or len(described.parts) == 1:  # of several, the index has the sum
            assert found["macs"] == model["macs"], model["id"]
        assert found["shapes"]["static"] == found["shapes"]["nodes"], model["id"]


@pytest.mark.parametrize("model", ["resnet50", "bert-base", "yolov8n"])
def test_memory_never_shrinks_as_the_batch_grows(app, model):
    needed = [
        app.inspect(model, batch=batch)["run"]["peak_activation_bytes"] for batch in (1, 2, 3, 8, 9)
    ]

    assert needed == sorted(needed)


@pytest.mark.corpus
@pytest.mark.parametrize("export", ["resnet50_ts13_dynbhw", "bert_base_ts11", "vit_b16_ts14_dynb"])
def test_the_macs_of_other_exports_equal_the_corpus(app, shared_data, export):
    with (shared_data / "corpus" / "index.csv").open(newline="") as rows:
        known = next(row for row in csv.DictReader(rows) if row["name"] == export)
    path = shared_data / "corpus" / f"{export}.onnx.gz"
    app.open_model(BytesSource(path.name, path.read_bytes()), name=export)

    assert app.inspect(export, dims=json.loads(known["dims"]))["macs"] == int(known["macs"])


def test_completion_offers_what_the_catalogue_knows(app):
    found = app.complete_profile("t4", "[spec]\nband", 2, 5)

    option = next(one for one in found["options"] if one["text"] == "bandwidth_gb_per_s")
    assert found["column"] == 1
    assert "GB/s" in option["detail"]
    assert app.complete_profile("mine", "sta", 1, 4)["options"]


def test_variant_of_three_lines_is_a_whole_profile(app):
    variant = app.new_variant("t4")

    found = app.check_profile(variant["id"], variant["text"])

    assert found["problems"] == []
    assert [change["key"] for change in found["changes"]] == ["name"]
