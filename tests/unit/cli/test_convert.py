"""``phantomgpu convert``, and the commands that convert on the way, without any framework."""

import io
import json
import zipfile

import pytest

from phantomgpu.onnx import BytesSource, read_model

LLAMA = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64,
    "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 100, "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": False,
}  # fmt: skip


def refused(result, *words):
    """Whether it is one error with these words, and nothing on standard output."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("error: ") == 1
    assert not [word for word in words if word not in result.stderr], result.stderr
    return True


@pytest.fixture
def a_folder(tmp_path):
    """A folder of Hugging Face with a configuration and no weights."""
    folder = tmp_path / "llama"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA))
    return folder


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PHANTOMGPU_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_onnx_file_loses_its_weights_and_stays_the_same_graph(run, in_folder, resnet_file):
    result = run("convert", resnet_file, "-o", "small.onnx")

    assert result.exit_code == 0
    assert result.stdout == "small.onnx\n"
    data = (in_folder / "small.onnx").read_bytes()
    before = read_model(BytesSource("a", resnet_file.read_bytes()))
    assert read_model(BytesSource("b", data)).sha256 == before.sha256


def test_a_file_is_never_written_over_itself(run, in_folder, resnet_file):
    before = resnet_file.read_bytes()

    assert refused(run("convert", resnet_file, "-o", resnet_file), "over itself")
    assert resnet_file.read_bytes() == before


def test_a_free_dimension_that_is_not_there_leaves_no_file(run, in_folder, resnet_file):
    assert refused(run("convert", resnet_file, "-o", "x.onnx", "--dim", "tokens=4"), "tokens")
    assert not (in_folder / "x.onnx").exists()


def test_a_folder_that_is_not_there_is_one_error(run, in_folder, resnet_file):
    assert refused(run("convert", resnet_file, "-o", "gone/x.onnx"), "cannot be written")


def test_a_family_that_is_known_needs_no_framework(run, in_folder, a_folder):
    result = run("convert", a_folder)

    assert result.exit_code == 0
    assert "by its configuration" in result.stderr
    graph = read_model(BytesSource("a", (in_folder / "llama.onnx").read_bytes()))
    assert "MatMul" in {node.op_type for node in graph.nodes}


@pytest.mark.parametrize("command", [["inspect"], ["compare", "--gpus", "t4"]])
def test_a_folder_of_a_known_family_opens_as_a_model(run, in_folder, a_folder, command):
    assert run(*command, a_folder, "--json").exit_code == 0


def test_the_graph_that_is_written_has_the_work_of_the_configuration(run, in_folder, a_folder):
    run("convert", a_folder, "-o", "made.onnx")
    dims = ["--dim", "sequence=8,past=4", "--json"]

    direct = json.loads(run("inspect", a_folder, *dims).stdout)
    made = json.loads(run("inspect", "made.onnx", *dims).stdout)

    assert made["macs"] == direct["macs"]


@pytest.mark.parametrize("name", ["small.tflite", "small-int8.tflite"])
def test_tensorflow_lite_is_compared_on_the_way(run, in_folder, repository, name):
    file = repository / "tests" / "unit" / "converters" / name

    result = run("compare", file, "--gpus", "t4", "--json")

    assert result.exit_code == 0
    assert "converted by tflite" in result.stderr
    assert json.loads(result.stdout)["cells"][0]["problem"] is None


def test_nothing_to_convert_is_one_error(run):
    assert refused(run("convert"), "SOURCE", "--module")


def test_a_missing_framework_prints_the_line_that_installs_it(run, in_folder):
    (in_folder / "old.pth").write_bytes(b"\x80\x02}q\x00." + bytes(20))

    assert refused(
        run("convert", "old.pth"), "PyTorch is not installed", "pip install 'phantomgpu[torch]'"
    )


def test_a_time_limit_that_is_none_is_one_error(run, in_folder, resnet_file):
    assert refused(run("convert", resnet_file, "--time-limit", "0"), "--time-limit")


@pytest.mark.parametrize("command", [["convert"], ["inspect"], ["compare", "--gpus", "t4"]])
class TestDangerous:
    """Each is one error, whatever command opens it, and no framework sees it."""

    def a_zip(self, folder, members):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        (folder / "model.pt").write_bytes(out.getvalue())
        return folder / "model.pt"

    def test_a_zip_bomb(self, run, in_folder, command):
        path = self.a_zip(in_folder, {"m/data.pkl": bytes(100 << 20)})

        assert refused(run(*command, path), "unpacked", "not opened")

    def test_a_path_out_of_the_archive(self, run, in_folder, command):
        path = self.a_zip(in_folder, {"m/data.pkl": b"x", "../../evil": b"x"})

        assert refused(run(*command, path), "outside of its folder")

    def test_a_cut_archive(self, run, in_folder, command):
        path = self.a_zip(in_folder, {"m/data.pkl": b"x"})
        path.write_bytes(path.read_bytes()[:-25])

        assert refused(run(*command, path), "ends too early")

    def test_a_folder_that_is_no_savedmodel(self, run, in_folder, command):
        (in_folder / "notes").mkdir()

        assert refused(run(*command, in_folder / "notes"), "saved_model.pb")
