"""The commands print what contracts.md says, in every format, at any width."""

import csv
import io
import json
import random

import pytest
import tomli

from phantomgpu.report.canonical import canonical_toml

COMPARE = ("compare", "resnet50", "--gpus", "t4,a100-sxm-80gb", "--batch", "1,8")


def test_compare_prints_a_table_with_every_gpu_and_batch(run):
    result = run(*COMPARE)

    assert result.exit_code == 0
    assert result.stderr == ""
    assert "ResNet-50, fp16, TensorRT" in result.stdout
    assert "is fastest" in result.stdout
    assert all(name in result.stdout for name in ("t4", "a100-sxm-80gb"))


def test_compare_prints_the_json_of_the_contract(run):
    document = json.loads(run(*COMPARE, "--json").stdout)

    assert document["request"] == {
        "models": ["resnet50"],
        "gpus": ["t4", "a100-sxm-80gb"],
        "batches": [1, 8],
    }
    assert [(cell["gpu"], cell["batch"]) for cell in document["cells"]] == [
        ("t4", 1), ("t4", 8), ("a100-sxm-80gb", 1), ("a100-sxm-80gb", 8),
    ]  # fmt: skip
    assert document["models"][0]["nodes"] == 122


def test_csv_and_markdown_have_the_same_cells(run):
    rows = list(csv.DictReader(io.StringIO(run(*COMPARE, "--csv").stdout)))
    lines = run(*COMPARE, "--markdown").stdout.splitlines()[2:]

    assert len(rows) == len(lines) == 4


def test_options_may_be_repeated_or_separated_by_commas(run):
    separated = run(*COMPARE, "--json").stdout
    repeated = run(
        "compare", "resnet50", "--gpus", "t4", "--gpus", "a100-sxm-80gb", "--batch", "1",
        "--batch", "8", "--json",
    ).stdout  # fmt: skip

    assert repeated == separated


def test_an_alias_stands_for_the_model_it_names(run):
    by_alias = run("compare", "ResNet_50", "--gpus", "t4", "--json").stdout
    by_id = run("compare", "resnet50", "--gpus", "t4", "--json").stdout

    assert by_alias == by_id


def test_a_file_gives_the_figures_of_the_same_model_built_in(run, resnet_file):
    mine, built_in = (
        json.loads(run("compare", model, "--gpus", "t4", "--json").stdout)["cells"][0]
        for model in (resnet_file, "resnet50")
    )

    assert mine.pop("model") == str(resnet_file)
    assert built_in.pop("model") == "resnet50"
    assert mine == built_in


def test_a_profile_of_ones_own_is_found_in_a_folder(run, tmp_path):
    (tmp_path / "gpus").mkdir()
    text = 'extends = "t4"\nname = "Twice"\n[spec]\nbandwidth_gb_per_s = 640\n'
    (tmp_path / "gpus" / "twice.toml").write_text(text)

    result = run("compare", "resnet50", "--gpus", "t4,twice", "--profiles", tmp_path, "--json")

    once, twice = json.loads(result.stdout)["cells"]
    assert twice["latency_ms"] < once["latency_ms"]


