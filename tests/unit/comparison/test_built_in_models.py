"""The built-in models are those that their script makes, byte for byte once unpacked."""

import gzip
import runpy

import pytest


@pytest.mark.corpus
def test_the_script_makes_the_models_that_are_there(repository, shared_data):
    pytest.importorskip("onnx", reason="the script writes with it; absent in Pyodide")
    folder = repository / "profiles" / "models"
    script = runpy.run_path(str(folder / "make.py"))

    for entry in script["MODELS"]:
        made = script["skeleton"](entry, shared_data, None)
        there = (folder / f"{entry.id}.onnx.gz").read_bytes()
        assert made is None or gzip.decompress(made) == gzip.decompress(there), entry.id
    assert script["index_text"](script["MODELS"]) == (folder / "index.toml").read_text("utf-8")


def test_no_path_of_another_machine_is_in_them(repository):
    for path in (repository / "profiles" / "models").glob("*.onnx.gz"):
        assert b"/tmp/" not in gzip.decompress(path.read_bytes()), path.name
