"""What every test may ask for."""

import importlib
import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Measurements and corpus beside the checkout; a user does not have them, CI does."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared/data is missing, and CI must run these tests")
        pytest.skip("needs the measurements in ../shared/data, which are not part of the project")
    return folder


@pytest.fixture
def environments_cache(tmp_path, monkeypatch):
    """An empty folder in which environments of frameworks are made."""
    environment = importlib.import_module("phantomgpu.converters.environment")
    monkeypatch.setenv(environment.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def a_framework(tmp_path, monkeypatch):
    """A framework whose pinned list is the given one."""
    frameworks = importlib.import_module("phantomgpu.converters.frameworks")
    monkeypatch.setattr(frameworks, "REQUIREMENTS", tmp_path)

    def make(lines="", **how):
        (tmp_path / "fake.txt").write_text(lines)
        return frameworks.Framework(
            "fake", "Fake", ("a_module_that_is_nowhere",), "run_fake", **how
        )

    return make
