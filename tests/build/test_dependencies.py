"""Frameworks are extras: whoever does not convert never meets one."""

import subprocess
import sys
import tomllib

import pytest

CORE = {"numpy", "onnx", "tomli", "click", "rich"}
"""What the package itself needs; docs/decisions/0002-dependencies.md has the reasons."""

FRAMEWORKS = {"tensorflow", "tf2onnx", "keras", "torch", "jax", "jax2onnx", "optimum", "tflite"}


@pytest.fixture(scope="module")
def project(repository):
    return tomllib.loads((repository / "pyproject.toml").read_text())["project"]


def name_of(requirement):
    return requirement.split(">")[0].split("=")[0].split("[")[0]


def test_the_package_needs_what_it_always_needed(project):
    assert {name_of(each) for each in project["dependencies"]} == CORE


@pytest.mark.parametrize("extra", ["tensorflow", "torch", "huggingface", "jax", "tflite"])
def test_every_framework_is_an_extra_of_its_own(project, extra):
    needs = project["optional-dependencies"][extra]

    assert needs
    assert not CORE & {name_of(each) for each in needs}


def imported_by(statement):
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_starts_without_any_framework():
    assert not FRAMEWORKS & imported_by("import phantomgpu.cli.main")


def test_the_engine_starts_without_the_converters():
    code = "import phantomgpu.app; assert 'phantomgpu.converters' not in sys.modules"

    assert "phantomgpu" in imported_by(code)
