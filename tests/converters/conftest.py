"""The environments that ``build.py test --converters`` makes, and the models built in them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from phantomgpu.converters.environment import CACHE_VARIABLE, environment_folder
from phantomgpu.converters.frameworks import FRAMEWORKS

# They import frameworks, and run in the environments of those alone.
collect_ignore = ["makers"]

MAKERS = Path(__file__).parent / "makers"
_MAKER = {
    "tensorflow": "tensorflow_models.py",
    "torch": "torch_models.py",
    "jax": "jax_models.py",
    "huggingface": "huggingface_models.py",
}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.converters)


@pytest.fixture(scope="session")
def python_of():
    """The Python of a framework's environment, which the build has made."""

    def find(name):
        folder = environment_folder(FRAMEWORKS[name])
        if not os.environ.get(CACHE_VARIABLE) or not (folder / "complete").is_file():
            pytest.fail(f"there is no environment for {name}: run build.py test --converters")
        return folder / "bin" / "python"

    return find


class Made:
    """Models that a framework wrote, and the multiply-adds it counts in each."""

    def __init__(self, folder, counted):
        self.folder = folder
        self.counted = counted

    def __truediv__(self, name):
        return self.folder / name


@pytest.fixture(scope="session")
def models_of(tmp_path_factory, python_of):
    """The models of a framework, made once."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            command = [python_of(name), MAKERS / _MAKER[name], folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            made[name] = Made(folder, json.loads(done.stdout.splitlines()[-1]))
        return made[name]

    return make


class Told:
    """What a command answered."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def refused(self, *words):
        """Whether it is one error with these words, and nothing on standard output."""
        assert self.code == 2, self.out + self.err
        assert self.out == ""
        assert self.err.count("error: ") == 1
        missing = [word for word in words if word not in self.err]
        assert not missing, (missing, self.err)
        return True


@pytest.fixture
def phantomgpu(repository, tmp_path):
    """Runs the command line as a person does, in a folder of its own."""
    program = repository / ".venv" / "bin" / "phantomgpu"

    def run(*words, cwd=tmp_path):
        command = [program, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
        return Told(done)

    return run


@pytest.fixture
def inspected(phantomgpu):
    """What ``inspect --json`` says."""

    def inspect(*words):
        told = phantomgpu("inspect", *words, "--json")
        assert told.code == 0, told.err
        return json.loads(told.out)

    return inspect


@pytest.fixture(scope="session")
def converted(repository, tmp_path_factory):
    """The ONNX file that ``convert`` writes; each is made once."""
    program = repository / ".venv" / "bin" / "phantomgpu"
    made = {}

    def convert(*words):
        if words not in made:
            out = tmp_path_factory.mktemp("converted") / "made.onnx"
            command = [program, "convert", *map(str, words), "-o", out]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            made[words] = out
        return made[words]

    return convert


@pytest.fixture
def compared(phantomgpu):
    """The cells that ``compare --json`` gives."""

    def compare(*words):
        told = phantomgpu("compare", *words, "--json")
        assert told.code == 0, told.err
        return json.loads(told.out)["cells"]

    return compare
