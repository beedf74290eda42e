"""Every format of TensorFlow and Keras becomes ONNX with the work that TensorFlow counts."""

import pytest

SMALL = ["savedmodel", "small.keras", "small.h5", "frozen.pb", "small.tflite", "small-int8.tflite"]


@pytest.fixture(scope="module")
def made(models_of):
    return models_of("tensorflow")


@pytest.mark.parametrize("name", SMALL)
def test_multiply_adds_are_those_that_tensorflow_counts(made, name, converted, inspected):
    found = inspected(converted(made / name))

    assert found["macs"] == made.counted["small"]
    assert found["shapes"]["static"] == found["shapes"]["nodes"]


@pytest.mark.parametrize("name", [name for name in SMALL if name != "frozen.pb"])
def test_the_batch_stays_free(made, name, converted, inspected):
    free = inspected(converted(made / name))["inputs"][0]["free"]

    assert [dim["symbol"] for dim in free] == ["batch"]


@pytest.mark.parametrize("name", SMALL)
def test_it_is_compared(made, name, converted, compared):
    (cell,) = compared(converted(made / name), "--gpus", "t4", "--precision", "int8")

    assert cell["problem"] is None


@pytest.mark.parametrize("name", ["savedmodel", "small.h5", "small-int8.tflite"])
def test_it_is_compared_without_converting_it_first(made, name, compared):
    (cell,) = compared(made / name, "--gpus", "t4", "--precision", "int8")

    assert cell["problem"] is None
    assert cell["latency_ms"] > 0


def test_the_file_holds_no_weights_unless_they_are_asked_for(made, converted):
    # 102 MB of weights leave the graph and the biases of up to 1,024 elements.
    assert converted(made / "resnet50.keras").stat().st_size < 600_000
    without = converted(made / "small.keras").stat().st_size
    assert converted(made / "small.keras", "--keep-weights").stat().st_size > without + 20_000


def test_kept_weights_run_and_give_what_the_model_gives(made, converted, python_of, tmp_path):
    import subprocess

    import numpy as np
    import onnxruntime

    image = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.save(tmp_path / "image.npy", image)
    code = (
        "import keras, numpy as np, sys; m = keras.saving.load_model(sys.argv[1]);"
        "np.save(sys.argv[3], m(np.load(sys.argv[2]), training=False))"
    )
    files = [made / "small.keras", tmp_path / "image.npy", tmp_path / "truth.npy"]
    subprocess.run([python_of("tensorflow"), "-c", code, *files], check=True, capture_output=True)
    session = onnxruntime.InferenceSession(str(converted(made / "small.keras", "--keep-weights")))
    name = session.get_inputs()[0].name

    (found,) = session.run(None, {name: image})

    assert np.abs(found - np.load(tmp_path / "truth.npy")).max() < 1e-4


def test_tensorflow_lite_read_directly_has_the_work_that_tf2onnx_sees(made, converted, inspected):
    directly = inspected(converted(made / "small.tflite"))
    by_tf2onnx = inspected(converted(made / "small.tflite", "--keep-weights"))

    assert directly["macs"] == by_tf2onnx["macs"]
    for op in ("Conv", "MatMul", "Resize", "Concat", "MaxPool", "AveragePool"):
        assert directly["operators"][op] == by_tf2onnx["operators"][op]


def test_quantised_tensorflow_lite_runs_its_convolutions_in_int8(made, converted, inspected):
    found = inspected(converted(made / "small-int8.tflite"), "--precision", "int8")

    assert found["operators"]["DequantizeLinear"] > found["operators"]["Conv"]


def test_code_in_a_keras_file_does_not_run(made, phantomgpu):
    assert phantomgpu("convert", made / "lambda.keras").refused("Lambda", "--trust")


def test_weights_alone_are_called_so(made, phantomgpu):
    assert phantomgpu("convert", made / "only.weights.h5").refused("holds weights and no model")


@pytest.mark.parametrize("name", ["small.keras", "small.h5", "frozen.pb", "small.tflite"])
def test_a_cut_file_is_one_error(made, name, phantomgpu, tmp_path):
    whole = (made / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])

    assert phantomgpu("convert", tmp_path / name).refused(name)


def test_a_savedmodel_without_its_variables_is_one_error(made, phantomgpu, tmp_path):
    (tmp_path / "cut").mkdir()
    graph = (made / "savedmodel" / "saved_model.pb").read_bytes()
    (tmp_path / "cut" / "saved_model.pb").write_bytes(graph)

    assert phantomgpu("convert", tmp_path / "cut").refused("variables")


def test_a_zipped_savedmodel_is_unpacked(made, tmp_path, converted, inspected):
    import shutil

    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", made / "savedmodel")

    assert inspected(converted(packed))["macs"] == made.counted["small"]
