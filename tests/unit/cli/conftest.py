"""The command line as a user has it, without the folder of whoever runs the tests."""

import gzip

import pytest
from click.testing import CliRunner

from phantomgpu.cli.main import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command; the result has exit_code, stdout and stderr."""
    monkeypatch.setenv("PHANTOMGPU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def run_command(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run_command


@pytest.fixture(scope="session")
def resnet_bytes(repository):
    """A real ONNX file without weights."""
    packed = (repository / "profiles" / "models" / "resnet50.onnx.gz").read_bytes()
    return gzip.decompress(packed)


@pytest.fixture
def resnet_file(tmp_path, resnet_bytes):
    path = tmp_path / "mine.onnx"
    path.write_bytes(resnet_bytes)
    return path
