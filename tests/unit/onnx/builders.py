"""ONNX files byte by byte, so that these tests need no ``onnx`` package and run in Pyodide."""

import io
import struct
import zipfile

import numpy as np

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx import BytesSource, infer_shapes, read_model


class Body(bytes):
    """A serialized GraphProto, to be told from bytes as an attribute."""


def number(value):
    """A varint, negative ones as 64-bit two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(field, value):
    """A field of bytes."""
    data = value.encode() if isinstance(value, str) else value
    return number(field << 3 | 2) + number(len(data)) + data


def count(field, value):
    """A field that is a number."""
    return number(field << 3) + number(value)


def a_tensor(array, name=""):
    """A TensorProto with its payload as raw data; plain integers are int64 on every platform."""
    if array.dtype == np.int_:
        array = array.astype(np.int64)
    dims = b"".join(count(1, dim) for dim in array.shape)
    raw = text(9, array.astype(array.dtype.newbyteorder("<")).tobytes())
    return dims + count(2, FROM_ONNX.index(array.dtype.name)) + text(8, name) + raw


def a_value(name, dtype, dims):
    """A ValueInfoProto; a dim is a number, a symbol, or None for an unnamed free one."""
    if dims is None:
        return text(1, name) + text(2, text(1, count(1, FROM_ONNX.index(dtype))))
    shape = b""
    for dim in dims:
        one = b"" if dim is None else text(2, dim) if isinstance(dim, str) else count(1, dim)
        shape += text(1, one)
    kind = count(1, FROM_ONNX.index(dtype)) + text(2, shape)
    return text(1, name) + text(2, text(1, kind))


def an_attribute(name, value):
    """An AttributeProto, by the kind of ``value``."""
    head = text(1, name)
    if isinstance(value, Body):
        return head + text(6, bytes(value)) + count(20, 5)
    if isinstance(value, np.ndarray):
        return head + text(5, a_tensor(value)) + count(20, 4)
    if isinstance(value, float):
        return head + b"\x15" + struct.pack("<f", value) + count(20, 1)
    if isinstance(value, int):
        return head + count(3, value) + count(20, 2)
    if isinstance(value, str):
        return head + text(4, value) + count(20, 3)
    if all(isinstance(each, int) for each in value):
        return head + b"".join(count(8, each) for each in value) + count(20, 7)
    if all(isinstance(each, float) for each in value):
        return head + text(7, struct.pack(f"<{len(value)}f", *value)) + count(20, 6)
    return head + b"".join(text(9, each) for each in value) + count(20, 8)


def a_node(op_type, inputs, outputs, *, name="", domain="", **attributes):
    """A NodeProto; names are given with spaces between them, ``_`` for an omitted one."""
    body = b"".join(text(1, "" if each == "_" else each) for each in inputs.split())
    body += b"".join(text(2, "" if each == "_" else each) for each in outputs.split())
    body += text(3, name) + text(4, op_type)
    body += b"".join(text(5, an_attribute(key, value)) for key, value in attributes.items())
    return body + text(7, domain)


def a_graph(nodes, inputs=None, outputs=None, stored=None, infos=None):
    """A GraphProto; inputs, outputs and infos are ``{name: (dtype, dims)}``."""
    body = b"".join(text(1, node) for node in nodes) + text(2, "g")
    body += b"".join(text(5, a_tensor(array, name)) for name, array in (stored or {}).items())
    for field, given in ((11, inputs), (12, outputs), (13, infos)):
        for name, typed in (given or {}).items():
            body += text(field, a_value(name, *typed))
    return Body(body)


def a_function(domain, name, inputs, outputs, nodes, *, opset=17):
    """A FunctionProto."""
    body = text(1, name) + b"".join(text(4, each) for each in inputs.split())
    body += b"".join(text(5, each) for each in outputs.split())
    body += b"".join(text(7, node) for node in nodes)
    return body + text(9, text(1, "") + count(2, opset)) + text(10, domain)


def a_model(nodes, inputs=None, outputs=None, *, opset=17, functions=(), domains=(), **more):
    """A whole file; outputs may be names, whose types are then left open."""
    if isinstance(outputs, str):
        outputs = dict.fromkeys(outputs.split(), ("float32", None))
    body = count(1, 8) + text(2, "pytest") + text(8, text(1, "") + count(2, opset))
    body += b"".join(text(8, text(1, domain) + count(2, 1)) for domain in domains)
    body += text(7, bytes(a_graph(nodes, inputs, outputs, **more)))
    return body + b"".join(text(25, function) for function in functions)


def read(data, name="model.onnx"):
    """The Graph of a file's bytes."""
    return read_model(BytesSource(name, data))


def shaped(*args, dims=None, **more):
    """A model, read and shaped."""
    return infer_shapes(read(a_model(*args, **more)), dims or {})


def a_zip(*names):
    """The bytes of an archive with members of these names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return out.getvalue()
