"""One operator call as its rule sees it: shapes, attributes and known values by position."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from phantomgpu.errors import ShapeError
from phantomgpu.onnx.graph import Node, ShapedGraph, Tensor, Value
from phantomgpu.ops.work import Demand, Family, Parallel

Dims = tuple[int, ...]
NEWEST = 1 << 30
"""Opset of a model that does not say: later than any."""
_NOTHING: Mapping[int, int] = {}


class UnknownShapeError(Exception):
    """A rule needs a shape that is not known; ``demand`` turns it into an approximation."""


@dataclass(frozen=True, slots=True)
class Call:
    """A node together with what is known of its tensors.

    Positions count from 0; an omitted optional input has no name, no shape and no elements.
    """

    node: Node
    shaped: ShapedGraph

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
        return self._dims(self.node.inputs[position], rank)

    def out_dims(self, position: int = 0, *, rank: int = 0) -> Dims:
        """Shape of an output, which must have at least ``rank`` dimensions."""
        if not self.makes(position):
            raise self.misfit(f"needs output {position}, which is not given")
        return self._dims(self.node.outputs[position], rank)

    def size(self, position: int = 0) -> int:
        """Elements of an input; 0 where it is omitted or its shape is unknown."""
        return self._size(self.node.inputs[position]) if self.has(position) else 0

    def out_size(self, position: int = 0) -> int:
        """Elements of an output; 0 where it is not made or its shape is unknown."""
        return self._size(self.node.outputs[position]) if self.makes(position) else 0

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
            for i, name in enumerate(names)
            for size in [self.size(i)]
        )

    def writes(self, changed: Mapping[int, int] = _NOTHING) -> tuple[int, ...]:
        """Elements written of each output: all of it, or what ``changed`` says if that is less."""
        return tuple(
            min(size, changed.get(i, size))
            for i in range(len(self.node.outputs))
            for size in [self.out_size(i)]
        )

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
        widest = max((self.out_size(i) for i in range(len(self.node.outputs))), default=0)
        return Demand(
            family=family,
            matrix_flops=matrix,
            vector_flops=vector,
            special_flops=special,
            read=self.reads(reads),
            written=self.writes(writes),
            parallel=parallel or Parallel(m=widest),
            matrix_dtype=matrix_dtype,
            approximation=approximation,
        )

    def unknown(self) -> str:
        """Name of the first tensor whose shape is not known, or empty."""
        names = (*self.node.inputs, *self.node.outputs)
        return next((name for name in names if name and self._known(name) is None), "")

    def misfit(self, what: str) -> ShapeError:
        """The error of a node whose operands do not fit its operator."""
        return ShapeError(
            f"{self.node.op_type} {what}",
            where=f"node '{self.node.name}'",
            fix="check the model with onnx.checker.check_model(model, full_check=True)",
        )

    def _known(self, name: str) -> Tensor | None:
        tensor = self.shaped.tensors.get(name)
        if tensor is None or tensor.dims is None:
            return None
        return tensor if all(isinstance(dim, int) for dim in tensor.dims) else None

    def _size(self, name: str) -> int:
        tensor = self._known(name)
        return tensor.size if tensor else 0

    def _dims(self, name: str, rank: int) -> Dims:
        tensor = self._known(name)
        if tensor is None:
            raise UnknownShapeError(name)
        dims = tuple(int(dim) for dim in tensor.dims or ())
        if len(dims) < rank:
            raise self.misfit(f"needs at least {rank} dimensions, and '{name}' is {list(dims)}")
        return dims


def share(total: int, parts: int) -> int:
    """``total`` over ``parts``, 0 where there are none."""
    return total // parts if parts > 0 else 0


def levels(count: int) -> int:
    """Levels of a binary tree with ``count`` leaves, at least 1.

    >>> levels(1), levels(1000), levels(1024)
    (1, 10, 10)
    """
    return max((count - 1).bit_length(), 1)
