"""Parts of the page: pinned, checked, and a sentence when one is not what it should be."""

import hashlib
import re
import subprocess
import zipfile

import pytest

from build_steps.failure import BuildError
from build_steps.parts import extract, fetch_parts, read_lock

LOCKS = ["web/parts.toml", "tests/pyodide/parts.toml"]


def a_lock(folder, *, data=b"the part", **changes):
    """A lock of one part that lies in the cache already."""
    fields = {
        "registry": "pypi",
        "name": "part",
        "version": "1.0",
        "file": "part-1.0.zip",
        "sha256": hashlib.sha256(data).hexdigest(),
        **changes,
    }
    lock = folder / "parts.toml"
    lock.write_text("[part]\n" + "".join(f'{key} = "{value}"\n' for key, value in fields.items()))
    (folder / fields["file"]).write_bytes(data)
    return read_lock(lock)


def test_part_in_the_cache_is_not_fetched_again(tmp_path):
    parts = a_lock(tmp_path)

    assert fetch_parts(parts, tmp_path, environment={}) == {"part": tmp_path / "part-1.0.zip"}


def test_altered_part_stops_the_build_and_is_named(tmp_path):
    parts = a_lock(tmp_path)
    (tmp_path / "part-1.0.zip").write_bytes(b"another part")

    with pytest.raises(BuildError, match=r"part-1\.0\.zip is not the pinned part 1\.0"):
        fetch_parts(parts, tmp_path, environment={})


def test_part_that_cannot_be_fetched_is_named_with_the_command_to_try(tmp_path, monkeypatch):
    parts = a_lock(tmp_path, registry="npm")
    (tmp_path / "part-1.0.zip").unlink()
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, "", "no")
    )

    with pytest.raises(BuildError, match=r"(?s)cannot fetch part 1\.0.*npm pack part@1\.0"):
        fetch_parts(parts, tmp_path, environment={})


def test_member_that_is_not_in_an_archive_is_named(tmp_path):
    archive = tmp_path / "a.whl"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("there", b"")

    with pytest.raises(BuildError, match="not_there"):
        extract(archive, {"not_there": tmp_path / "out"})


@pytest.mark.parametrize("lock", LOCKS)
def test_every_part_is_pinned_to_one_version_and_one_hash(repository, lock):
    parts = read_lock(repository / lock).values()

    assert all(re.fullmatch(r"[0-9a-f]{64}", part.sha256) for part in parts)
    assert all(part.version in part.file for part in parts)


def test_page_and_command_line_run_the_same_versions(repository):
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)", (repository / "requirements.lock").read_text(), re.M)
    )
    page = read_lock(repository / "web/parts.toml")
    tests = read_lock(repository / "tests/pyodide/parts.toml")

    assert f"numpy-{locked['numpy']}-" in page["numpy"].member
    assert page["onnx"].version == locked["onnx"]
    assert page["tomli"].version == locked["tomli"]
    assert {name: part.version for name, part in tests.items()} == {
        name: locked[name] for name in tests
    }
