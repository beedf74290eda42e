"""Upper bounds where a shape depends on data, each with the reason that users read."""

from collections.abc import Callable
from typing import Final

from phantomgpu.onnx.call import Call, broadcast, product

Open = tuple[int | None, ...] | None
Bound = Callable[[Call, int, Open], tuple[tuple[int, ...], str]]

DATA_DEPENDENT: Final = frozenset(
    {"NonZero", "Unique", "Compress", "NonMaxSuppression", "Range", "TopK"}
)
"""Operators whose output sizes are values of their inputs; evaluated where those are known."""


def _nonzero(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    dims = call.dims(0)
    return (max(len(dims), 1), product(dims)), "upper bound: every element counts as nonzero"


def _unique(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    reason = "upper bound: every element counts as unique"
    dims = list(call.dims(0))
    axis = call.attributes.get("axis")
    if axis is None:
        return (product(tuple(dims)),), reason
    return (tuple(dims) if index == 0 else (dims[axis],)), reason


def _compress(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    dims, reason = list(call.dims(0)), "upper bound: every element is kept"
    picked = call.dims(1)[0] if call.dims(1) else 1
    axis = call.attributes.get("axis")
    if axis is None:
        return (min(product(tuple(dims)), picked),), reason
    dims[axis] = min(dims[axis], picked)
    return tuple(dims), reason


def _nms(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    """``[selected, 3]``: at most ``max_output_boxes_per_class`` of each batch and class."""
    boxes, scores = call.dims(0), call.dims(1)
    each = call.ints(2)
    most = min(each[0], boxes[1]) if each else 0 if not call.has(2) else boxes[1]
    reason = "upper bound: every class keeps as many boxes as it may"
    return (scores[0] * scores[1] * most, 3), reason


def _topk(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    return call.dims(0), "upper bound: k is computed from data; all elements are taken"


def _slice(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    return call.dims(0), "upper bound: the slice is computed from data; all of it is taken"


def _reshape(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    dims = call.dims(0)
    reason = "the shape is computed from data; the input's is kept"
    rank = call.dims(1)[0] if call.has(1) and call.dims(1) else len(dims)
    if rank == len(dims):
        return dims, reason
    if rank < len(dims):
        head = dims[: max(rank - 1, 0)]
        return ((*head, product(dims[len(head) :])) if rank else ()), reason
    return (*dims[:-1], *(1,) * (rank - len(dims)), *dims[-1:]), reason


def _expand(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    dims = call.dims(0)
    rank = call.dims(1)[0] if call.dims(1) else len(dims)
    return broadcast(dims, (1,) * rank), "the shape is computed from data; nothing is repeated"


def _range(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    return (1,), "its length is computed from data; taken as 1"


def _filled(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    rank = call.dims(0)[0] if call.dims(0) else 0
    return (1,) * rank, "the shape is computed from data; taken as ones"


def _like(reason: str) -> Bound:
    def bound(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
        dims = call.dims(0)
        if found is None or len(found) != len(dims):
            return dims, reason
        return tuple(b if a is None else a for a, b in zip(found, dims, strict=True)), reason

    return bound


def _onehot(call: Call, index: int, found: Open) -> tuple[tuple[int, ...], str]:
    dims, axis = list(call.dims(0)), call.attributes.get("axis", -1)
    dims.insert(axis if axis >= 0 else len(dims) + 1 + axis, 1)
    return tuple(dims), "its depth is computed from data; taken as 1"


BOUNDS: Final[dict[str, Bound]] = {
    "NonZero": _nonzero, "Unique": _unique, "Compress": _compress, "NonMaxSuppression": _nms,
    "TopK": _topk, "Slice": _slice, "Reshape": _reshape, "Expand": _expand, "Range": _range,
    "ConstantOfShape": _filled, "RandomNormal": _filled, "OneHot": _onehot,
    "Tile": _like("the repeats are computed from data; nothing is repeated"),
    "Resize": _like("the size is computed from data; the input's is kept"),
    "Upsample": _like("the size is computed from data; the input's is kept"),
    "Pad": _like("the padding is computed from data; taken as none"),
    "Split": _like("upper bound: the parts are computed from data; each is taken whole"),
    "Squeeze": _like("the axes are computed from data; none are taken away"),
}  # fmt: skip
"""By operator of the standard domain: dims of one output, and why they are only assumed."""
