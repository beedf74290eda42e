"""AttributeProto to a Python value."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from phantomgpu.onnx.graph import Reference, Value
from phantomgpu.onnx.limits import MAX_ATTRIBUTE_ELEMENTS
from phantomgpu.onnx.payload import Record, read_tensor
from phantomgpu.onnx.wire import BYTES, FIXED32, VARINT, Walker, signed

_LIST_TYPES = frozenset(range(6, 11)) | {12, 14}
_EMPTY: dict[int, Any] = {1: 0.0, 2: 0, 3: ""}


@dataclass(frozen=True, slots=True)
class Readers:
    """How the messages that an attribute may hold are read.

    Attributes:
        walk: The file.
        graph: A GraphProto, by its byte range.
        sparse: A SparseTensorProto, by its byte range.
    """

    walk: Walker
    graph: Callable[[int, int], Any]
    sparse: Callable[[int, int], Record]


def read_attribute(readers: Readers, start: int, stop: int) -> tuple[str, Any]:
    """Name and value of the AttributeProto in bytes ``[start, stop)``.

    Returns:
        The value as an int, float, str, bytes, list of those, `Record` (tensor), ``Graph`` or
        `Reference`.
    """
    walk = readers.walk
    name, reference, kind = "", "", 0
    found: Any = None
    many: list[Any] = []
    for number, wire, value, end in walk.fields(start, stop):
        if number == 1 and wire == BYTES:
            name = walk.text(value, end)
        elif number == 20:
            kind = value
        elif number == 3 and wire == VARINT:
            found = signed(value)
        elif number == 8:
            if wire == VARINT:
                walk.count_elements(1, value)
                many.append(signed(value))
            else:
                many += walk.varints(value, end)
        elif number == 2 and wire == FIXED32:
            found = walk.float32(value)
        elif number == 7:
            walk.count_elements((end - value) // 4, value)
            many += _floats(walk.raw(value, end))
        elif wire != BYTES:
            continue
        elif number == 4:
            found = _string(walk.raw(value, end))
        elif number == 9:
            many.append(_string(walk.raw(value, end)))
        elif number == 5:
            found = read_tensor(walk, value, end)
        elif number == 10:
            many.append(read_tensor(walk, value, end))
        elif number == 6:
            found = readers.graph(value, end)
        elif number == 11:
            many.append(readers.graph(value, end))
        elif number == 22:
            found = readers.sparse(value, end)
        elif number == 21:
            reference = walk.text(value, end)
        if len(many) > MAX_ATTRIBUTE_ELEMENTS:
            raise walk.too_much(f"an attribute of over {MAX_ATTRIBUTE_ELEMENTS} elements", start)
    if reference:
        return name, Reference(reference)
    if many or kind in _LIST_TYPES:
        return name, many
    return name, _EMPTY.get(kind) if found is None else found


def constant_record(attributes: Mapping[str, Any]) -> Record | None:
    """What a Constant node holds, whichever of its attributes it is written in.

    Returns:
        None where it holds nothing, or what only the caller of a function knows.
    """
    for name, found in attributes.items():
        if name in ("value", "sparse_value"):
            if isinstance(found, Record):
                return found
            if isinstance(found, np.ndarray):
                return _record(found, found.dtype.name)
        listed = found if isinstance(found, list) else [found]
        if name in ("value_string", "value_strings") and not isinstance(found, Reference):
            return Record(dims=() if name == "value_string" else (len(listed),), dtype="string")
        kinds = int if name.startswith("value_int") else int | float
        if not all(isinstance(each, kinds) for each in listed):
            continue
        if name in ("value_float", "value_floats"):
            return _record(np.array(found, np.float32), "float32")
        if name in ("value_int", "value_ints"):
            return _record(np.array(found, np.int64), "int64")
    return None


def _record(value: Value, dtype: str) -> Record:
    return Record(dims=value.shape, dtype=dtype, value=value)


def _floats(data: bytes) -> list[float]:
    return list(struct.unpack(f"<{len(data) // 4}f", data[: len(data) // 4 * 4]))


def _string(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
