"""A framework is taken from here, from an environment made before, or from one made on demand."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from phantomgpu.converters import environment
from phantomgpu.converters.environment import (
    CACHE_VARIABLE,
    cache_folder,
    environment_folder,
    python_for,
)
from phantomgpu.converters.frameworks import FRAMEWORKS, Framework
from phantomgpu.errors import SourceError


def silent(share, note):
    """Nobody watches."""


def test_a_framework_that_is_installed_runs_here(environments_cache):
    here = Framework("fake", "Fake", ("json", "email.message"), "run_fake")

    assert python_for(here, isolated=False, tell=silent) == Path(sys.executable)


@pytest.mark.parametrize("name", [name for name in FRAMEWORKS if not FRAMEWORKS[name].alone])
def test_a_missing_one_prints_the_line_that_installs_it(environments_cache, name):
    missing = replace(FRAMEWORKS[name], modules=("a_module_that_is_nowhere",))

    with pytest.raises(SourceError, match="not installed") as caught:
        python_for(missing, isolated=False, tell=silent)

    assert f"pip install 'phantomgpu[{name}]'" in caught.value.fix
    assert "--isolated" in caught.value.fix


def test_another_list_is_another_environment(environments_cache, a_framework):
    before = environment_folder(a_framework("numpy==2.4.3\n"))

    assert environment_folder(a_framework("numpy==2.4.4\n")) != before


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/cache"}, "/cache/phantomgpu"),
        ("linux", {}, "~/.cache/phantomgpu"),
        ("darwin", {}, "~/Library/Caches/phantomgpu"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/phantomgpu"),
        ("win32", {}, "~/AppData/Local/phantomgpu"),
    ],
)
def test_the_cache_is_where_the_platform_has_it(monkeypatch, platform, variables, expected):
    for name in (CACHE_VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(environment.sys, "platform", platform)

    assert cache_folder() == Path(expected).expanduser()
