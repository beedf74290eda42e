"""A model of the hub is known from its configuration and headers; its weights stay there."""

import json

import pytest

from phantomgpu.cli.hub import open_repository
from phantomgpu.families import read_definition
from phantomgpu.families.repository import repository
from phantomgpu.onnx import BytesSource
from tests.unit.cli.hub_server import Hub, Sparse, as_json, safetensors, served
from tests.unit.families import configs

ASK = ("--gpus", "a100-sxm-80gb", "--json")
LLAMA_8B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "vocab_size": 128256, "max_position_embeddings": 8192, "rope_theta": 500000.0,
}  # fmt: skip


@pytest.fixture
def hub(monkeypatch):
    """A hub that commands talk to, without a token of whoever runs the tests."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    held = Hub({"org/small": {"config.json": as_json(configs.llama())}})
    with served(held) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield held


def three_lines(result):
    """The error of a command that must have said nothing on standard output."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert "where" in result.stderr
    assert "fix" in result.stderr
    return " ".join(result.stderr.split())


# What is read


def test_a_repository_is_compared_by_its_configuration(run, hub):
    result = run("compare", "hf:org/small", *ASK)

    document = json.loads(result.stdout)
    assert document["models"][0]["id"] == "hf:org/small"
    assert document["cells"][0]["latency_ms"] > 0


def test_a_revision_is_asked_for_by_its_name(run, hub):
    assert run("inspect", "hf:org/small@v1", "--json").exit_code == 0
    assert hub.asked[0][0] == "/org/small/resolve/v1/config.json"


def test_a_link_holds_the_name_and_nothing_of_the_token(run, hub, monkeypatch):
    hub.token = "secret-token"
    monkeypatch.setenv("HF_TOKEN", "secret-token")

    link = run("link", "encode", "hf:org/small", "--gpus", "t4").stdout.strip()
    told = run("link", "decode", link).stdout

    assert "hf:org/small" in told
    assert "secret" not in link + told


def test_of_five_gigabytes_less_than_two_percent_is_read(run, hub):
    shards = {
        f"model-0000{k}-of-00004.safetensors": safetensors(
            {f"model.layers.{k}.{n}.weight": ("BF16", [20_000, 32_000]) for n in range(1)}
        )
        for k in range(1, 5)
    }
    index = {"weight_map": {f"w{k}": name for k, name in enumerate(shards)}}
    hub.files["org/large"] = {
        "config.json": as_json(LLAMA_8B),
        "model.safetensors.index.json": as_json(index),
        **shards,
    }
    before = hub.sent

    assert run("compare", "hf:org/large", *ASK).exit_code == 0
    assert hub.size > 5_000_000_000
    assert hub.sent - before <= 0.02 * hub.size
    assert hub.sent - before <= 500_000


def test_the_parameters_are_those_that_the_files_hold(hub):
    exact = read_definition(BytesSource("x", as_json(configs.llama())), name="x").parameters
    hub.files["org/small"]["model.safetensors"] = safetensors(
        {"w": ("BF16", [exact - 100]), "b": ("F32", [200])}, padding=100_000
    )
    definition = read_definition(open_repository("hf:org/small"), name="x")

    assert definition.parameters == exact + 100
    assert any("mostly as bf16" in text for text in definition.notes)


def test_files_that_hold_another_number_of_parameters_are_told(hub):
    hub.files["org/small"]["model.safetensors"] = safetensors({"w": ("F16", [10_000_000])})
    definition = read_definition(open_repository("hf:org/small"), name="x")

    assert definition.parameters < 1_000_000
    assert any("0.010 G parameters" in text for text in definition.notes)


def test_packed_weights_are_not_counted_as_parameters(hub):
    plain = read_definition(open_repository("hf:org/small"), name="x").parameters
    hub.files["org/small"]["model.safetensors"] = safetensors(
        {"w.qweight": ("I32", [1000]), "w.scales": ("F16", [10])}
    )

    assert read_definition(open_repository("hf:org/small"), name="x").parameters == plain


def test_an_unknown_family_is_read_from_its_onnx_file_by_range(run, hub, resnet_bytes):
    hub.files["org/other"] = {
        "config.json": as_json({"model_type": "mystery"}),
        "onnx/model.onnx": resnet_bytes,
    }
    result = run("inspect", "hf:org/other", "--json")

    assert json.loads(result.stdout)["macs"] == 4089184256


