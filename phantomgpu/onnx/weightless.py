"""An ONNX file to the same file without its weights, or with free dimensions fixed.

What is kept is copied as it lies; a payload is never read unless it is kept. Tensors over
``KEPT_ELEMENTS`` become references to external data that need not exist: ONNX allows that, and a
prediction asks for no weight.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from phantomgpu.dtype import BITS, FROM_ONNX
from phantomgpu.errors import GraphError
from phantomgpu.onnx.encode import block, varint
from phantomgpu.onnx.limits import MAX_DEPTH
from phantomgpu.onnx.payload import Record, read_tensor
from phantomgpu.onnx.source import Source
from phantomgpu.onnx.wire import BYTES, FIXED32, FIXED64, VARINT, Walker

KEPT_ELEMENTS: Final = 1024
"""Elements up to which a tensor stays in the file: shapes, axes, small biases."""

ABSENT_FILE: Final = "weights.bin"
"""What the external data file would be called."""

_CHUNK_BYTES: Final = 1 << 20

_Range = tuple[int, int]


def absent_tensor(name: str, dims: Sequence[int], dtype: str, *, offset: int = 0) -> bytes:
    """The TensorProto of a weight whose data would lie in ``ABSENT_FILE``."""
    elements = 1
    for dim in dims:
        elements *= dim
    length = (elements * BITS[dtype] + 7) // 8
    entries = {"location": ABSENT_FILE, "offset": str(offset), "length": str(length)}
    pairs = (block(1, key.encode()) + block(2, text.encode()) for key, text in entries.items())
    sizes = b"".join(b"\x08" + varint(dim) for dim in dims)
    kind = b"\x10" + varint(FROM_ONNX.index(dtype)) + block(8, name.encode())
    return sizes + kind + b"".join(block(13, pair) for pair in pairs) + b"\x70\x01"


@dataclass(slots=True)
class _Rope:
    """Bytes, some of which still lie in the source."""

    pieces: list[bytes | _Range] = field(default_factory=list)
    size: int = 0

    def add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)

    def copy(self, start: int, stop: int) -> None:
        self.pieces.append((start, stop))
        self.size += stop - start

    def nest(self, number: int, inner: "_Rope") -> None:
        """A field that holds a message."""
        self.add(varint(number << 3 | BYTES) + varint(inner.size))
        self.pieces += inner.pieces
        self.size += inner.size


def rewritten(
    source: Source,
    *,
    dims: Mapping[str, int] | None = None,
    names: Mapping[str, str] | None = None,
    keep_weights: bool = False,
) -> Iterator[bytes]:
    """The bytes of an ONNX file, made anew.

    Args:
        source: The ONNX file.
        dims: Sizes for free dimensions of the graph's inputs, by name.
        names: New names for free dimensions, by the old ones; ``dims`` has the new ones.
        keep_weights: Leave the weights as they are.

    Yields:
        The new file, in order.

    Raises:
        GraphError: An input has no free dimension of a name in ``dims``.
        FormatError, TruncatedError, LimitError: As ``read_model``.
    """
    walk = Walker(source)
    rewriter = _Rewriter(walk, dims or {}, names or {}, keep_weights=keep_weights)
    rope = rewriter.model()
    unknown = [name for name in rewriter.dims if name not in rewriter.fixed]
    if unknown:
        free = ", ".join(sorted(rewriter.free)) or "none"
        raise GraphError(
            f"the model has no free dimension {', '.join(unknown)}",
            where="--dim",
            fix=f"its inputs have these free dimensions: {free}",
        )
    for piece in rope.pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        for at in range(piece[0], piece[1], _CHUNK_BYTES):
            yield source.read(at, min(_CHUNK_BYTES, piece[1] - at))


class _Rewriter:
    def __init__(
        self,
        walk: Walker,
        dims: Mapping[str, int],
        names: Mapping[str, str],
        *,
        keep_weights: bool,
    ) -> None:
        self.walk = walk
        self.dims = dims
        self.names = names
        self.keep_weights = keep_weights
        self.free: set[str] = set()
        self.fixed: set[str] = set()
        self.offset = 0

    def model(self) -> _Rope:
        out = _Rope()
        for number, wire, value, end in self.walk.fields(0, self.walk.size):
            if number == 7 and wire == BYTES:
                out.nest(7, self.graph(value, end, 0))
            elif number == 25 and wire == BYTES:
                out.nest(25, self.function(value, end))
            else:
                _copy(out, number, wire, value, end)
        return out

    def graph(self, start: int, stop: int, depth: int) -> _Rope:
        """The GraphProto in bytes ``[start, stop)``."""
        if depth > MAX_DEPTH:
            raise self.walk.too_much(f"over {MAX_DEPTH} graphs within graphs", start)
        out = _Rope()
        for number, wire, value, end in self.walk.fields(start, stop):
            if wire != BYTES:
                _copy(out, number, wire, value, end)
            elif number == 1:
                self.node(value, end, depth, out)
            elif number == 5:
                out.nest(5, self.tensor(value, end))
            elif number in (11, 12, 13):
                is_input = number == 11 and depth == 0
                out.nest(number, self.value_info(value, end, is_input=is_input))
            else:
                _copy(out, number, wire, value, end)
        return out

    def function(self, start: int, stop: int) -> _Rope:
        """The FunctionProto in bytes ``[start, stop)``, whose nodes are field 7."""
        out = _Rope()
        for number, wire, value, end in self.walk.fields(start, stop):
            if number == 7 and wire == BYTES:
                self.node(value, end, 0, out, number=7)
            else:
                _copy(out, number, wire, value, end)
        return out

    def node(self, start: int, stop: int, depth: int, out: _Rope, *, number: int = 1) -> None:
        """A NodeProto; a Constant of a large tensor becomes an initializer of its graph."""
        node, output, large = _Rope(), "", list[Record]()
        is_constant = False
        for key, wire, value, end in self.walk.fields(start, stop):
            if key == 5 and wire == BYTES:
                node.nest(5, self.attribute(value, end, depth, large))
                continue
            if key == 2 and wire == BYTES:
                output = self.walk.text(value, end)
            is_constant |= key == 4 and self.walk.text(value, end) == "Constant"
            _copy(node, key, wire, value, end)
        if number == 1 and is_constant and large:
            out.add(block(5, self.absent(large[0], output)))
        else:
            out.nest(number, node)

    def attribute(self, start: int, stop: int, depth: int, large: list[Record]) -> _Rope:
        """An AttributeProto; adds the tensors that lost their payload to ``large``."""
        out = _Rope()
        for number, wire, value, end in self.walk.fields(start, stop):
            if wire == BYTES and number in (6, 11):
                out.nest(number, self.graph(value, end, depth + 1))
            elif wire == BYTES and number in (5, 10):
                record = read_tensor(self.walk, value, end)
                large += [record] if self.is_large(record) else []
                out.nest(number, self.tensor(value, end))
            else:
                _copy(out, number, wire, value, end)
        return out

    def tensor(self, start: int, stop: int) -> _Rope:
        """The TensorProto in bytes ``[start, stop)``; a large one without its payload."""
        out, record = _Rope(), read_tensor(self.walk, start, stop)
        if self.is_large(record):
            out.add(self.absent(record, record.name))
        else:
            out.copy(start, stop)
        return out

    def is_large(self, record: Record) -> bool:
        """Whether its payload is left out; text cannot be external."""
        if self.keep_weights or record.dtype in ("undefined", "string"):
            return False
        return record.size > KEPT_ELEMENTS

    def absent(self, record: Record, name: str) -> bytes:
        """A TensorProto whose data would lie in another file."""
        at = self.offset
        self.offset += record.stored_bytes
        return absent_tensor(name, record.dims, record.dtype, offset=at)

    def value_info(self, start: int, stop: int, *, is_input: bool) -> _Rope:
        """A ValueInfoProto: down to its dimensions, which may be named anew or fixed."""
        return self.descend(start, stop, (2, 1, 2, 1), is_input=is_input)

    def descend(self, start: int, stop: int, path: tuple[int, ...], *, is_input: bool) -> _Rope:
        """ValueInfo.type, Type.tensor_type, Tensor.shape, TensorShape.dim."""
        if not path:
            return self.dim(start, stop, is_input=is_input)
        out = _Rope()
        for number, wire, value, end in self.walk.fields(start, stop):
            if number == path[0] and wire == BYTES:
                out.nest(number, self.descend(value, end, path[1:], is_input=is_input))
            else:
                _copy(out, number, wire, value, end)
        return out

    def dim(self, start: int, stop: int, *, is_input: bool) -> _Rope:
        """A Dimension; one that is fixed at the inputs is so everywhere."""
        out = _Rope()
        for number, wire, value, end in self.walk.fields(start, stop):
            if number != 2 or wire != BYTES:
                _copy(out, number, wire, value, end)
                continue
            old = self.walk.text(value, end)
            name = self.names.get(old, old)
            if is_input:
                self.free.add(name)
            if name in self.dims:
                self.fixed |= {name} if is_input else set()
                out.add(b"\x08" + varint(self.dims[name]))
            else:
                out.add(block(2, name.encode()))
        return out


def _copy(out: _Rope, number: int, wire: int, value: int, end: int) -> None:
    """A field as it is; small ones are told by their value, others stay where they lie."""
    out.add(varint(number << 3 | wire))
    if wire == VARINT:
        out.add(varint(value))
        return
    if wire not in (FIXED32, FIXED64):
        out.add(varint(end - value))
    out.copy(value, end)
