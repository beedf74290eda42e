"""Types, values and nodes to protobuf, as the C++ shape inference takes them."""

from collections.abc import Sequence

import numpy as np

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.graph import Value

Dims = tuple[int, ...]

_NUMBER = {name: number for number, name in enumerate(FROM_ONNX)}


def varint(value: int) -> bytes:
    """A non-negative number."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def block(number: int, data: bytes) -> bytes:
    """A field of bytes: a string or a message."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def type_proto(dtype: str, dims: Dims) -> bytes:
    """The TypeProto of a tensor."""
    shape = b"".join(block(1, b"\x08" + varint(dim)) for dim in dims)
    return block(1, b"\x08" + varint(_NUMBER[dtype]) + block(2, shape))


def tensor_proto(value: Value, dtype: str) -> bytes:
    """The TensorProto of an array whose numpy type is that of ``dtype``."""
    dims = b"".join(b"\x08" + varint(dim) for dim in value.shape)
    data = np.ascontiguousarray(value).tobytes()
    return dims + b"\x10" + varint(_NUMBER[dtype]) + block(9, data)


def node_proto(
    op_type: str, domain: str, inputs: Sequence[str], outputs: Sequence[str], attributes: bytes
) -> bytes:
    """A NodeProto with serialized ``attributes`` (fields 5)."""
    names = [block(1, name.encode()) for name in inputs]
    names += [block(2, name.encode()) for name in outputs]
    return b"".join((*names, block(4, op_type.encode()), attributes, block(7, domain.encode())))


def attributes_proto(attributes: dict[str, object]) -> bytes:
    """Attributes as serialized in a NodeProto; what has no simple form is left out."""
    out = bytearray()
    for name, value in attributes.items():
        body = _attribute(value)
        if body:
            out += block(5, block(1, name.encode()) + body)
    return bytes(out)


def _attribute(value: object) -> bytes:
    if isinstance(value, bool | int):
        return b"\x18" + varint(int(value) & (1 << 64) - 1) + b"\xa0\x01\x02"
    if isinstance(value, float):
        return b"\x15" + np.float32(value).tobytes() + b"\xa0\x01\x01"
    if isinstance(value, str | bytes):
        return block(4, value.encode() if isinstance(value, str) else value) + b"\xa0\x01\x03"
    if isinstance(value, np.ndarray) and value.dtype.name in _NUMBER:
        return block(5, tensor_proto(value, value.dtype.name)) + b"\xa0\x01\x04"
    if isinstance(value, list) and value:
        if all(isinstance(each, int) for each in value):
            numbers = b"".join(b"\x40" + varint(each & (1 << 64) - 1) for each in value)
            return numbers + b"\xa0\x01\x07"
        if all(isinstance(each, float) for each in value):
            return block(7, np.array(value, "<f4").tobytes()) + b"\xa0\x01\x06"
        if all(isinstance(each, str) for each in value):
            return b"".join(block(9, each.encode()) for each in value) + b"\xa0\x01\x08"
    return b""