def test_an_onnx_file_of_a_repository_is_read_where_it_is_named(run, hub, resnet_bytes):
    hub.files["org/small"]["onnx/model_q4.onnx"] = resnet_bytes
    result = run("inspect", "hf:org/small/onnx/model_q4.onnx", "--json")

    assert json.loads(result.stdout)["macs"] == 4089184256


def test_a_folder_needs_no_hub(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_bytes(as_json(configs.llama()))
    weights = safetensors({"w": ("BF16", [64, 64])})
    (folder / "model.safetensors").write_bytes(weights.part(0, weights.size))

    assert run("compare", folder, *ASK).exit_code == 0


# Who may read it


def test_the_token_of_the_environment_opens_a_private_repository(run, hub, monkeypatch):
    hub.token = "abc"
    monkeypatch.setenv("HF_TOKEN", "abc")

    assert run("inspect", "hf:org/small", "--json").exit_code == 0


def test_the_token_of_a_file_opens_a_private_repository(run, hub, tmp_path):
    hub.token = "abc"
    (tmp_path / "token").write_text("abc\n")

    result = run("inspect", "hf:org/small", "--token-file", tmp_path / "token", "--json")

    assert result.exit_code == 0


def test_the_token_is_shown_to_the_hub_alone(run, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "abc")
    other = Hub(hub.files)
    with served(other) as elsewhere:
        hub.elsewhere = elsewhere
        assert run("inspect", "hf:org/small", "--json").exit_code == 0

    assert {token for _, token in hub.asked} == {"Bearer abc"}
    assert {token for _, token in other.asked} == {""}


def test_a_token_file_that_is_not_there_is_said(run, hub, tmp_path):
    told = three_lines(run("inspect", "hf:org/small", "--token-file", tmp_path / "none"))

    assert "--token-file" in told


# What goes wrong


@pytest.mark.parametrize(
    ("name", "said", "way_out"),
    [
        ("hf:org/none", "there is no repository org/none", "check owner and name"),
        ("hf:org/small@v9", "has no revision v9", "leave @revision out"),
        ("hf:org", "names no repository", "hf:org/name"),
        ("hf:org/../etc", "names no repository", "hf:org/name"),
        ("hf:org/small/weights.bin", "names no repository", "onnx/model.onnx"),
    ],
)
def test_a_wrong_name_is_said(run, hub, name, said, way_out):
    told = three_lines(run("compare", name, *ASK))

    assert said in told
    assert way_out in told


@pytest.mark.parametrize(
    ("status", "headers", "said", "way_out"),
    [
        (401, {}, "is private, gated, or not there", "HF_TOKEN"),
        (401, {"X-Error-Code": "GatedRepo"}, "is gated", "--token-file"),
        (403, {}, "is gated", "HF_TOKEN"),
        (429, {"Retry-After": "37"}, "no more requests", "wait 37 seconds"),
        (429, {}, "no more requests", "wait some minutes"),
        (503, {}, "answers 503", "try again later"),
    ],
)
def test_a_refusal_says_what_to_do(run, hub, status, headers, said, way_out):
    hub.status, hub.headers = status, headers
    told = three_lines(run("compare", "hf:org/small", *ASK))

    assert said in told
    assert way_out in told


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "does not take this token"), (403, "is gated")],
)
def test_a_token_that_is_not_enough_is_said(run, hub, monkeypatch, status, said):
    hub.status = status
    monkeypatch.setenv("HF_TOKEN", "abc")
    told = three_lines(run("compare", "hf:org/small", *ASK))

    assert said in told
    assert "abc" not in told


def test_a_connection_that_breaks_off_is_said(run, hub):
    hub.cuts = True

    assert "broke off" in three_lines(run("compare", "hf:org/small", *ASK))


