"""The C++ operator schemas of ``onnx``: the only place that touches its extension module.

``import onnx`` needs protobuf and ml_dtypes, takes half a second and has no wheel for
WebAssembly. The extension module alone holds the schemas and their shape inference, loads in
20 ms, and takes and gives serialized protobuf. It is loaded when the first operator asks.
"""

import sys
from collections.abc import Sequence
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

from phantomgpu.onnx.encode import Dims, node_proto, tensor_proto, type_proto
from phantomgpu.onnx.graph import Value
from phantomgpu.onnx.payload import NUMPY
from phantomgpu.onnx.source import BytesSource
from phantomgpu.onnx.types import read_type
from phantomgpu.onnx.wire import Walker

_MODULE = "onnx_cpp2py_export"
_IR_VERSION = 10

Outcome = tuple[str, tuple[int | None, ...] | None]
"""dtype and dims of one output; None for a rank or a size that the schema leaves open."""


class SchemaError(Exception):
    """The C++ inference finds that inputs and operator contradict each other."""


def has_schema(op_type: str, domain: str, version: int) -> bool:
    """Whether ``onnx`` knows the operator at that opset version."""
    return _schema(op_type, domain, version) is not None


def attribute_names(op_type: str, domain: str, version: int) -> frozenset[str] | None:
    """Attributes that the operator has; None where ``onnx`` does not know it."""
    schema = _schema(op_type, domain, version)
    return None if schema is None else frozenset(schema.attributes)


def infer_outputs(
    op_type: str,
    domain: str,
    version: int,
    attributes: bytes,
    inputs: Sequence[tuple[str, Dims] | None],
    values: Sequence[Value | None],
    outputs: Sequence[bool],
) -> list[Outcome] | None:
    """Dtype and dims of each output of one operator call.

    Args:
        op_type: ``"Conv"``.
        domain: Of the operator.
        version: Of the domain's opset.
        attributes: Serialized ``AttributeProto`` fields of the node.
        inputs: dtype and dims by position, None for an omitted one.
        values: What is known of each input.
        outputs: Which outputs are asked for.

    Returns:
        By position; None where ``onnx`` has no such operator.

    Raises:
        SchemaError: The inputs contradict the operator.
    """
    schema = _schema(op_type, domain, version)
    if schema is None:
        return None
    in_names = ["" if each is None else f"i{k}" for k, each in enumerate(inputs)]
    out_names = [f"o{k}" if wanted else "" for k, wanted in enumerate(outputs)]
    types = {f"i{k}": type_proto(*each) for k, each in enumerate(inputs) if each is not None}
    data = {
        f"i{k}": tensor_proto(value, each[0])
        for k, (each, value) in enumerate(zip(inputs, values, strict=True))
        if each is not None and value is not None and NUMPY.get(each[0]) == value.dtype
    }
    node = node_proto(op_type, domain, in_names, out_names, attributes)
    try:
        found = schema._infer_node_outputs(node, types, data, {}, {domain: version}, _IR_VERSION)
    except Exception as error:
        raise SchemaError(_first_line(str(error))) from None
    return [_outcome(found.get(name)) for name in out_names]


@cache
def _extension() -> ModuleType:
    """The extension module, wherever it is and without running ``onnx/__init__.py``.

    Kept under its full name, so that a later ``import onnx`` finds it: a second load of the
    same library would register its types twice.
    """
    full = f"onnx.{_MODULE}"
    for name in (full, _MODULE):
        if name in sys.modules:
            return sys.modules[name]
    package = find_spec("onnx")
    spec = None
    if package is not None and package.submodule_search_locations:
        spec = PathFinder.find_spec(full, list(package.submodule_search_locations))
    if spec is None or spec.loader is None:
        spec = find_spec(_MODULE)
    if spec is None or spec.loader is None:
        raise ImportError("the package onnx is not installed, and shapes need its operator schemas")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def _schema(op_type: str, domain: str, version: int) -> Any:
    defs = _extension().defs
    try:
        return defs.get_schema(op_type, version, domain)
    except Exception:
        return None


def _outcome(data: bytes | None) -> Outcome:
    if data is None:
        return "undefined", None
    dtype, dims = read_type(Walker(BytesSource("type", data)), 0, len(data))
    if dims is None:
        return dtype, None
    return dtype, tuple(dim if isinstance(dim, int) else None for dim in dims)


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason given"
