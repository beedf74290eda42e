"""The user's own profiles lie where the platform has such things."""

from pathlib import Path

import pytest

from phantomgpu.cli import folders


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CONFIG_HOME": "/config"}, "/config/phantomgpu"),
        ("linux", {}, "~/.config/phantomgpu"),
        ("darwin", {}, "~/Library/Application Support/phantomgpu"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/phantomgpu"),
        ("win32", {"PHANTOMGPU_HOME": "/mine"}, "/mine"),
    ],
)
def test_the_folder_is_the_platforms(monkeypatch, platform, variables, expected):
    for name in ("PHANTOMGPU_HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)

    assert folders.user_folder() == Path(expected).expanduser()


def test_the_built_in_profiles_are_there():
    assert (folders.builtin_folder() / "gpus" / "t4.toml").is_file()
