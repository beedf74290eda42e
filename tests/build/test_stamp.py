"""A step runs again exactly when what it is made of has changed."""

import os

from build_steps.stamp import content_hash, is_current, write_stamp


def test_hash_ignores_dates(tmp_path):
    (tmp_path / "a").write_text("same")
    before = content_hash([tmp_path])
    os.utime(tmp_path / "a", (1, 1))

    assert content_hash([tmp_path]) == before


def test_hash_sees_a_changed_file_deep_in_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_text("one")
    before = content_hash([tmp_path])
    (tmp_path / "deep" / "a").write_text("two")

    assert content_hash([tmp_path]) != before


def test_hash_sees_a_renamed_file(tmp_path):
    (tmp_path / "a").write_text("same")
    before = content_hash([tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")

    assert content_hash([tmp_path]) != before


def test_hash_sees_a_file_that_appears(tmp_path):
    before = content_hash([tmp_path / "a"])
    (tmp_path / "a").write_text("")

    assert content_hash([tmp_path / "a"]) != before


def test_hash_ignores_what_python_leaves_behind(tmp_path):
    before = content_hash([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("")

    assert content_hash([tmp_path]) == before


def test_stamp_is_current_only_for_the_value_it_was_written_with(tmp_path):
    stamp = tmp_path / "made" / "stamp"
    assert not is_current(stamp, "one")
    write_stamp(stamp, "one")

    assert is_current(stamp, "one")
    assert not is_current(stamp, "two")
