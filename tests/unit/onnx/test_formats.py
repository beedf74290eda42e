import json
import struct

import pytest

from phantomgpu.errors import FormatError, TruncatedError
from phantomgpu.onnx import BytesSource, read_model
from tests.unit.onnx.builders import a_model, a_node, a_zip, count, text


def error_of(data, kind=FormatError):
    with pytest.raises(kind) as caught:
        read_model(BytesSource("upload", data))
    return caught.value


def a_safetensors():
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


NODE_DEF = text(1, text(1, "conv1") + text(2, "Conv2D") + text(3, "input"))
META_GRAPH = text(1, "x" * 100) + text(2, b"\x0a\x03abc" * 30)

CONVERT = "phantomgpu convert upload"

FORMATS = {
    "TorchScript": (a_zip("m/data.pkl", "m/code/a.py", "m/constants.pkl"), CONVERT),
    "exported program": (a_zip("m/archive_format", "m/models/model.json"), CONVERT),
    "checkpoint": (a_zip("m/data.pkl", "m/data/0", "m/version"), "--module file.py:factory"),
    "Keras model": (a_zip("config.json", "model.weights.h5"), CONVERT),
    "CoreML package": (a_zip("Manifest.json", "Data/m.mlmodel"), "ONNX"),
    "zip archive with an ONNX": (a_zip("model.onnx"), "unpack"),
    "zip archive": (a_zip("holiday.jpg"), "unpack"),
    "NumPy archive": (a_zip("a.npy"), ".onnx"),
    "zipped TensorFlow SavedModel": (a_zip("m/saved_model.pb"), CONVERT),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(64), CONVERT),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3" + bytes(64), CONVERT),
    "ONNX Runtime": (b"\x1c\0\0\0ORTM" + bytes(64), ".onnx"),
    "SavedModel": (count(1, 1) + text(2, META_GRAPH), "phantomgpu convert FOLDER"),
    "GraphDef": (NODE_DEF * 3 + text(4, count(1, 1)), CONVERT),
    "GGUF": (b"GGUF\x03\0\0\0" + bytes(64), "phantomgpu convert NAME"),
    "safetensors": (a_safetensors(), "phantomgpu convert FOLDER"),
    "CoreML model": (count(1, 8) + text(2, text(1, "in")) + text(500, b"\x0a\x00"), "ONNX"),
    "git-LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid x", "git lfs pull"),
    "HTML page": (b"\n<!DOCTYPE html><html><head>", "download"),
    "XML": (b'<?xml version="1.0"?><net name="x">', ".onnx"),
    "JSON": (b'{"format": "layers-model"}', ".onnx"),
    "text": (b"layer conv 3 3\nlayer relu\n", ".onnx"),
    "pickle": (b"\x80\x02}q\x00." + bytes(20), CONVERT),
    "tar archive": (b"x" * 257 + b"ustar\x00" + bytes(300), "unpack"),
    "TensorRT engine": (b"ftrt" + bytes(64), ".onnx"),
    "empty": (b"", "0 bytes"),
    "zeros": (bytes(5000), "damaged"),
}


@pytest.mark.parametrize("what", FORMATS)
def test_another_format_is_named_and_told_how_it_becomes_onnx(what):
    data, fix = FORMATS[what]

    error = error_of(data)

    assert what in error.what
    assert fix in error.fix
    assert error.where.startswith("upload")


def test_a_cut_zip_is_called_cut():
    data = a_zip("m/data.pkl")[:-30]

    assert f"byte {len(data)}" in error_of(data, TruncatedError).what


def test_a_gzip_within_a_source_that_does_not_unpack_is_told_to_be_unpacked():
    source = BytesSource("upload", b"")
    source.data = b"\x1f\x8b\x08" + bytes(40)
    source.size = len(source.data)

    with pytest.raises(FormatError, match="gzip"):
        read_model(source)


def test_a_gzip_of_something_else_is_named_for_what_is_in_it():
    import gzip

    assert "GGUF" in error_of(gzip.compress(b"GGUF\x03\0\0\0" + bytes(64))).what


def test_a_damaged_gzip_is_called_so():
    import gzip

    data = bytearray(gzip.compress(bytes(range(256)) * 40))
    data[30] ^= 0xFF
    with pytest.raises(FormatError, match="damaged gzip"):
        BytesSource("upload", bytes(data))


def test_a_cut_model_says_at_which_byte_it_ends_and_where_it_should():
    data = a_model([a_node("Relu", "x", "y")], {"x": ("float32", (2,))})

    error = error_of(data[:-10], TruncatedError)

    assert f"ends at byte {len(data) - 10}" in error.what
    assert f"byte {len(data)}" in error.what


def test_random_bytes_are_refused_with_the_byte_that_cannot_be_read():
    error = error_of(bytes(range(255, 100, -1)))

    assert "is no readable ONNX model" in error.what
    assert "byte" in error.where


def test_a_model_without_a_graph_is_refused():
    assert error_of(count(1, 8) + text(2, "pytest") + text(8, count(2, 17)))
