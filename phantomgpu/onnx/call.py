"""One operator call as shape rules and evaluators see it: types, sizes, known values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from phantomgpu.onnx.encode import Dims
from phantomgpu.onnx.graph import Value

Typed = tuple[str, Dims]
"""dtype and dims of a tensor."""


@dataclass(slots=True)
class Call:
    """One operator call.

    Attributes:
        op_type: ``"Conv"``.
        version: Of the opset of its domain.
        attributes: Of the node.
        inputs: dtype and dims by position; None for an omitted one.
        values: What is known of each input; None where nothing is.
        outputs: How many outputs it has.
    """

    op_type: str
    version: int
    attributes: Mapping[str, Any]
    inputs: list[Typed | None]
    values: list[Value | None]
    outputs: int

    def dims(self, index: int) -> Dims:
        """Sizes of an input that must be there."""
        given = self.inputs[index]
        if given is None:
            raise IndexError(f"{self.op_type} has no input {index}")
        return given[1]

    def dtype(self, index: int) -> str:
        """Dtype of an input that must be there."""
        given = self.inputs[index]
        if given is None:
            raise IndexError(f"{self.op_type} has no input {index}")
        return given[0]

    def has(self, index: int) -> bool:
        """Whether an input is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def value(self, index: int) -> Value | None:
        """What is known of an input."""
        return self.values[index] if index < len(self.values) else None

    def ints(self, index: int) -> list[int] | None:
        """A known integer input as a list; None where it is not known."""
        value = self.value(index)
        if value is None or value.dtype.kind == "c":
            return None
        return [int(each) for each in np.asarray(value).ravel()]

    def axis(self, default: int, rank: int) -> int:
        """The attribute ``axis``, counted from the front."""
        return normal(int(self.attributes.get("axis", default)), rank)

    def axes(self, index: int) -> list[int] | None:
        """The axes of the attribute or, since opset 13 or 18, of the input ``index``.

        Returns:
            None where none are given.

        Raises:
            LookupError: They are given and not known.
        """
        given = self.attributes.get("axes")
        if given is not None:
            return [int(each) for each in given]
        if not self.has(index):
            return None
        found = self.ints(index)
        if found is None:
            raise LookupError(f"the axes of {self.op_type} are computed from data")
        return found


def normal(axis: int, rank: int) -> int:
    """``axis`` counted from the front."""
    if not -rank <= axis < max(rank, 1):
        raise ValueError(f"axis {axis} of a tensor of {rank} axes")
    return axis + rank if axis < 0 else axis


def product(dims: Dims) -> int:
    """Number of elements."""
    total = 1
    for dim in dims:
        total *= dim
    return total


def broadcast(*shapes: Dims) -> Dims:
    """The common shape by numpy's rule.

    Raises:
        ValueError: They have none.

    >>> broadcast((8, 1, 3), (4, 1))
    (8, 4, 3)
    """
    if len({*shapes}) == 1:
        return shapes[0]
    rank = max(len(shape) for shape in shapes)
    out = [1] * rank
    for shape in shapes:
        for place, dim in enumerate(shape, rank - len(shape)):
            if dim != 1 and out[place] != dim:
                if out[place] != 1:
                    raise ValueError(f"shapes {[list(s) for s in shapes]} do not broadcast")
                out[place] = dim
    return tuple(out)
