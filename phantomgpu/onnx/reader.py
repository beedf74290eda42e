"""Bytes to Graph: reads nodes, names and types, and leaves the weights where they are."""

from dataclasses import dataclass, field
from typing import Any

from phantomgpu.errors import GraphError, ModelError
from phantomgpu.onnx.attributes import Readers, constant_record, read_attribute
from phantomgpu.onnx.fingerprint import fingerprint
from phantomgpu.onnx.formats import no_onnx, refuse_other_formats
from phantomgpu.onnx.graph import Graph, Node, Tensor, Value
from phantomgpu.onnx.limits import MAX_DEPTH, MAX_NODES, MAX_TENSORS
from phantomgpu.onnx.payload import Record, read_tensor, refuse_huge
from phantomgpu.onnx.source import Source
from phantomgpu.onnx.types import read_value_info
from phantomgpu.onnx.wire import BYTES, VARINT, Walker, signed

_STANDARD = frozenset({"", "ai.onnx"})
_RAW_BYTES = 64 * 1024
_MODEL_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})


def read_model(source: Source) -> Graph:
    """The graph of the ONNX model in ``source``.

    Reads little more than the graph itself, however large the weights are: their payloads are
    skipped, and external data files are not asked for.

    Raises:
        FormatError: Another format, named in the error with what to do, or damaged bytes.
        TruncatedError: The file ends too early; the error says at which byte.
        GraphError: No graph that could run: duplicate names, no nodes.
        LimitError: Beyond the limits of ``phantomgpu/onnx/limits.py``.
    """
    refuse_other_formats(source)
    walk = Walker(source)
    try:
        return _Reader(walk).model()
    except ModelError as error:
        raise no_onnx(source, error) from None


@dataclass(slots=True)
class _Parts:
    """A graph while it is read."""

    name: str = ""
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    stored: dict[str, Tensor] = field(default_factory=dict)
    constants: dict[str, Tensor] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def as_graph(self, **more: Any) -> Graph:
        return Graph(
            name=self.name,
            nodes=tuple(self.nodes),
            tensors=self.tensors | self.stored | self.constants,
            inputs=tuple(name for name in self.inputs if name not in self.stored),
            outputs=tuple(self.outputs),
            values=self.values,
            **more,
        )


