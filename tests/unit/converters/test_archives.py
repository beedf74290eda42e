"""An archive is looked at before anything opens it."""

import io
import struct
import zipfile

import pytest

from phantomgpu.converters.archives import check_archive, unpack
from phantomgpu.errors import FormatError, LimitError, TruncatedError


@pytest.fixture
def an_archive(tmp_path):
    """Writes a zip with members by name; returns its path."""

    def write(members, compression=zipfile.ZIP_DEFLATED):
        path = tmp_path / "model.pt"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return write


def test_an_ordinary_archive_passes(an_archive, tmp_path):
    path = an_archive({"m/data.pkl": b"x", "m/data/0": bytes(1000)})

    check_archive(path)
    unpack(path, tmp_path / "out")

    assert (tmp_path / "out" / "m" / "data" / "0").stat().st_size == 1000


def test_what_is_no_archive_passes(tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(b"\x1c\0\0\0TFL3")

    check_archive(path)


@pytest.mark.parametrize(
    "name", ["../evil", "m/../../evil", "/etc/evil", "C:/evil", "..\\evil", "m\\..\\..\\evil"]
)
def test_a_member_outside_of_the_folder_is_refused(an_archive, name):
    with pytest.raises(FormatError, match="outside of its folder"):
        check_archive(an_archive({name: b"x"}))


def test_a_link_is_refused(an_archive):
    link = zipfile.ZipInfo("m/link")
    link.external_attr = 0o120777 << 16

    with pytest.raises(FormatError, match="link"):
        check_archive(an_archive({link: "/etc/passwd"}))


def test_a_zip_bomb_is_not_opened(an_archive):
    path = an_archive({"m/data.pkl": bytes(200 << 20)})
    assert path.stat().st_size < 1 << 20

    with pytest.raises(LimitError, match="unpacked"):
        check_archive(path)


def test_weights_that_are_all_zero_are_no_bomb_where_they_are_stored_as_they_are(an_archive):
    check_archive(an_archive({"m/data/0": bytes(80 << 20)}, zipfile.ZIP_STORED))


def test_members_that_lie_over_each_other_are_refused(an_archive):
    path = an_archive({"m/data.pkl": b"", "m/data/0": bytes(range(256)) * 40})
    content = bytearray(path.read_bytes())
    second = content.rfind(b"PK\x01\x02")
    entry = bytes(content[second : content.rfind(b"PK\x05\x06")])
    end = content[content.rfind(b"PK\x05\x06") :]
    more = content[: content.rfind(b"PK\x05\x06")] + entry * 50
    size, start = struct.unpack_from("<II", end, 12)
    struct.pack_into("<HHII", end, 8, 52, 52, size + 50 * len(entry), start)
    path.write_bytes(more + end)

    with pytest.raises((LimitError, TruncatedError)):
        check_archive(path)


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("phantomgpu.converters.archives.MOST_MEMBERS", 3)
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for at in range(4):
            archive.writestr(f"m/{at}", b"")

    with pytest.raises(LimitError, match="4 members"):
        check_archive(path)


def test_a_cut_archive_is_called_damaged(an_archive):
    path = an_archive({"m/data.pkl": bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(TruncatedError, match="damaged"):
        check_archive(path)


def test_a_member_with_other_content_than_it_declares_is_called_damaged(an_archive, tmp_path):
    path = an_archive({"m/saved_model.pb": b"abcdefgh" * 9}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"abcdefgh", b"abcdefgX"))

    with pytest.raises(TruncatedError, match="damaged"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("at_local", "at_central", "value"), [(8, 10, 99), (6, 8, 1)], ids=["unknown", "locked"]
)
def test_a_member_packed_in_no_known_way_is_called_damaged(
    an_archive, tmp_path, at_local, at_central, value
):
    path = an_archive({"m/saved_model.pb": b"abcdefgh"}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    struct.pack_into("<H", content, at_local, value)
    struct.pack_into("<H", content, central + at_central, value)
    path.write_bytes(content)

    with pytest.raises(TruncatedError, match="damaged"):
        unpack(path, tmp_path / "out")


def test_no_bytes_make_it_crash(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("m/data.pkl", b"content")
    whole = out.getvalue()
    path = tmp_path / "model.pt"
    for at in range(4, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            check_archive(path)
        except (FormatError, LimitError, TruncatedError):
            continue
