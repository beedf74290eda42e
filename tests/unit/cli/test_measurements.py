"""validate, calibrate and measure: files in, figures and profiles out."""

import csv
import io
import json
import sys

import pytest

ONE = "gpu,model,runtime,precision,batch,metric,value\nt4,resnet18,tensorrt,fp16,8,latency_ms,9.9\n"


@pytest.fixture
def one_row(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text(ONE)
    return path


def test_validate_needs_no_files(run):
    document = json.loads(run("validate", "--json").stdout)

    assert document["rows"] == document["predicted"] > 100
    assert document["left_out"] == []
    for figure in document["figures"]:
        assert figure["n"] == figure["roofline"]["n"] > 0
        assert 0 <= figure["coverage80"] <= 1


def test_every_reference_point_has_its_citation(repository):
    for name in ("ops", "models"):
        text = (repository / "profiles" / "reference" / f"{name}.csv").read_text(encoding="utf-8")

        assert all(row["citation"] for row in csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("columns", ["70", "160"])
def test_validate_prints_a_table_at_any_width(run, one_row, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    result = run("validate", "--models", one_row)

    assert result.exit_code == 0
    assert "roofline" in result.stdout
    assert all(len(line) <= int(columns) for line in result.stdout.splitlines())


def test_validate_repeats_every_row_with_its_prediction(run, one_row, tmp_path):
    one_row.write_text(ONE + "t4,nothing,tensorrt,fp16,8,latency_ms,9.9\n")

    result = run("validate", "--models", one_row, "--out", tmp_path / "out.csv")
    first, second = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text()))

    assert "no graph of 'nothing'" in result.stdout
    assert float(first["low"]) < float(first["predicted"]) < float(first["high"])
    assert (second["predicted"], second["value"]) == ("", "9.9")
    assert "no graph" in second["reason"]


def test_validate_finds_graphs_in_the_folders_given(run, one_row, tmp_path, resnet_bytes):
    (tmp_path / "net.onnx").write_bytes(resnet_bytes)
    one_row.write_text(ONE.replace("resnet18", "net"))

    document = json.loads(run("validate", "--models", one_row, "--onnx", tmp_path, "--json").stdout)

    assert document["predicted"] == 1


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("validate", "--ops", "nothing.csv"), "nothing.csv cannot be read"),
        (("validate", "--onnx", "."), "--onnx needs --models"),
        (("calibrate", "--data", "nothing.csv", "--gpu", "t4"), "nothing.csv cannot be read"),
        (("measure", "ops", "--gpu", "t5"), 'there is no GPU "t5"'),
        (("measure", "ops", "--gpu", "t4", "--dtype", "fp3"), "there is no 'fp3'"),
    ],
)
def test_mistakes_are_told_and_nothing_is_printed(run, arguments, what):
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert what in result.stderr


def test_a_missing_column_is_named(run, one_row):
    one_row.write_text("gpu,model\nt4,resnet18\n")

    result = run("validate", "--models", one_row)

    assert result.exit_code == 2
    assert "there is no column runtime" in result.stderr


def test_calibrate_takes_one_row_and_compare_uses_what_it_writes(run, one_row, tmp_path):
    folder = tmp_path / "mine"
    (folder / "gpus").mkdir(parents=True)
    asked = ("compare", "resnet18", "--gpus", "t4,l4", "--batch", "8", "--json")

    result = run("calibrate", "--data", one_row, "--gpu", "t4", "--out", folder / "gpus/t4.toml")
    before = json.loads(run(*asked).stdout)["cells"]
    after = json.loads(run(*asked, "--profiles", folder).stdout)["cells"]

    assert result.exit_code == 0
    measured_ms = 9.9
    assert abs(after[0]["latency_ms"] - measured_ms) < abs(before[0]["latency_ms"] - measured_ms)
    assert after[1]["latency_ms"] != before[1]["latency_ms"]


def test_calibrate_prints_the_profile_where_no_file_is_given(run, one_row):
    result = run("calibrate", "--data", one_row, "--gpu", "t4")

    assert 'extends = "t4"' in result.stdout
    assert "1 row" in result.stderr


def test_calibrate_names_the_gpus_that_were_measured(run, one_row):
    result = run("calibrate", "--data", one_row, "--gpu", "l4")

    assert result.exit_code == 2
    assert "no row was measured on l4" in result.stderr
    assert "t4" in result.stderr


def test_measure_without_pytorch_is_one_clear_error(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    result = run("measure", "ops", "--gpu", "t4")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "PyTorch is not installed" in result.stderr
    assert "phantomgpu[measure]" in result.stderr


class NoCuda:
    """PyTorch as it is on a machine without a GPU."""

    __version__ = "2.9"

    class cuda:  # noqa: N801 - as PyTorch calls it
        @staticmethod
        def is_available():
            return False


def test_measure_without_a_gpu_is_one_clear_error(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", NoCuda)

    result = run("measure", "models", "--gpu", "t4")

    assert result.exit_code == 2
    assert "PyTorch finds no CUDA GPU" in result.stderr


def test_measure_writes_rows_that_calibrate_reads(run, monkeypatch, tmp_path):
    from phantomgpu.cli import cuda

    monkeypatch.setattr(cuda, "open_device", lambda: cuda.Device(None, "Tesla T4", "2.9"))
    monkeypatch.setattr(cuda, "operator_samples", lambda *_: [1e-3, 2e-3, 3e-3])
    path = tmp_path / "ops.csv"

    run("measure", "ops", "--gpu", "t4", "--dtype", "fp16", "--quick", "--out", path)
    rows = list(csv.DictReader(io.StringIO(path.read_text())))

    assert {row["latency_ms"] for row in rows} == {"2"}
    assert "Tesla T4" in rows[0]["citation"]
    assert run("calibrate", "--data", path, "--gpu", "t4").exit_code == 0
