"""What the page relies on when its engine runs in Pyodide."""

import importlib
import json
import os
import sys
from pathlib import Path

import numpy
import pytest

import phantomgpu

pytestmark = pytest.mark.pyodide


@pytest.mark.parametrize("module", [phantomgpu, numpy, json])
def test_engine_runs_from_bytecode(module):
    assert module.__file__.endswith(".pyc")


@pytest.mark.parametrize("name", ["mailbox", "email.mime.text", "numpy.random", "numpy.fft"])
def test_module_that_no_start_needs_is_found_when_asked_for(name):
    assert importlib.import_module(name).__name__ == name


def test_module_that_is_nowhere_is_still_an_import_error():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("numpy.no_such_module")


def test_shell_is_not_in_the_page():
    assert not (Path(phantomgpu.__file__).parent / "cli").exists()


def test_compiled_shape_inference_imports_alone():
    schemas = importlib.import_module("onnx_cpp2py_export").defs

    assert schemas.get_schema("Conv", 22, "").name == "Conv"
    assert "onnx" not in sys.modules


def test_comparison_equals_that_of_cpython_to_the_last_digit():
    reference = importlib.import_module("tests.pyodide.reference")
    profiles = Path(phantomgpu.__file__).parent / "profiles"
    expected = Path(os.environ["PHANTOMGPU_REFERENCE"]).read_text()

    assert reference.comparison_text(profiles).splitlines() == expected.splitlines()
