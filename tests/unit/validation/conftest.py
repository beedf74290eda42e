"""The catalogue and the built-in models as validation takes them."""

import pytest

from phantomgpu.hardware import load_catalog
from phantomgpu.onnx import BytesSource
from phantomgpu.validation.folders import ModelFolder


@pytest.fixture(scope="session")
def catalog(repository):
    folders = ("gpus", "architectures", "runtimes")
    profiles = repository / "profiles"
    return load_catalog(
        {
            str(path): path.read_text(encoding="utf-8")
            for folder in folders
            for path in (profiles / folder).glob("*.toml")
        }
    )


@pytest.fixture(scope="session")
def builtin(repository):
    """The folder of the built-in models, under their file names."""
    folder = repository / "profiles" / "models"
    files = frozenset(path.name for path in folder.iterdir() if path.suffix in (".gz", ".json"))
    return ModelFolder(
        "built-in", files, lambda name: BytesSource(name, (folder / name).read_bytes()), {}
    )
