"""One operator call as its rule sees it: shapes, attributes and known values by position."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from phantomgpu.errors import ShapeError
from phantomgpu.onnx.graph import Node, ShapedGraph, Value
from phantomgpu.ops.work import Demand, Family, Parallel

Dims = tuple[int, ...]
NEWEST = 1 << 30
"""Opset of a model that does not say: later than any."""
_NOTHING: Mapping[int, int] = {}


class UnknownShapeError(Exception):
    """A rule needs a shape that is not known; ``demand`` turns it into an approximation."""


@dataclass(frozen=True, slots=True)
class Call:
    """A node together with what is known of its tensors; ``Call.of`` makes one.

    Positions count from 0; an omitted optional input has no name, no shape and no elements.

    Attributes:
        node: The operator call.
        shaped: The graph it stands in.
        shapes: Of its inputs; None where omitted or unknown.
        out_shapes: Of its outputs.
        sizes: Elements of its inputs; 0 where omitted or unknown.
        out_sizes: Of its outputs.
    """

    node: Node
    shaped: ShapedGraph
    shapes: tuple[Dims | None, ...]
    out_shapes: tuple[Dims | None, ...]
    sizes: tuple[int, ...]
    out_sizes: tuple[int, ...]

    @classmethod
    def of(cls, node: Node, shaped: ShapedGraph) -> "Call":
        """Look up the tensors of a node."""
        shapes = tuple(_shape(shaped, name) for name in node.inputs)
        out_shapes = tuple(_shape(shaped, name) for name in node.outputs)
        return cls(node, shaped, shapes, out_shapes, _sizes(shapes), _sizes(out_shapes))

    def has(self, position: int) -> bool:
        """Whether that input is given."""
        return 0 <= position < len(self.node.inputs) and bool(self.node.inputs[position])

    def makes(self, position: int) -> bool:
        """Whether that output is asked for."""
        return 0 <= position < len(self.node.outputs) and bool(self.node.outputs[position])

    def dims(self, position: int = 0, *, rank: int = 0) -> Dims:
        """Shape of an input, which must have at least ``rank`` dimensions."""
        if not self.has(position):
            raise self.misfit(f"needs input {position}, which is not given")
        return self._checked(self.node.inputs[position], self.shapes[position], rank)

    def out_dims(self, position: int = 0, *, rank: int = 0) -> Dims:
        """Shape of an output, which must have at least ``rank`` dimensions."""
        if not self.makes(position):
            raise self.misfit(f"needs output {position}, which is not given")
        return self._checked(self.node.outputs[position], self.out_shapes[position], rank)

    def size(self, position: int = 0) -> int:
        """Elements of an input; 0 where it is omitted or its shape is unknown."""
        return self.sizes[position] if position < len(self.sizes) else 0

    def out_size(self, position: int = 0) -> int:
        """Elements of an output; 0 where it is not made or its shape is unknown."""
        return self.out_sizes[position] if position < len(self.out_sizes) else 0

    def dtype(self, position: int) -> str:
        """Data type of an input; ``"undefined"`` where it is omitted or unknown."""
        tensor = self.shaped.tensors.get(self.node.inputs[position]) if self.has(position) else None
        return tensor.dtype if tensor else "undefined"

    def integers(self, position: int) -> list[int] | None:
        """Value of an integer input, flat; None where it is not known before the run."""
        value: Value | None = None
        if self.has(position):
            value = self.shaped.values.get(self.node.inputs[position])
        return None if value is None or value.dtype.kind not in "iu" else value.ravel().tolist()

    def integer(self, name: str, default: int = 0) -> int:
        """An integer attribute."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, int):
            raise self.misfit(f"has a {type(value).__name__} as attribute '{name}', not an integer")
        return int(value)

    def count(self, name: str, default: int = 1) -> int:
        """An integer attribute that counts something: at least 1."""
        value = self.integer(name, default)
        if value < 1:
            raise self.misfit(f"has {value} as attribute '{name}', which must be at least 1")
        return value

    def stride(self) -> int:
        """The largest of attribute ``strides``, 1 where it is absent."""
        return max([1, *self.integer_list("strides")])

    def integer_list(self, name: str) -> list[int]:
        """An attribute that is a list of integers; empty where it is absent."""
        value: Any = self.node.attributes.get(name, [])
        if not isinstance(value, list | tuple) or not all(isinstance(v, int) for v in value):
            raise self.misfit(f"has no list of integers as attribute '{name}'")
        return [int(v) for v in value]

    def text(self, name: str, default: str = "") -> str:
        """A text attribute."""
        value = self.node.attributes.get(name, default)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if not isinstance(value, str):
            raise self.misfit(f"has a {type(value).__name__} as attribute '{name}', not a text")
        return value

    def axis(self, default: int, rank: int) -> int:
        """Attribute ``axis``, counted from the front and inside ``[0, rank]``."""
        axis = self.integer("axis", default)
        return min(max(axis + rank if axis < 0 else axis, 0), rank)

    @property
    def opset(self) -> int:
        """Version of the standard operators, the newest where the model does not say."""
        return self.shaped.graph.opsets.get("", NEWEST)

    def reads(self, changed: Mapping[int, int] = _NOTHING) -> tuple[int, ...]:
        """Elements read of each input: all of it, once, or what ``changed`` says if that is less.

        A tensor given twice (``x * x``) is counted at its first position.
        """
        names = self.node.inputs
        return tuple(
            0 if name in names[:i] else min(size, changed.get(i, size))
            for i, (name, size) in enumerate(zip(names, self.sizes, strict=True))
        )

    def writes(self, changed: Mapping[int, int] = _NOTHING) -> tuple[int, ...]:
        """Elements written of each output: all of it, or what ``changed`` says if that is less."""
        return tuple(min(n, changed.get(i, n)) for i, n in enumerate(self.out_sizes))

    def demand(
        self,
        family: Family,
        parallel: Parallel | None = None,
        *,
        matrix: int = 0,
        vector: int = 0,
        special: int = 0,
        reads: Mapping[int, int] = _NOTHING,
        writes: Mapping[int, int] = _NOTHING,
        matrix_dtype: str = "",
        approximation: str = "",
    ) -> Demand:
        """A Demand that reads and writes every tensor whole, except where told otherwise.

        Without ``parallel`` it is as wide as its largest output, element by element.
        """
        return Demand(
            family=family,
            matrix_flops=matrix,
            vector_flops=vector,
            special_flops=special,
            read=self.reads(reads),
            written=self.writes(writes),
            parallel=parallel or Parallel(m=max(self.out_sizes, default=0)),
            matrix_dtype=matrix_dtype,
            approximation=approximation,
        )

    def unknown(self) -> str:
        """Name of the first tensor whose shape is not known, or empty."""
        names = (*self.node.inputs, *self.node.outputs)
        shapes = (*self.shapes, *self.out_shapes)
        return next((n for n, s in zip(names, shapes, strict=True) if n and s is None), "")

    def misfit(self, what: str) -> ShapeError:
        """The error of a node whose operands do not fit its operator."""
        return ShapeError(
            f"{self.node.op_type} {what}",
            where=f"node '{self.node.name}'",
            fix="check the model with onnx.checker.check_model(model, full_check=True)",
        )

    def _checked(self, name: str, dims: Dims | None, rank: int) -> Dims:
        if dims is None:
            raise UnknownShapeError(name)
        if len(dims) < rank:
            raise self.misfit(f"needs at least {rank} dimensions, and '{name}' is {list(dims)}")
        return dims


def _shape(shaped: ShapedGraph, name: str) -> Dims | None:
    tensor = shaped.tensors.get(name)
    if tensor is None or tensor.dims is None:
        return None
    dims = tuple(dim for dim in tensor.dims if isinstance(dim, int))
    return dims if len(dims) == len(tensor.dims) else None


def _sizes(shapes: tuple[Dims | None, ...]) -> tuple[int, ...]:
    return tuple(0 if dims is None else prod(dims) for dims in shapes)


def share(total: int, parts: int) -> int:
    """``total`` over ``parts``, 0 where there are none."""
    return total // parts if parts > 0 else 0


def levels(count: int) -> int:
    """Levels of a binary tree with ``count`` leaves, at least 1.

    >>> levels(1), levels(1000), levels(1024)
    (1, 10, 10)
    """
    return max((count - 1).bit_length(), 1)