def test_a_hub_that_is_not_there_is_said(run, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    assert "HF_ENDPOINT" in three_lines(run("compare", "hf:org/small", *ASK))


@pytest.mark.parametrize("text", [b"<html>", b"[1]", b"", b'{"model_type": ', b"\xff\xfe"])
def test_a_configuration_that_is_no_json_is_said(run, hub, text):
    hub.files["org/small"]["config.json"] = text

    assert "config.json" in three_lines(run("compare", "hf:org/small", *ASK))


def test_a_repository_without_configuration_is_said(run, hub):
    hub.files["org/small"] = {"README.md": b"hello"}

    assert "has no config.json" in three_lines(run("compare", "hf:org/small", *ASK))


def test_an_unknown_family_names_the_way_out(run, hub):
    hub.files["org/small"]["config.json"] = as_json({"model_type": "mystery"})
    told = three_lines(run("compare", "hf:org/small", *ASK))

    assert "'mystery'" in told
    assert "phantomgpu convert" in told


@pytest.mark.parametrize(
    "weights",
    [
        b"version https://git-lfs.github.com/spec/v1\n",
        Sparse((1 << 40).to_bytes(8, "little") + b"{", 1 << 41),
        Sparse((50).to_bytes(8, "little") + b'{"w": {"dtype": "F16"', 29),
        Sparse((22).to_bytes(8, "little") + b'{"w":{"dtype":"F16"}}  ', 31),
    ],
)
def test_damaged_weights_are_said(run, hub, weights):
    hub.files["org/small"]["model.safetensors"] = weights

    assert "model.safetensors" in three_lines(run("compare", "hf:org/small", *ASK))


def test_a_hub_without_ranges_serves_as_long_as_headers_are_short(run, hub):
    hub.sends_parts = False
    hub.files["org/small"]["model.safetensors"] = safetensors({"w": ("BF16", [64, 64])})
    assert run("inspect", "hf:org/small", "--json").exit_code == 0

    hub.files["org/small"]["model.safetensors"] = safetensors(
        {"w": ("BF16", [64, 64])}, padding=100_000
    )
    assert "sends only whole files" in three_lines(run("inspect", "hf:org/small"))


# Names and addresses


def test_a_revision_with_a_slash_is_one_part_of_the_address():
    wanted = repository("hf:org/name@refs/pr/1")

    assert wanted.address("a b/config.json", "http://hub/") == (
        "http://hub/org/name/resolve/refs%2Fpr%2F1/a%20b/config.json"
    )


def test_a_file_may_follow_the_revision():
    assert repository("hf:o/n@v1/onnx/model.onnx").path == "onnx/model.onnx"
    assert repository("hf:o/n/onnx/model.onnx@v1").revision == "v1"


# Ten families, with weights of their real size that are nowhere

FAMILIES = (
    "llama-3-8b", "mistral-7b", "mixtral-8x7b", "qwen2.5-7b", "gemma-2-9b", "phi-3.5-mini",
    "deepseek-v3", "gpt-oss-120b", "t5-base", "whisper-small", "vit-l16", "clip-l14", "sdxl",
)  # fmt: skip


def repository_of(files, parameters):
    """A repository with those configurations, and the weights of that many parameters."""
    made = {path: as_json(values) for path, values in files.items()}
    prefix = "unet/diffusion_pytorch_model" if "model_index.json" in files else "model"
    weights = {"w": ("BF16", [parameters])}
    return made | {f"{prefix}.safetensors": safetensors(weights, padding=50_000)}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_read_whole_from_a_few_kilobytes(run, hub, repository, name):
    found = json.loads((repository / "profiles" / "models" / f"{name}.json").read_text("utf-8"))
    files = found if "model_index.json" in found else {"config.json": found}
    built_in = json.loads(run("models", name, "--json").stdout)[0]
    hub.files = {"org/it": repository_of(files, built_in["parameters"])}

    definition = read_definition(open_repository("hf:org/it"), name="it")
    result = run("compare", "hf:org/it", "--gpus", "b200-sxm-180gb", "--json")

    assert definition.parameters == built_in["parameters"]
    assert (result.exit_code, len(json.loads(result.stdout)["cells"])) == (0, 1)
    assert hub.sent <= 2 * 200_000


def test_inspect_tells_what_the_files_hold(run, hub):
    hub.files["org/small"]["model.safetensors"] = safetensors({"w": ("BF16", [1000])})
    result = run("inspect", "hf:org/small")

    assert "described by its configuration; no weights were read" in result.stdout
    assert "mostly as bf16" in result.stdout


def test_inspect_tells_the_parts_of_a_run(run):
    told = " ".join(run("inspect", "sdxl").stdout.split())

    assert "text-encoder x 2 evaluations, text-encoder-2 x 2 evaluations" in told
    assert "unet x 50 x 2 evaluations, vae-decoder; what follows is unet alone, once" in told
