"""The corpus of real models, read once each."""

import json

import pytest

from phantomgpu.onnx import BytesSource, read_model

FOLDERS = ("corpus", "timm", "models")


class Corpus:
    """Files of the shared data, by folder and name; each is read when it is first asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {
            f"{path.parent.name}/{path.name.removesuffix('.onnx.gz')}": path
            for kind in FOLDERS
            for path in sorted((folder / kind).glob("*.onnx.gz"))
        }

    def source(self, name):
        """Its unpacked bytes."""
        return BytesSource(name, self.files[name].read_bytes())

    def graph(self, name):
        """Its graph."""
        return read_model(self.source(name))

    def dims(self, name, graph):
        """The sizes its index sets free dimensions to."""
        beside = self.files[name].with_name(self.files[name].name.replace(".onnx.gz", ".json"))
        if not beside.is_file():
            return {}
        symbols = {dim for each in graph.inputs for dim in graph.tensors[each].dims or ()}
        fixed = json.loads(beside.read_text())["fix"]
        return {symbol: size for symbol, size in fixed.items() if symbol in symbols}


@pytest.fixture(scope="session")
def corpus(shared_data):
    return Corpus(shared_data)
