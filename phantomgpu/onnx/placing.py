"""Known inputs to known outputs, for operators that place elements: Gather, Concat, Slice."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.call import Call, product
from phantomgpu.onnx.graph import Value
from phantomgpu.onnx.payload import NUMPY

MAX_VALUE_BYTES: Final = 64 * 1024
"""Larger values are no longer followed; shapes are not made of such."""


def given(call: Call) -> list[Any]:
    """The values of the inputs that are not omitted."""
    return [value for value in call.values if value is not None]


def _shape(call: Call) -> Value:
    dims = call.dims(0)
    start, end = call.attributes.get("start", 0), call.attributes.get("end")
    return np.array(dims[start:end], np.int64)


def _gather(call: Call) -> Value:
    data, indices = given(call)
    return np.asarray(np.take(data, indices.astype(np.int64), axis=call.attributes.get("axis", 0)))


def _concat(call: Call) -> Value:
    return np.concatenate(given(call), axis=call.attributes.get("axis", 1))


def _slice(call: Call) -> Value:
    data = given(call)[0]
    return np.asarray(data[_slices(call)])


def _slices(call: Call) -> tuple[slice, ...]:
    """What Slice takes of each axis.

    Raises:
        LookupError: Starts, ends or steps are not known.
    """
    rank = len(call.dims(0))
    if "starts" in call.attributes:
        starts, ends = call.attributes["starts"], call.attributes["ends"]
        axes, steps = call.attributes.get("axes"), None
    else:
        starts, ends = call.ints(1), call.ints(2)
        axes, steps = call.ints(3), call.ints(4)
        for index, found in ((1, starts), (2, ends), (3, axes), (4, steps)):
            if found is None and (index < 3 or call.has(index)):
                raise LookupError("the bounds of Slice are computed from data")
    out = [slice(None)] * rank
    for k, axis in enumerate(axes if axes is not None else range(len(starts))):
        step = steps[k] if steps else 1
        end: int | None = ends[k]
        dim = call.dims(0)[axis]
        if step < 0 and ends[k] < -dim:
            end = None
        start = starts[k]
        if step < 0 and start < -dim:
            out[axis] = slice(0, 0)
            continue
        out[axis] = slice(start, end, step)
    return tuple(out)


def _unsqueeze(call: Call) -> Value:
    axes = call.axes(1) or []
    data = given(call)[0]
    return np.expand_dims(data, tuple(axes))


def _squeeze(call: Call) -> Value:
    axes = call.axes(1)
    data = given(call)[0]
    return np.asarray(np.squeeze(data, tuple(axes) if axes is not None else None))


def _reshape(call: Call) -> Value:
    return np.asarray(given(call)[0].reshape(reshaped(call)))


def reshaped(call: Call) -> tuple[int, ...]:
    """The shape that Reshape gives.

    Raises:
        LookupError: It is not known.
        ValueError: The elements do not fit.
    """
    dims = call.dims(0)
    target = call.attributes.get("shape") or call.ints(1)
    if target is None:
        if call.has(1) and call.dims(1) == (0,):
            return ()
        raise LookupError("the shape given to Reshape is computed from data")
    keep = not call.attributes.get("allowzero", 0)
    out = [dims[k] if each == 0 and keep else each for k, each in enumerate(target)]
    size = product(dims)
    if -1 in out:
        known = product(tuple(each for each in out if each != -1))
        out[out.index(-1)] = size // known if known else 0
    if product(tuple(out)) != size or any(each < 0 for each in out):
        raise ValueError(f"{size} elements of {list(dims)} do not fill {list(target)}")
    return tuple(out)


def _expand(call: Call) -> Value:
    data, shape = given(call)
    return np.broadcast_to(data, np.broadcast_shapes(data.shape, tuple(int(n) for n in shape)))


def _constant_of_shape(call: Call) -> Value:
    fill = call.attributes.get("value")
    if fill is None:
        fill = np.zeros(1, np.float32)
    return np.full(tuple(call.ints(0) or ()), np.asarray(fill).ravel()[0])


def _range(call: Call) -> Value:
    start, limit, delta = (value.ravel()[0] for value in given(call))
    count = max(0, int(np.ceil((limit - start) / delta)))
    if count * 8 > MAX_VALUE_BYTES:
        raise ValueError("too long to follow")
    return np.asarray((start + np.arange(count) * delta).astype(start.dtype))


def _transpose(call: Call) -> Value:
    return np.transpose(given(call)[0], call.attributes.get("perm"))


def _tile(call: Call) -> Value:
    data, repeats = given(call)
    return np.tile(data, [int(n) for n in repeats])


def _split(call: Call) -> Any:
    data = given(call)[0]
    axis = call.attributes.get("axis", 0)
    sizes = call.attributes.get("split") or call.ints(1)
    if sizes is None:
        count = call.attributes.get("num_outputs", call.outputs)
        chunk = -(-data.shape[axis] // count)
        return np.split(data, list(range(chunk, data.shape[axis], chunk)), axis)
    return np.split(data, np.cumsum(sizes)[:-1], axis)


def _nonzero(call: Call) -> Value:
    return np.array(np.nonzero(given(call)[0]), np.int64)


def _scatter_nd(call: Call) -> Value:
    data, indices, updates = given(call)
    if call.attributes.get("reduction", "none") not in ("none", b"none"):
        raise ValueError("not followed")
    out = data.copy()
    for place in np.ndindex(indices.shape[:-1]):
        out[tuple(indices[place])] = updates[place]
    return np.asarray(out)


def _gather_elements(call: Call) -> Value:
    data, indices = given(call)
    return np.take_along_axis(data, indices.astype(np.int64), call.attributes.get("axis", 0))


def _gather_nd(call: Call) -> Value:
    data, indices = given(call)
    if call.attributes.get("batch_dims", 0):
        raise ValueError("not followed")
    return np.asarray(data[tuple(np.moveaxis(indices, -1, 0))])


def _pad(call: Call) -> Value:
    data, pads = given(call)[:2]
    if call.has(3) or call.attributes.get("mode", "constant") != "constant":
        raise ValueError("not followed")
    fill = call.value(2)
    rank = data.ndim
    width = [(int(pads[k]), int(pads[k + rank])) for k in range(rank)]
    return np.pad(data, width, constant_values=0 if fill is None else fill.ravel()[0])


def _flatten(call: Call) -> Value:
    data = given(call)[0]
    axis = call.attributes.get("axis", 1)
    return np.asarray(data.reshape(product(data.shape[:axis]), -1))


def _trilu(call: Call) -> Value:
    data = given(call)[0]
    offset = (call.ints(1) or [0])[0]
    return np.triu(data, offset) if call.attributes.get("upper", 1) else np.tril(data, offset)


def _one_hot(call: Call) -> Value:
    indices, depth, both = given(call)
    axis = call.attributes.get("axis", -1)
    count = int(depth.ravel()[0])
    places = np.mod(np.expand_dims(indices.astype(np.int64), axis), count)
    at = [1] * places.ndim
    at[axis] = count
    is_it = places == np.arange(count).reshape(at)
    return np.asarray(np.where(is_it, both[1], both[0]).astype(both.dtype))


def _eye_like(call: Call) -> Value:
    rows, columns = call.dims(0)
    kind = call.attributes.get("dtype")
    name = FROM_ONNX[kind] if kind else call.dtype(0)
    return np.eye(rows, columns, call.attributes.get("k", 0), NUMPY[name])


def _compress(call: Call) -> Value:
    data, condition = given(call)
    return np.compress(condition.astype(bool), data, call.attributes.get("axis"))


def _unique(call: Call) -> Any:
    data, axis = given(call)[0], call.attributes.get("axis")
    if not call.attributes.get("sorted", 1):
        raise ValueError("not followed")
    found = np.unique(data, True, True, True, axis)
    return [found[0], *(each.astype(np.int64).ravel() for each in found[1:])]


PLACING: Final[dict[str, Callable[[Call], Any]]] = {
    "Shape": _shape, "Size": lambda call: np.array(product(call.dims(0)), np.int64),
    "Gather": _gather, "GatherElements": _gather_elements, "GatherND": _gather_nd,
    "Concat": _concat, "Slice": _slice, "Split": _split, "Transpose": _transpose,
    "Unsqueeze": _unsqueeze, "Squeeze": _squeeze, "Reshape": _reshape, "Flatten": _flatten,
    "Expand": _expand, "Tile": _tile, "ConstantOfShape": _constant_of_shape, "Range": _range,
    "NonZero": _nonzero, "OneHot": _one_hot, "EyeLike": _eye_like, "Compress": _compress,
    "Unique": _unique, "ScatterND": _scatter_nd, "Pad": _pad, "Trilu": _trilu,
}  # fmt: skip
"""By operator of the standard domain."""
