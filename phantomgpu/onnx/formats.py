"""Tells other formats apart from ONNX by their content, and says how each becomes ONNX."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from phantomgpu.errors import FormatError, ModelError, TruncatedError
from phantomgpu.onnx.convertible import KINDS, command
from phantomgpu.onnx.source import GZIP_MAGIC, Source
from phantomgpu.onnx.wire import BYTES, VARINT, Walker

_HEAD_BYTES = 4096
_TAIL_BYTES = 66 * 1024
_MAX_ZIP_NAMES = 5000

_AGAIN = "download the file again with a direct link"

_CONVERT: Final[tuple[tuple[int, bytes, str], ...]] = (
    (4, b"TFL3", "tflite"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"\x80\x02", "pickle"),
    (0, b"\x80\x03", "pickle"),
    (0, b"\x80\x04", "pickle"),
    (0, b"\x80\x05", "pickle"),
)
"""Place, bytes, and the key of ``KINDS``. Sources: the formats' own specifications."""

_MAGIC: Final[tuple[tuple[int, bytes, str, str], ...]] = (
    (4, b"ORTM", "an ONNX Runtime (.ort) model",
     "give the .onnx file that it was made from; an .ort file cannot be turned back"),
    (0, b"GGUF", "a GGUF (llama.cpp) file, which holds weights and no graph",
     "run: phantomgpu convert NAME (what the model is called on Hugging Face, as in ORG/MODEL)"),
    (0, b"version https://git-lfs", "a git-LFS pointer, not the file itself",
     "fetch the file with: git lfs pull"),
    (0, b"\x93NUMPY", "a NumPy array (.npy)", "give the .onnx file of the model"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it and give the .onnx file in it"),
    (0, b"\xfd7zXZ\x00", "an xz archive", "unpack it and give the .onnx file in it"),
    (0, b"BZh", "a bzip2 archive", "unpack it and give the .onnx file in it"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it and give the .onnx file in it"),
    (257, b"ustar", "a tar archive", "unpack it and give the .onnx file in it"),
    (0, b"%PDF", "a PDF document", "give the .onnx file of the model"),
    (0, b"\x89PNG", "a PNG image", "give the .onnx file of the model"),
    (0, b"\x7fELF", "a program or shared library", "give the .onnx file of the model"),
    (0, b"ftrt", "a TensorRT engine", "give the .onnx file that it was built from"),
    (0, b"ptrt", "a TensorRT engine", "give the .onnx file that it was built from"),
    (0, b"7767517", "an ncnn parameter file", "give the .onnx file that it was made from"),
)  # fmt: skip
"""Place, bytes, what they are and what to do. Sources: the formats' own specifications."""

_CONVERT_ZIP: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda n: n.endswith(("serialized_exported_program.json", "/archive_format"))
     or n == "archive_format" or ("/models/" in n and n.endswith(".json")), "exported"),
    (lambda n: "/code/" in n or n.endswith("/constants.pkl"), "torchscript"),
    (lambda n: n.endswith("data.pkl"), "torch"),
    (lambda n: n.endswith("model.weights.h5"), "keras"),
    (lambda n: n.endswith("saved_model.pb"), "savedmodel-zip"),
)  # fmt: skip
"""A name in the archive, and the key of ``KINDS``."""