def test_a_profile_of_ones_own_is_found_in_the_users_folder(run, tmp_path):
    (tmp_path / "home" / "gpus").mkdir(parents=True)
    (tmp_path / "home" / "gpus" / "mine.toml").write_text('extends = "t4"\nname = "Mine"\n')

    assert json.loads(run("gpus", "mine", "--json").stdout)["name"] == "Mine"


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    "command",
    [
        (*COMPARE, "--precision", "fp16,fp8"),
        ("compare", "resnet50", "--gpus", "jetson-orin-nano-super,mi300x", "--batch", "1,4000"),
        ("gpus",),
        ("gpus", "a100-sxm-80gb"),
        ("models",),
        ("inspect", "bert-base", "--all"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_no_table_is_wider_than_the_terminal_and_none_is_coloured(
    run, monkeypatch, columns, command
):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = run(*command)

    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    wide = [line for line in result.stdout.splitlines() if len(line) > columns]
    assert not [line for line in wide if ".toml" not in line]


def test_gpus_lists_every_profile(run, repository):
    listed = json.loads(run("gpus", "--json").stdout)

    assert {gpu["id"] for gpu in listed} == {
        path.stem for path in (repository / "profiles" / "gpus").glob("*.toml")
    }


def test_a_gpu_is_shown_with_the_source_of_each_value(run):
    gpu = json.loads(run("gpus", "t4", "--json").stdout)

    assert gpu["spec"]["bandwidth_gb_per_s"] == 320
    assert all(gpu["sources"][f"spec.peak_tflops.{name}"] for name in gpu["spec"]["peak_tflops"])
    assert "[1]" in run("gpus", "t4").stdout


def test_models_lists_what_the_index_has(run):
    listed = json.loads(run("models", "--json").stdout)

    assert {"resnet50", "bert-base", "vit-b16", "mobilenet-v2", "gpt2", "yolov8n"} <= {
        model["id"] for model in listed
    }


def test_inspect_prints_the_json_of_the_contract(run):
    found = json.loads(run("inspect", "resnet50", "--json").stdout)

    assert {"model", "inputs", "parameters", "weight_bytes", "macs", "flops", "shapes",
            "kernels"} <= set(found)  # fmt: skip
    assert (found["macs"], found["shapes"]["static"]) == (4089184256, found["shapes"]["nodes"])
    assert {"op", "nodes", "count", "flops", "read_bytes", "write_bytes", "shape"} <= set(
        found["kernels"][0]
    )


def test_inspect_says_what_each_free_dimension_was_set_to_and_why(run):
    found = json.loads(run("inspect", "bert-base", "--dim", "sequence=64", "--json").stdout)

    free = {dim["symbol"]: (dim["value"], dim["why"]) for dim in found["inputs"][0]["free"]}
    assert free == {"batch": (1, "guess: batch 1"), "sequence": (64, "given")}


def test_inspect_times_kernels_on_a_gpu_with_the_longest_first(run):
    found = json.loads(run("inspect", "resnet50", "--gpu", "t4", "--batch", "8", "--json").stdout)
    printed = run("inspect", "resnet50", "--gpu", "t4", "--batch", "8").stdout

    shares = [row["share"] for row in found["kernels"]]
    assert shares == sorted(shares, reverse=True)
    assert {"cell", "layers", "roofs"} <= set(found)
    assert "on t4" in printed
    assert "bound by" in printed


def test_inspect_says_why_kernels_cannot_be_timed_on_a_gpu(run):
    printed = run("inspect", "resnet50", "--gpu", "t4", "--precision", "fp8").stdout

    assert "fp8" in printed.split("on t4:")[1]


def test_inspect_takes_the_batch_as_a_dimension_too(run):
    by_option = run("inspect", "resnet50", "--batch", "4", "--json").stdout
    by_dim = run("inspect", "resnet50", "--dim", "batch=4", "--json").stdout

    assert json.loads(by_option)["macs"] == json.loads(by_dim)["macs"] == 4 * 4089184256


def test_a_link_holds_the_comparison_it_was_made_from(run):
    link = run("link", "encode", *COMPARE[1:]).stdout.strip()

    assert tomli.loads(run("link", "decode", link).stdout) == {
        "models": ["resnet50"],
        "gpus": ["t4", "a100-sxm-80gb"],
        "batches": [1, 8],
    }


def test_a_link_carries_the_profiles_of_ones_own(run, tmp_path):
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "mine.toml").write_text('extends = "t4"\nname = "Mine"\n')
    link = run("link", "encode", "resnet50", "--gpus", "mine", "--profiles", tmp_path).stdout

    request = json.loads(run("link", "decode", link.strip(), "--json").stdout)["request"]

    assert request["profiles"] == {"mine": 'extends = "t4"\nname = "Mine"\n'}


def test_a_link_comes_with_its_length(run):
    made = json.loads(run("link", "encode", *COMPARE[1:], "--json").stdout)

    assert made["length"] == len(made["link"]) < 200


def test_a_file_travels_as_its_kernel_table_with_the_same_figures(run, repository, tmp_path):
    model = repository / "profiles" / "models" / "resnet50.onnx.gz"
    options = ("--gpus", "t4,a100-sxm-80gb", "--batch", "1,8")
    link = run("link", "encode", model, *options, "--kernel-table").stdout.strip()
    (tmp_path / "it.phantom.toml").write_text(run("link", "decode", link).stdout)

    received = json.loads(run("compare", tmp_path / "it.phantom.toml", "--json").stdout)
    known = json.loads(run("compare", model, *options, "--json").stdout)

    assert len(link) <= 1500
    assert "resnet" not in (tmp_path / "it.phantom.toml").read_text()
    assert [cell | {"model": ""} for cell in received["cells"]] == [
        cell | {"model": ""} for cell in known["cells"]
    ]


def test_two_models_are_told_apart_by_their_layers(run):
    options = ("resnet18", "resnet50", "--gpus", "t4", "--batch", "8", "--layers")

    text = run("compare", *options).stdout
    document = json.loads(run("compare", *options, "--json").stdout)

    assert "ResNet-50 takes" in text
    assert "longer than ResNet-18" in text
    assert "layer2.0" in text
    assert document["differences"]["first"]["total_ms"] == document["cells"][0]["latency_ms"]


def test_layers_of_a_single_model_have_nothing_to_differ_from(run):
    result = run("compare", "resnet18", "--gpus", "t4", "--layers")

    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_saved_comparison_is_compared_and_its_options_replaced(run, tmp_path):
    saved = tmp_path / "mine.phantom.toml"
    saved.write_text('models = ["resnet50"]\ngpus = ["t4", "l4"]\nbatches = [1, 8]\n')

    cells = json.loads(run("compare", saved, "--batch", "2", "--json").stdout)["cells"]
    link = run("link", "encode", saved).stdout.strip()

    assert [(cell["gpu"], cell["batch"]) for cell in cells] == [("t4", 2), ("l4", 2)]
    assert tomli.loads(run("link", "decode", link).stdout) == tomli.loads(saved.read_text())


@pytest.mark.parametrize("seed", range(8))
def test_any_comparison_goes_from_file_to_link_and_back(run, tmp_path, seed):
    dice = random.Random(seed)
    request = {
        "models": dice.sample(["resnet50", "bert-base", "vit-b16", "llama-3-8b"], 2),
        "gpus": dice.sample(["t4", "l4", "l40s", "a100-sxm-80gb", "mi300x"], dice.randint(1, 5)),
        "runtimes": dice.sample(["pytorch-eager", "onnxruntime", "vllm"], dice.randint(1, 3)),
        "precisions": dice.sample(["fp32", "bf16", "int8", "fp8"], dice.randint(1, 4)),
        "batches": dice.sample(range(2, 5000), dice.randint(1, 6)),
        "dims": {"sequence": dice.randint(1, 4096)},
        "profiles": {"t4": f'extends = "l4"\nname = "Ä {seed}"\n# \t"quoted" \\ # kept\n'},
        "prompt_tokens": dice.randint(1, 9999),
        "kv_precision": "fp8",
    }
    saved = tmp_path / "any.phantom.toml"
    saved.write_text(canonical_toml(request), encoding="utf-8")

    link = run("link", "encode", saved).stdout.strip()

    assert tomli.loads(run("link", "decode", link).stdout) == request


def test_two_saved_comparisons_are_one_too_many(run, tmp_path):
    saved = tmp_path / "mine.phantom.toml"
    saved.write_text('models = ["resnet50"]\ngpus = ["t4"]\n')

    result = run("compare", saved, saved)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "one at a time" in result.stderr


def test_what_is_only_approximate_is_named_with_the_reason(run, shared_data):
    result = run("inspect", shared_data / "corpus" / "loop_if_script_ts16.onnx.gz")

    assert result.exit_code == 0
    assert "Approximations" in result.stdout


def test_a_board_without_a_type_that_the_model_fixes_is_a_row_that_says_so(run, shared_data):
    model = shared_data / "corpus" / "mobilenet_v2_qdq_int8.onnx.gz"
    cell = json.loads(run("compare", model, "--gpus", "p100-sxm2-16gb", "--json").stdout)["cells"][
        0
    ]

    assert cell["problem"]["code"] == "precision"
    assert cell["latency_ms"] is None


def test_a_peak_that_looks_sparse_is_warned_of(run, tmp_path):
    (tmp_path / "gpus").mkdir()
    text = 'extends = "h100-sxm-80gb"\nname = "H"\n[spec.peak_tflops]\nfp32 = 67\nfp16 = 1979\n'
    (tmp_path / "gpus" / "mine.toml").write_text(text)

    assert "warning: " in run("gpus", "mine", "--profiles", tmp_path).stdout


@pytest.mark.parametrize("group", [(), ("link",)])
def test_a_group_without_a_command_shows_its_commands(run, group):
    result = run(*group)

    assert result.exit_code == 0
    assert "Commands:" in result.stdout


def test_the_version_is_that_of_the_package(run):
    assert run("--version").stdout.startswith("phantomgpu, version 0.")
