"""ValueInfoProto to Tensor."""

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.graph import Dim, Tensor
from phantomgpu.onnx.limits import MAX_RANK
from phantomgpu.onnx.wire import BYTES, VARINT, Walker, signed

_TENSOR, _SEQUENCE, _MAP, _SPARSE, _OPTIONAL = 1, 4, 5, 8, 9
_MAX_NESTING = 8
_Type = tuple[str, tuple[Dim | None, ...] | None]


def read_value_info(walk: Walker, start: int, stop: int) -> Tensor:
    """The ValueInfoProto in bytes ``[start, stop)``.

    A sequence, optional or map is given as the tensor in it, its rank unknown unless told.
    """
    name = ""
    found: _Type = ("undefined", None)
    spans: list[tuple[int, int]] = []
    for number, wire, value, end in walk.fields(start, stop):
        if number == 1 and wire == BYTES:
            name = walk.text(value, end)
        elif number == 2 and wire == BYTES:
            spans.append((value, end))
    for begin, behind in spans:
        found = read_type(walk, begin, behind)
    dtype, dims = found
    named = None if dims is None else tuple(_named(dim, name, i) for i, dim in enumerate(dims))
    return Tensor(name, named, dtype)


def read_type(walk: Walker, start: int, stop: int, nesting: int = 0) -> _Type:
    """Dtype and dims of the TypeProto in bytes ``[start, stop)``; free unnamed dims are None."""
    if nesting > _MAX_NESTING:
        raise walk.too_much(f"over {_MAX_NESTING} types within types", start)
    found: _Type = ("undefined", None)
    for number, wire, value, end in walk.fields(start, stop):
        if wire != BYTES:
            continue
        if number in (_TENSOR, _SPARSE):
            found = _tensor_type(walk, value, end)
        elif number in (_SEQUENCE, _OPTIONAL, _MAP):
            inner = 2 if number == _MAP else 1
            for key, kind, begin, behind in walk.fields(value, end):
                if key == inner and kind == BYTES:
                    found = read_type(walk, begin, behind, nesting + 1)
    return found


def _tensor_type(walk: Walker, start: int, stop: int) -> _Type:
    dtype = "undefined"
    dims: tuple[Dim | None, ...] | None = None
    for number, wire, value, end in walk.fields(start, stop):
        if number == 1 and wire == VARINT:
            dtype = FROM_ONNX[value] if value < len(FROM_ONNX) else "undefined"
        elif number == 2 and wire == BYTES:
            dims = _shape(walk, value, end)
    return dtype, dims


def _shape(walk: Walker, start: int, stop: int) -> tuple[Dim | None, ...]:
    dims: list[Dim | None] = []
    for number, wire, value, end in walk.fields(start, stop):
        if number != 1 or wire != BYTES:
            continue
        dim: Dim | None = None
        for key, kind, begin, behind in walk.fields(value, end):
            if key == 1 and kind == VARINT:
                dim = signed(begin)
            elif key == 2 and kind == BYTES:
                dim = walk.text(begin, behind) or None
        dims.append(dim)
        if len(dims) > MAX_RANK:
            raise walk.too_much(f"a tensor of over {MAX_RANK} axes", start)
    return tuple(dims)


def _named(dim: Dim | None, tensor: str, axis: int) -> Dim:
    """A name for a free dimension without one; some exporters write it as a negative size."""
    free = dim is None or (isinstance(dim, int) and dim < 0)
    return f"?{tensor}:{axis}" if free or dim is None else dim