_ZIP: Final[tuple[tuple[Callable[[str], bool], str, str], ...]] = (
    (lambda n: n.endswith((".mlmodel", "Manifest.json")), "a CoreML package",
     "export the model it was made from as ONNX; CoreML cannot be turned back"),
    (lambda n: n.endswith(".npy"), "a NumPy archive (.npz)", "give the .onnx file of the model"),
    (lambda n: n.endswith(".onnx"), "a zip archive with an ONNX file in it",
     "unpack it and give the .onnx file"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Foreign:
    """A format that is not ONNX.

    Attributes:
        what: What it is.
        fix: What to do.
        kind: The key of ``KINDS`` where it can be converted; else empty.
    """

    what: str
    fix: str
    kind: str = ""


def refuse_other_formats(source: Source) -> None:
    """Raise for content that is known not to be ONNX.

    Raises:
        FormatError: Names the format and how it becomes ONNX.
        TruncatedError: A zip archive without its end.
    """
    found = _by_its_head(source)
    if found is not None:
        raise _error(source, found)


def convertible_kind(source: Source) -> str:
    """The key of ``KINDS`` that the content is of; empty where it is ONNX or nothing to convert.

    Raises:
        TruncatedError: A zip archive without its end.
    """
    found = _by_its_head(source) or _other_protobuf(source)
    return found.kind if found else ""


def no_onnx(source: Source, error: ModelError) -> ModelError:
    """The error to show for content that could not be read as ONNX: ``error``, or a better one."""
    if not isinstance(error, FormatError | TruncatedError):
        return error
    known = _other_protobuf(source)
    if known is not None:
        return _error(source, known)
    head = source.read(0, min(_HEAD_BYTES, source.size))
    if head and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head):
        return _error(source, Foreign("a text, not a model", "give the .onnx file of the model"))
    if not head.strip(b"\x00"):
        fix = "fetch the file again; it is damaged"
        return _error(source, Foreign("all zeros at its start", fix))
    return error


def _error(source: Source, found: Foreign) -> FormatError:
    where = f"{source.name}, byte 0"
    return FormatError(f"{source.name} is {found.what}", where=where, fix=found.fix)


def _convertible(source: Source, kind: str) -> Foreign:
    return Foreign(KINDS[kind].what, command(kind, source.name), kind)


def _by_its_head(source: Source) -> Foreign | None:
    """What the first bytes tell, and the directory of a zip archive."""
    if source.size == 0:
        return Foreign("empty", "give the .onnx file of the model; this one has 0 bytes")
    head = source.read(0, min(_HEAD_BYTES, source.size))
    if head[:4] == b"PK\x03\x04":
        return _zipped(source)
    if head[:2] == GZIP_MAGIC:
        return Foreign("a gzip file", "unpack it first: gunzip FILE")
    for place, magic, kind in _CONVERT:
        if head[place : place + len(magic)] == magic:
            return _convertible(source, kind)
    for place, magic, what, fix in _MAGIC:
        if head[place : place + len(magic)] == magic:
            return Foreign(what, fix)
    if _is_safetensors(head, source.size):
        return _convertible(source, "safetensors")
    return _text(head.lstrip(b"\xef\xbb\xbf \t\r\n"))


def _text(text: bytes) -> Foreign | None:
    if text[:1] == b"<":
        if b"<html" in text.lower() or b"<!doctype html" in text.lower():
            return Foreign("an HTML page, not a model", _AGAIN)
        fix = "give the .onnx file it was made from"
        return Foreign("an XML file (OpenVINO writes such)", fix)
    if text[:1] in (b"{", b"["):
        return Foreign("a JSON text, not a model", "give the .onnx file of the model")
    return None


def _zipped(source: Source) -> Foreign:
    names = _zip_names(source)
    if names is None:
        raise TruncatedError(
            f"{source.name} is a zip archive that ends too early, at byte {source.size}",
            where=f"{source.name}, byte {source.size}",
            fix="fetch the file again; it is cut off. It is no ONNX file either",
        )
    for is_it, kind in _CONVERT_ZIP:
        if any(is_it(name) for name in names):
            return _convertible(source, kind)
    for is_it, what, fix in _ZIP:
        if any(is_it(name) for name in names):
            return Foreign(what, fix)
    return Foreign("a zip archive", "unpack it and give the .onnx file in it")


def _zip_names(source: Source) -> list[str] | None:
    """Names in the archive's central directory, None where it has none.

    Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 4.3.12 and 4.3.16.
    """
    tail_start = max(0, source.size - _TAIL_BYTES)
    tail = source.read(tail_start, source.size - tail_start)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        return None
    size, offset = struct.unpack_from("<II", tail, end + 12)
    directory = source.read(offset, min(size, 1 << 20))
    names: list[str] = []
    at = 0
    while directory[at : at + 4] == b"PK\x01\x02" and len(names) < _MAX_ZIP_NAMES:
        if at + 46 > len(directory):
            break
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        names.append(directory[at + 46 : at + 46 + name].decode("utf-8", "replace"))
        at += 46 + name + extra + comment
    return names


def _is_safetensors(head: bytes, size: int) -> bool:
    """Eight bytes of header length, then JSON (safetensors README, "Format")."""
    if len(head) < 9 or head[8:9] != b"{":
        return False
    length: int = struct.unpack_from("<Q", head)[0]
    return length < size and head[9:].lstrip()[:1] in (b'"', b"}")


def _other_protobuf(source: Source) -> Foreign | None:
    """TensorFlow's, CoreML's and Caffe's messages, by fields that ONNX does not have."""
    fields: list[tuple[int, int, int, int]] = []
    walk = Walker(source)
    try:
        for each in walk.fields(0, source.size):
            fields.append(each)
            if len(fields) >= 8:
                break
    except ModelError:
        pass
    kinds = [(number, wire) for number, wire, _, _ in fields]
    if len(kinds) < 2:
        return None
    if kinds[0] == (1, BYTES) and set(kinds) <= {(1, BYTES), (2, BYTES), (3, VARINT), (4, BYTES)}:
        if _has_op(walk, fields[0]):
            return _convertible(source, "graphdef")
        return None
    if kinds[0] == (1, VARINT) and kinds[1] == (2, BYTES) and (7, BYTES) not in kinds:
        if set(kinds) <= {(1, VARINT), (2, BYTES)} and fields[1][3] - fields[1][2] > 64:
            return _convertible(source, "savedmodel")
        if any(number >= 200 for number, _ in kinds):
            fix = "export the model it was made from as ONNX; CoreML cannot be turned back"
            return Foreign("a CoreML model", fix)
    if (100, BYTES) in kinds and kinds[0] == (1, BYTES):
        fix = "convert it with mmdnn or caffe2onnx, or export the model again from its framework"
        return Foreign("a Caffe model", fix)
    return None


def _has_op(walk: Walker, first: tuple[int, int, int, int]) -> bool:
    """Whether a message looks as a NodeDef: a name, then an operator, both strings."""
    _, _, start, stop = first
    try:
        kinds = [(number, wire) for number, wire, _, _ in walk.fields(start, stop)]
    except ModelError:
        return False
    return kinds[:2] == [(1, BYTES), (2, BYTES)]
