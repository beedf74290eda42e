"""How the C++ schemas are asked: strictly first, then as leniently as runtimes are.

They check a node before they shape it: its attributes, the number of its inputs, their types.
ONNX Runtime takes more than they do, and what it writes and what old exporters wrote must have
shapes too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from phantomgpu.dtype import BITS
from phantomgpu.onnx.call import Call, Typed
from phantomgpu.onnx.encode import attributes_proto
from phantomgpu.onnx.graph import Node, Value
from phantomgpu.onnx.rules import find_alias
from phantomgpu.onnx.schemas import Outcome, SchemaError, attribute_names, infer_outputs

OPEN: Final[Outcome] = ("undefined", None)
"""Of an output that nobody knows anything about."""

_LATEST: Final = 10_000
_STAND_IN: Final = "float32"


@dataclass(frozen=True, slots=True)
class _Question:
    op_type: str
    domain: str
    version: int
    attributes: bytes
    inputs: Sequence[Typed | None]
    values: Sequence[Value | None]
    stands_for: str = ""


def ask(node: Node, call: Call) -> list[Outcome]:
    """Dtype and dims of each output of a node, open where no schema knows its operator.

    Raises:
        SchemaError: The inputs contradict the operator, however it is asked.
    """
    wanted = [bool(name) for name in node.outputs]
    first: SchemaError | None = None
    for question in _questions(node, call):
        try:
            found = infer_outputs(
                question.op_type, question.domain, question.version, question.attributes,
                question.inputs, question.values, wanted,
            )  # fmt: skip
        except SchemaError as error:
            first = first or error
            continue
        if found is not None:
            return _restored(question, found, node, call)
    if first is not None:
        raise first
    return [OPEN] * len(wanted)


def _questions(node: Node, call: Call) -> Iterator[_Question]:
    """The node as it is; at the newest opset; without unknown attributes; of another dtype."""
    inputs = [None if each is None or each[0] not in BITS else each for each in call.inputs]
    op_type, domain, version, values = node.op_type, node.domain, call.version, call.values
    alias = find_alias(domain, op_type)
    if alias is not None:
        op_type, domain, version = alias.op_type, "", alias.version
        picked = [index for index in alias.inputs if index < len(inputs)]
        inputs, values = [inputs[k] for k in picked], [values[k] for k in picked]
    asked = _Question(op_type, domain, version, node.raw, inputs, values)
    yield asked
    yield replace(asked, version=_LATEST)
    known = attribute_names(op_type, domain, version)
    if known is None:
        return
    kept = {name: value for name, value in node.attributes.items() if name in known}
    if len(kept) < len(node.attributes):
        asked = replace(asked, attributes=attributes_proto(kept))
        yield asked
    dtype = inputs[0][0] if inputs and inputs[0] is not None else _STAND_IN
    if dtype != _STAND_IN:
        swapped = [
            (_STAND_IN, each[1]) if each is not None and each[0] == dtype else each
            for each in inputs
        ]
        yield replace(asked, inputs=swapped, stands_for=dtype)


def _restored(question: _Question, found: list[Outcome], node: Node, call: Call) -> list[Outcome]:
    """The answer in the dtypes of the node that was not quite what was asked."""
    alias = find_alias(node.domain, node.op_type)
    if alias is not None and alias.dtype_of >= 0:
        return [(call.dtype(alias.dtype_of), dims) for _, dims in found]
    if question.stands_for:
        return [(question.stands_for if d == _STAND_IN else d, dims) for d, dims in found]
    return found
