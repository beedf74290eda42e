"""Which tensors a framework with strides makes without a kernel, and where it must copy after all.

PyTorch's transposes, slices, splits, selections and expansions only compute new strides. A copy
comes due when a reshape, a product or a normalisation needs the elements in an order that no
strides describe.

Source: ATen/TensorUtils.cpp (computeStride), ATen/native/LinearAlgebra.cpp (matmul),
ATen/TensorIterator.cpp (memory order of outputs).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from phantomgpu.onnx.graph import Node, ShapedGraph

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes and strides of a tensor, both in elements, outermost first."""

    dims: Sizes
    strides: Sizes

    @property
    def is_dense(self) -> bool:
        """Whether the elements lie in memory in the order of their indices."""
        return all(
            s == d or size == 1
            for size, s, d in zip(self.dims, self.strides, dense(self.dims).strides, strict=True)
        )

    @property
    def order(self) -> Sizes:
        """Dimensions by stride, the largest first; ones of size 1 keep their place."""
        return tuple(
            sorted(range(len(self.dims)), key=lambda i: (-self.strides[i] if self.dims[i] > 1 else
                                                         -max(self.strides, default=1), i))
        )  # fmt: skip


def dense(dims: Sizes) -> Layout:
    """Row-major strides.

    >>> dense((2, 3, 4)).strides
    (12, 4, 1)
    """
    strides = [1] * len(dims)
    for i in range(len(dims) - 2, -1, -1):
        strides[i] = strides[i + 1] * max(dims[i + 1], 1)
    return Layout(dims, tuple(strides))


def ordered(dims: Sizes, order: Sequence[int]) -> Layout:
    """Dense strides with the dimensions in memory in ``order``, outermost first."""
    strides = [1] * len(dims)
    step = 1
    for i in reversed(order):
        strides[i] = step
        step *= max(dims[i], 1)
    return Layout(dims, tuple(strides))


def reshaped(layout: Layout, dims: Sizes) -> Layout | None:
    """The same elements under other sizes; None where no strides describe that.

    >>> reshaped(Layout((2, 3, 4), (12, 4, 1)), (6, 4)).strides
    (4, 1)
    >>> reshaped(Layout((3, 2, 4), (4, 12, 1)), (6, 4)) is None
    True
    """
    if 0 in dims or 0 in layout.dims:
        return dense(dims)
    strides = [1] * len(dims)
    view = len(dims) - 1
    chunk = layout.strides[-1] if layout.strides else 1
    old, new = 1, 1
    for i in range(len(layout.dims) - 1, -1, -1):
        old *= layout.dims[i]
        ends = i == 0 or (layout.dims[i - 1] != 1 and layout.strides[i - 1] != old * chunk)
        if not ends:
            continue
        while view >= 0 and (new < old or dims[view] == 1):
            strides[view] = new * chunk
            new *= dims[view]
            view -= 1
        if new != old:
            return None
        if i > 0:
            chunk, old, new = layout.strides[i - 1], 1, 1
    return Layout(dims, tuple(strides)) if view < 0 else None


def viewed(node: Node, source: Layout, shaped: ShapedGraph, output: int = 0) -> Layout | None:
    """Layout of an output of a node that only computes strides; None where it must copy."""
    dims = sizes(node.outputs[output], shaped)
    rank = len(source.dims)
    if node.op_type == "Transpose":
        order = node.attributes.get("perm")
        order = [int(i) for i in order] if order is not None else list(range(rank))[::-1]
        return Layout(dims, tuple(source.strides[i] for i in order))
    if node.op_type == "Split":
        return Layout(dims, source.strides)
    if node.op_type == "Slice":
        return _sliced(node, source, dims, shaped)
    if node.op_type == "Expand":
        lead = len(dims) - rank
        before = (1,) * lead + source.dims
        strides = (0,) * lead + source.strides
        return Layout(
            dims,
            tuple(0 if a != b else s for a, b, s in zip(before, dims, strides, strict=True)),
        )
    if node.op_type == "Gather":
        return _selected(node, source, dims, shaped)
    if node.op_type == "Identity" and dims != source.dims:
        return dense(dims)  # a slice that a Scan hands in, or the stack of those it hands out
    return reshaped(source, dims)


_SLICE_STEPS: Final = 4


def _sliced(node: Node, source: Layout, dims: Sizes, shaped: ShapedGraph) -> Layout | None:
    if len(node.inputs) <= _SLICE_STEPS or not node.inputs[_SLICE_STEPS]:
        return Layout(dims, source.strides)
    steps = shaped.values.get(node.inputs[_SLICE_STEPS])
    if steps is None or (steps.astype(int) != 1).any():
        return None
    return Layout(dims, source.strides)


def _selected(node: Node, source: Layout, dims: Sizes, shaped: ShapedGraph) -> Layout | None:
    """One index along one dimension, as ``x[:, 0]`` is exported."""
    index = shaped.values.get(node.inputs[1])
    if index is None or index.ndim != 0:
        return None
    axis = int(node.attributes.get("axis", 0)) % max(len(source.dims), 1)
    return Layout(dims, source.strides[:axis] + source.strides[axis + 1 :])


def sizes(name: str, shaped: ShapedGraph) -> Sizes:
    """Sizes of a tensor; none where they are unknown."""
    tensor = shaped.tensors.get(name)
    return tuple(int(dim) for dim in (tensor.dims or ())) if tensor is not None else ()


def multiplies_in_place(layout: Layout) -> bool:
    """Whether a batched product can read this operand as it lies.

    Its leading dimensions must merge into one, and one of the last two be contiguous.
    """
    rank = len(layout.dims)
    if rank < 2:
        return True
    if rank > 3:
        merged = 1
        for size in layout.dims[:-2]:
            merged *= size
        if reshaped(layout, (merged, *layout.dims[-2:])) is None:
            return False
    return 1 in layout.strides[-2:] or 1 in layout.dims[-2:]
