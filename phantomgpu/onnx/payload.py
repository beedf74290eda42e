"""TensorProto to name, type and, where it is worth keeping, its value."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from phantomgpu.dtype import BITS, FROM_ONNX
from phantomgpu.onnx.graph import Value
from phantomgpu.onnx.limits import (
    FLOAT_PAYLOAD_BYTES,
    INTEGER_PAYLOAD_BYTES,
    MAX_DIM,
    MAX_ELEMENTS,
    MAX_RANK,
)
from phantomgpu.onnx.wire import BYTES, VARINT, Walker, signed

NUMPY: Final[dict[str, np.dtype[np.generic]]] = {
    name: np.dtype(name)
    for name in (
        "float64", "float32", "float16", "int64", "int32", "int16", "int8",
        "uint64", "uint32", "uint16", "uint8", "bool", "complex64", "complex128",
    )
}  # fmt: skip
"""The data types numpy has. A bfloat16 value is kept as float32; float8 and 4-bit ones are not."""

_ROOMY = frozenset({"int64", "int32", "uint64", "uint32", "int16", "uint16", "bool"})
_EXTERNAL = 1
_FLOAT_DATA, _INT32_DATA, _STRING_DATA, _INT64_DATA, _RAW_DATA, _DOUBLE_DATA, _UINT64_DATA = (
    4, 5, 6, 7, 9, 10, 11,
)  # fmt: skip
_PAYLOADS = frozenset(
    {_FLOAT_DATA, _INT32_DATA, _STRING_DATA, _INT64_DATA, _RAW_DATA, _DOUBLE_DATA, _UINT64_DATA}
)


@dataclass(slots=True)
class Record:
    """One TensorProto, its payload left where it is unless it is worth keeping.

    Attributes:
        name: Of the initializer; empty in an attribute.
        dims: Its sizes.
        dtype: A key of ``BITS``, or "undefined".
        value: The payload, None where it was skipped or is external.
        location: Of the external data file; empty where the data are in the file.
    """

    name: str = ""
    dims: tuple[int, ...] = ()
    dtype: str = "undefined"
    value: Value | None = None
    location: str = ""
    payloads: list[tuple[int, int, int, int]] = field(default_factory=list)
    is_external: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        total = 1
        for dim in self.dims:
            total *= dim
        return total

    @property
    def stored_bytes(self) -> int:
        """Bytes of its elements, packed where a type is narrower than a byte."""
        return (self.size * BITS.get(self.dtype, 0) + 7) // 8


def read_tensor(walk: Walker, start: int, stop: int) -> Record:
    """The TensorProto in bytes ``[start, stop)``.

    Field order is free in protobuf, so the payload is only looked at when all else is known.
    """
    record = Record()
    dims: list[int] = []
    for number, wire, value, end in walk.fields(start, stop):
        if number in _PAYLOADS:
            record.payloads.append((number, wire, value, end))
        elif number == 1:
            dims += [signed(value)] if wire == VARINT else walk.varints(value, end)
            if len(dims) > MAX_RANK:
                raise walk.too_much(f"a tensor of over {MAX_RANK} axes", start)
        elif number == 2 and wire == VARINT:
            record.dtype = FROM_ONNX[value] if value < len(FROM_ONNX) else "undefined"
        elif number == 8 and wire == BYTES:
            record.name = walk.text(value, end)
        elif number == 13 and wire == BYTES:
            key, text = read_pair(walk, value, end)
            if key == "location":
                record.location = text
        elif number == 14:
            record.is_external = value == _EXTERNAL
    record.dims = tuple(dims)
    refuse_huge(walk, record, start)
    if not record.is_external and record.dtype in BITS:
        record.value = _value(walk, record)
    record.payloads.clear()
    return record


def refuse_huge(walk: Walker, record: Record, start: int) -> None:
    """Raise for sizes that no tensor has."""
    if any(dim < 0 or dim > MAX_DIM for dim in record.dims) or record.size > MAX_ELEMENTS:
        what = f"a stored tensor {record.name[:100]!r} of dims {list(record.dims)[:8]}"
        raise walk.too_much(what, start)


def read_pair(walk: Walker, start: int, stop: int) -> tuple[str, str]:
    """The StringStringEntryProto in bytes ``[start, stop)``."""
    key = text = ""
    for number, wire, value, end in walk.fields(start, stop):
        if wire == BYTES and end - value <= 4096:
            if number == 1:
                key = walk.text(value, end)
            elif number == 2:
                text = walk.text(value, end)
    return key, text


def _value(walk: Walker, record: Record) -> Value | None:
    """The payload as an array, None where it is not worth keeping or not what it should be."""
    limit = INTEGER_PAYLOAD_BYTES if record.dtype in _ROOMY else FLOAT_PAYLOAD_BYTES
    if record.stored_bytes > limit:
        return None
    found = _elements(walk, record)
    if found is None or found.size != record.size:
        return None
    try:
        return found.reshape(record.dims)
    except ValueError:  # no elements, and axes whose product numpy cannot hold
        return None


def _elements(walk: Walker, record: Record) -> Value | None:
    dtype, size = record.dtype, record.size
    if size == 0 and dtype in NUMPY:
        return np.zeros(0, NUMPY[dtype])
    if not record.payloads or sum(end - at for _, wire, at, end in record.payloads if wire == 2) > (
        11 * size + 64
    ):
        return None
    number, wire, value, end = record.payloads[0]
    if number == _RAW_DATA and wire == BYTES:
        return _from_raw(walk.raw(value, end), dtype, size)
    if number in (_INT32_DATA, _INT64_DATA, _UINT64_DATA):
        numbers: list[int] = []
        for _, each_wire, at, behind in record.payloads:
            numbers += [signed(at)] if each_wire == VARINT else walk.varints(at, behind)
        return _from_numbers(numbers, dtype)
    if number in (_FLOAT_DATA, _DOUBLE_DATA):
        data = b"".join(walk.raw(at, behind) for _, _, at, behind in record.payloads)
        width = "<f4" if number == _FLOAT_DATA else "<f8"
        if len(data) % int(width[2]) or dtype not in NUMPY:
            return None
        return np.frombuffer(data, width).astype(NUMPY[dtype], copy=False)
    return None


def _from_raw(data: bytes, dtype: str, size: int) -> Value | None:
    if dtype in NUMPY:
        if len(data) != size * NUMPY[dtype].itemsize:
            return None
        kind = NUMPY[dtype]
        return np.frombuffer(data, "<" + kind.str[1:] if kind.itemsize > 1 else kind).astype(kind)
    if dtype == "bfloat16" and len(data) == 2 * size:
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    return None


def _from_numbers(numbers: list[int], dtype: str) -> Value | None:
    """What ``int32_data`` and its siblings hold: half floats as bits, the rest as they are."""
    if dtype == "float16":
        return np.array([n & 0xFFFF for n in numbers], np.uint16).view(np.float16)
    if dtype == "bfloat16":
        return (np.array([n & 0xFFFF for n in numbers], np.uint32) << 16).view(np.float32)
    if dtype not in NUMPY or NUMPY[dtype].kind not in "iub":
        return None
    bits = BITS[dtype]
    masked = np.array([n & ((1 << bits) - 1) for n in numbers], np.uint64)
    if dtype == "bool":
        return np.asarray(masked != 0)
    return np.asarray(masked.astype(f"u{bits // 8}").view(NUMPY[dtype]))
