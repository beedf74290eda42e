"""An environment is made on demand, once; what cannot be had is one error with a log."""

from pathlib import Path

import pytest

from phantomgpu.converters.environment import (
    environment_folder,
    isolated_python,
    python_for,
)
from phantomgpu.errors import SourceError


def silent(share, note):
    """Nobody watches."""


def test_an_environment_is_made_once_and_then_used_without_asking(environments_cache, a_framework):
    framework = a_framework()

    made = python_for(framework, isolated=True, tell=silent)
    assert made.is_file()
    assert made.is_relative_to(environments_cache / "environments")
    stamp = made.stat().st_mtime_ns

    assert python_for(framework, isolated=False, tell=silent) == made
    assert made.stat().st_mtime_ns == stamp


def test_packages_that_cannot_be_had_are_one_error_with_pips_log(
    environments_cache, a_framework, monkeypatch
):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    framework = a_framework("nothing-of-that-name==1.0 --hash=sha256:" + "0" * 64 + "\n")

    with pytest.raises(SourceError, match="cannot be made") as caught:
        isolated_python(framework, tell=silent)

    assert "nothing-of-that-name" in Path(caught.value.where).read_text()
    assert not (environment_folder(framework) / "complete").exists()
