"""A file of another framework is named, with the one command that makes ONNX of it."""

import json
from pathlib import Path

from phantomgpu.onnx.convertible import KINDS
from tests.browser.driver import Comparison
from tests.unit.onnx.builders import a_zip, count, text

_HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
_NODE = text(1, text(1, "conv1") + text(2, "Conv2D") + text(3, "input"))
_META = text(1, "x" * 100) + text(2, b"\x0a\x03abc" * 30)


FILES = {
    "tflite": b"\x1c\0\0\0TFL3" + bytes(64),
    "keras": a_zip("config.json", "model.weights.h5"),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "savedmodel": count(1, 1) + text(2, _META),
    "savedmodel-zip": a_zip("m/saved_model.pb"),
    "graphdef": _NODE * 3 + text(4, count(1, 1)),
    "torchscript": a_zip("m/data.pkl", "m/code/a.py", "m/constants.pkl"),
    "exported": a_zip("m/archive_format", "m/models/model.json"),
    "torch": a_zip("m/data.pkl", "m/data/0"),
    "pickle": b"\x80\x02}q\x00." + bytes(20),
    "safetensors": len(_HEADER).to_bytes(8, "little") + _HEADER + bytes(4),
}


def test_every_kind_shows_the_one_command_to_run_and_the_result_stays(
    live: Comparison, tmp_path: Path
) -> None:
    before = dict(live.cells())
    assert set(FILES) == set(KINDS)

    for kind, content in FILES.items():
        file = tmp_path / f"{kind}.bin"
        file.write_bytes(content)
        live.drop(file)
        error = live.error()
        source = "FOLDER" if KINDS[kind].source else file.name
        assert KINDS[kind].what in error["what"], kind
        assert f"phantomgpu convert {source}" in error["fix"], kind
        assert f"pip install 'phantomgpu[{KINDS[kind].extra}]'" in error["fix"], kind
    assert live.cells() == before
