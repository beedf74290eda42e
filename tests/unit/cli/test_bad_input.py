"""A mistake is told as what, where and fix on standard error, with exit code 2."""

import pytest

COMPARE = ("compare", "resnet50", "--gpus", "t4")


def refused(result, *words):
    """Whether a command was refused in the three lines, with those words among them."""
    lines = result.stderr.splitlines()
    assert result.exit_code == 2
    assert result.stdout == ""
    assert lines[0].startswith("error: ")
    assert lines[-2].startswith("  where: ")
    assert lines[-1].startswith("  fix:   ")
    return all(word in result.stderr for word in words)


def test_a_file_that_is_not_onnx_is_refused(run, tmp_path):
    path = tmp_path / "notes.onnx"
    path.write_text("This is no model.\n" * 50)

    assert refused(run("compare", path, "--gpus", "t4"), "notes.onnx")


def test_a_pytorch_file_is_refused_with_the_way_to_onnx(run, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"\x80\x02}q\x00." * 20)

    assert refused(run("compare", path, "--gpus", "t4"), "pip install 'phantomgpu[torch]'")


def test_a_cut_file_is_refused_with_the_byte_where_it_ends(run, tmp_path, resnet_bytes):
    path = tmp_path / "cut.onnx"
    path.write_bytes(resnet_bytes[: len(resnet_bytes) // 2])

    assert refused(run("compare", path, "--gpus", "t4"), "cut.onnx", "byte")


def test_a_file_that_is_not_there_is_refused(run):
    assert refused(run("compare", "gone.onnx", "--gpus", "t4"), "gone.onnx", "no such file")


def test_a_folder_is_refused(run, tmp_path):
    assert refused(run("compare", tmp_path, "--gpus", "t4"), "is no model", "saved_model.pb")


def test_an_unknown_model_names_the_nearest(run):
    assert refused(run("compare", "resnet5", "--gpus", "t4"), "resnet50", "phantomgpu models")


def test_an_unknown_gpu_names_the_nearest_and_where_profiles_are_looked_for(run, tmp_path):
    result = run("compare", "resnet50", "--gpus", "h100")

    assert refused(result, 'there is no GPU "h100"', "h100-sxm-80gb", "h100-pcie-80gb")
    assert str(tmp_path / "home") in result.stderr


def test_an_unknown_runtime_names_the_nearest(run):
    assert refused(run(*COMPARE, "--runtime", "tenserrt"), "tenserrt", "tensorrt")


def test_an_unknown_precision_names_those_there_are(run):
    assert refused(run(*COMPARE, "--precision", "fp12"), "fp12", "--precision", "fp16")


def test_a_precision_that_no_asked_board_has_is_refused(run):
    result = run("compare", "resnet50", "--gpus", "t4,v100-sxm2-16gb", "--precision", "fp8")

    assert refused(result, "Tesla T4 has no fp8 peak", "choose one of fp32, fp16, int8")


def test_a_precision_that_one_board_lacks_is_a_row_that_says_what_would_run(run):
    gpus = ("--gpus", "t4,l4")
    result = run("compare", "resnet50", *gpus, "--precision", "fp8", "--markdown")

    assert result.exit_code == 0
    assert "Tesla T4 has no fp8 peak; choose one of fp32, fp16, int8" in result.stdout


@pytest.mark.parametrize("batch", ["0", "-1", "eight", "1.5", "8,8", "99999999"])
def test_a_batch_that_is_none_is_refused(run, batch):
    assert refused(run(*COMPARE, "--batch", batch), "--batch")


def test_a_dimension_set_twice_is_refused(run):
    result = run("compare", "bert-base", "--gpus", "t4", "--dim", "sequence=4,sequence=8")

    assert refused(result, "sequence is set twice")


@pytest.mark.parametrize("dim", ["sequence", "sequence=", "sequence=long", "=4", "sequence=0"])
def test_a_dimension_that_is_none_is_refused(run, dim):
    assert refused(run("compare", "bert-base", "--gpus", "t4", "--dim", dim), "--dim")


def test_a_dimension_the_model_does_not_have_is_refused(run):
    assert refused(run(*COMPARE, "--dim", "sequence=4"), "sequence", "free dimensions are batch")


def test_a_batch_for_a_model_without_one_is_refused(run, shared_data):
    model = shared_data / "corpus" / "resnet18_ts9.onnx.gz"

    assert refused(run("compare", model, "--gpus", "t4", "--batch", "8"), "no batch dimension")


def test_broken_toml_is_refused_with_line_and_column(run, tmp_path):
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "mine.toml").write_text('name = "Mine"\n[spec\nmemory_gb = 24\n')
    result = run("compare", "resnet50", "--gpus", "mine", "--profiles", tmp_path)

    assert refused(result, "mine.toml, line 2, column 6")


def test_a_folder_without_profiles_is_refused(run, tmp_path):
    assert refused(run(*COMPARE, "--profiles", tmp_path / "none"), "there is no folder")
    assert refused(run(*COMPARE, "--profiles", tmp_path), "holds none of gpus/")


def test_a_profile_that_is_no_text_is_refused(run, tmp_path):
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "mine.toml").write_bytes(b"\xff\xfe")

    assert refused(run(*COMPARE, "--profiles", tmp_path), "mine.toml cannot be read", "no UTF-8")


def test_no_gpus_is_refused(run):
    assert refused(run("compare", "resnet50"), "--gpus")


def test_no_model_is_refused(run):
    assert refused(run("compare", "--gpus", "t4"), "MODEL")


def test_two_formats_are_refused(run):
    assert refused(run(*COMPARE, "--json", "--csv"), "--json and --csv exclude each other")


def test_an_unknown_option_is_refused(run):
    assert refused(run(*COMPARE, "--gpu", "t4"), "--gpu")


def test_an_unknown_command_is_refused(run):
    assert refused(run("comparison"), "comparison")


def test_a_damaged_link_is_refused(run):
    link = run("link", "encode", "resnet50", "--gpus", "t4").stdout.strip()

    assert refused(run("link", "decode", link[:-3]), "damaged")