class _Reader:
    """One pass over one file, with what is counted over all its graphs."""

    def __init__(self, walk: Walker) -> None:
        self.walk = walk
        self.nodes = 0
        self.tensors = 0
        self.weight_bytes = 0
        self.external: dict[str, None] = {}

    def model(self) -> Graph:
        walk, opsets, about = self.walk, dict[str, int](), {2: "", 3: ""}
        ir_version, seen = 0, set[int]()
        functions: dict[tuple[str, str, str], Graph] = {}
        parts = _Parts()
        for number, wire, value, end in walk.fields(0, walk.size):
            seen.add(number)
            if number not in _MODEL_FIELDS:
                raise walk.damaged(value if wire == BYTES else end)
            if number == 1 and wire == VARINT:
                ir_version = value
            elif number in about and wire == BYTES:
                about[number] = walk.text(value, end)
            elif number == 7 and wire == BYTES:
                parts = self.graph(value, end, 0)
            elif number == 8 and wire == BYTES:
                domain, version = self.opset(value, end)
                opsets[domain] = version
            elif number == 25 and wire == BYTES:
                key, function = self.function(value, end)
                functions[key] = function
        if 7 not in seen:
            raise walk.damaged(0)
        if ir_version >= 3 and not opsets:
            raise walk.truncated(walk.size + 1)
        graph = parts.as_graph(
            opsets=opsets or {"": 1},
            ir_version=ir_version,
            producer=" ".join(filter(None, about.values())),
            functions=functions,
            bytes_read=walk.bytes_read,
            bytes_total=walk.size,
            weight_bytes=self.weight_bytes,
            external=tuple(self.external),
        )
        return fingerprint(graph)

    def graph(self, start: int, stop: int, depth: int) -> _Parts:
        """The GraphProto in bytes ``[start, stop)``."""
        walk, parts = self.walk, _Parts()
        if depth > MAX_DEPTH:
            raise walk.too_much(f"over {MAX_DEPTH} graphs within graphs", start)
        for number, wire, value, end in walk.fields(start, stop):
            if wire != BYTES:
                continue
            if number == 1:
                parts.nodes.append(self.node(value, end, depth, parts))
            elif number == 5:
                self.initializer(read_tensor(walk, value, end), parts, value)
            elif number == 15:
                self.initializer(self.sparse(value, end), parts, value)
            elif number in (11, 12, 13):
                self.count_tensor(value)
                tensor = read_value_info(walk, value, end)
                parts.tensors[tensor.name] = tensor
                if number == 11:
                    parts.inputs.append(tensor.name)
                elif number == 12:
                    parts.outputs.append(tensor.name)
            elif number == 2:
                parts.name = walk.text(value, end)
        self.refuse_duplicates(parts, start)
        return parts

    def function(self, start: int, stop: int) -> tuple[tuple[str, str, str], Graph]:
        """The FunctionProto in bytes ``[start, stop)``, by domain, name and overload."""
        walk, parts, opsets = self.walk, _Parts(), dict[str, int]()
        names = {1: "", 10: "", 13: ""}
        defaults: dict[str, Any] = {}
        for number, wire, value, end in walk.fields(start, stop):
            if wire != BYTES:
                continue
            if number in names:
                names[number] = walk.text(value, end)
            elif number == 4:
                parts.inputs.append(walk.text(value, end))
            elif number == 5:
                parts.outputs.append(walk.text(value, end))
            elif number == 7:
                parts.nodes.append(self.node(value, end, 0, parts))
            elif number == 9:
                domain, version = self.opset(value, end)
                opsets[domain] = version
            elif number == 11:
                name, default = read_attribute(self.readers(0), value, end)
                defaults[name] = self.plain(default)
            elif number == 12:
                tensor = read_value_info(walk, value, end)
                parts.tensors[tensor.name] = tensor
        parts.name = names[1]
        self.refuse_duplicates(parts, start)
        graph = parts.as_graph(opsets=opsets, defaults=defaults)
        return (_domain(names[10]), names[1], names[13]), graph

    def node(self, start: int, stop: int, depth: int, parts: _Parts) -> Node:
        """The NodeProto in bytes ``[start, stop)``."""
        walk = self.walk
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise walk.too_much(f"over {MAX_NODES} nodes", start)
        inputs, outputs, raw = list[str](), list[str](), list[bytes]()
        name = op_type = domain = overload = ""
        attributes: dict[str, Any] = {}
        readers = self.readers(depth)
        for number, wire, value, end in walk.fields(start, stop):
            if wire != BYTES:
                continue
            if number == 1:
                inputs.append(walk.text(value, end))
            elif number == 2:
                outputs.append(walk.text(value, end))
            elif number == 5:
                key, found = read_attribute(readers, value, end)
                attributes[key] = found
                if end - value < _RAW_BYTES and not isinstance(found, Graph):
                    raw.append(b"\x2a" + _length(end - value) + walk.raw(value, end))
            elif number == 3:
                name = walk.text(value, end)
            elif number == 4:
                op_type = walk.text(value, end)
            elif number == 7:
                domain = walk.text(value, end)
            elif number == 8:
                overload = walk.text(value, end)
        if op_type == "Constant" and not _domain(domain) and outputs:
            self.constant(outputs[0], constant_record(attributes), parts)
        return Node(
            name=_unique(name or f"{op_type}_{len(parts.nodes)}", parts),
            op_type=op_type,
            domain=_domain(domain),
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            attributes={key: self.plain(found) for key, found in attributes.items()},
            raw=b"".join(raw),
            overload=overload,
        )

    def constant(self, name: str, record: Record | None, parts: _Parts) -> None:
        """Note what a Constant node makes, as if it were an initializer."""
        if record is None:
            return
        parts.constants[name] = Tensor(name, record.dims, record.dtype, is_weight=True)
        if record.value is not None:
            parts.values[name] = record.value

    def readers(self, depth: int) -> Readers:
        """How an attribute at this depth reads what it holds."""
        return Readers(
            self.walk, lambda start, stop: self.subgraph(start, stop, depth + 1), self.sparse
        )

    def subgraph(self, start: int, stop: int, depth: int) -> Graph:
        return self.graph(start, stop, depth).as_graph()

    def plain(self, found: Any) -> Any:
        """An attribute as the graph holds it: a tensor as its value, counted where it is large."""
        if isinstance(found, Record):
            if found.value is None:
                self.count_weight(found)
            return found.value
        if isinstance(found, list) and found and isinstance(found[0], Record):
            return [self.plain(each) for each in found]
        return found

    def initializer(self, record: Record, parts: _Parts, start: int) -> None:
        """Note a stored tensor, its value where it was kept."""
        self.count_tensor(start)
        same = parts.stored.get(record.name)  # exporters repeat one; runtimes take the last
        if same is not None and (same.dims, same.dtype) != (record.dims, record.dtype):
            raise _duplicate(self.walk, record.name, start)
        self.count_weight(record)
        parts.stored[record.name] = Tensor(record.name, record.dims, record.dtype, is_weight=True)
        if record.value is not None:
            parts.values[record.name] = record.value

    def count_weight(self, record: Record) -> None:
        """Add a stored tensor to what the file weighs."""
        self.weight_bytes += record.stored_bytes
        if record.location:
            self.external[record.location] = None

    def count_tensor(self, start: int) -> None:
        self.tensors += 1
        if self.tensors > MAX_TENSORS:
            raise self.walk.too_much(f"over {MAX_TENSORS} tensors", start)

    def sparse(self, start: int, stop: int) -> Record:
        """The SparseTensorProto in bytes ``[start, stop)``: the dense tensor it stands for."""
        values, indices, dims = Record(), Record(), list[int]()
        for number, wire, value, end in self.walk.fields(start, stop):
            if number == 1 and wire == BYTES:
                values = read_tensor(self.walk, value, end)
            elif number == 2 and wire == BYTES:
                indices = read_tensor(self.walk, value, end)
            elif number == 3:
                dims += [signed(value)] if wire == VARINT else self.walk.varints(value, end)
        dense = Record(values.name, tuple(dims), values.dtype)
        refuse_huge(self.walk, dense, start)
        self.weight_bytes += indices.stored_bytes + values.stored_bytes
        self.weight_bytes -= dense.stored_bytes  # counted as dense by who gets it
        return dense

    def opset(self, start: int, stop: int) -> tuple[str, int]:
        domain, version = "", 1
        for number, wire, value, end in self.walk.fields(start, stop):
            if number == 1 and wire == BYTES:
                domain = self.walk.text(value, end)
            elif number == 2 and wire == VARINT:
                version = signed(value)
        return _domain(domain), version

    def refuse_duplicates(self, parts: _Parts, start: int) -> None:
        """Every name has one maker: an input, an initializer or a node."""
        made = dict.fromkeys(parts.inputs)
        if len(made) != len(parts.inputs):
            twice = next(n for n in made if parts.inputs.count(n) > 1)
            raise _duplicate(self.walk, twice, start)
        made.update(dict.fromkeys(parts.stored))
        for node in parts.nodes:
            for name in node.outputs:
                if name and name in made:
                    raise _duplicate(self.walk, name, start, node=node.name)
                made[name] = None


def _duplicate(walk: Walker, name: str, position: int, *, node: str = "") -> GraphError:
    by = f", node {node!r}" if node else ""
    return GraphError(
        f"the name {name[:100]!r} is given to two tensors",
        where=f"{walk.source.name}{by}, graph at byte {position}",
        fix="export the model again; a tensor of an ONNX graph has one maker",
    )


def _unique(name: str, parts: _Parts) -> str:
    """``name``, with the node's place behind it where another node has it."""
    if name in parts.names:
        name = f"{name}#{len(parts.nodes)}"
    parts.names.add(name)
    return name


def _domain(name: str) -> str:
    return "" if name in _STANDARD else name


def _length(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
