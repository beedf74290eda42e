"""Known inputs to known outputs: the operators that shapes are computed with, in numpy."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.call import Call, product
from phantomgpu.onnx.graph import Value
from phantomgpu.onnx.payload import NUMPY

MAX_VALUE_BYTES: Final = 64 * 1024
"""Larger values are no longer followed; shapes are not made of such."""

_FAILURES = (
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    OverflowError,
    ArithmeticError,
    LookupError,
)


def evaluate(call: Call) -> list[Value] | None:
    """The outputs of an operator whose inputs are all known.

    Returns:
        None where the operator is not one of those that are followed, or its output is too large.
    """
    made = EVALUATORS.get(call.op_type)
    if made is None:
        return None
    try:
        with np.errstate(all="ignore"):
            found = made(call)
    except _FAILURES:
        return None
    values = found if isinstance(found, list) else [found]
    if any(value is None or value.nbytes > MAX_VALUE_BYTES for value in values):
        return None
    return [np.asarray(value) for value in values]


def _inputs(call: Call) -> list[Any]:
    return [value for value in call.values if value is not None]


def _pointwise(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        given = _inputs(call)
        return np.asarray(function(*given))

    return made


def _kept(function: Callable[..., Any]) -> Callable[[Call], Value]:
    """A pointwise operator whose result has the dtype of its first input."""

    def made(call: Call) -> Value:
        given = _inputs(call)
        return np.asarray(function(*given)).astype(given[0].dtype, copy=False)

    return made


def _folded(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        first, *rest = _inputs(call)
        for each in rest:
            first = function(first, each)
        return np.asarray(first)

    return made


def _div(a: Any, b: Any) -> Any:
    """Integers are divided toward zero, as C does."""
    if a.dtype.kind not in "iu":
        return a / b
    if np.any(b == 0):
        raise ZeroDivisionError
    quotient = np.abs(a) // np.abs(b)
    return np.where((a < 0) != (b < 0), -quotient, quotient).astype(a.dtype)


def _mod(call: Call) -> Value:
    a, b = _inputs(call)
    return np.fmod(a, b) if call.attributes.get("fmod") else np.mod(a, b)


def _cast(call: Call) -> Value:
    if call.op_type == "CastLike":
        return call.values[0].astype(call.values[1].dtype)  # type: ignore[union-attr]
    name = FROM_ONNX[call.attributes["to"]]
    (value,) = _inputs(call)
    if name == "bfloat16":
        return np.asarray(value, np.float32)
    if NUMPY[name].kind in "iu" and value.dtype.kind == "f":
        value = np.nan_to_num(value)
    return np.asarray(value).astype(NUMPY[name])


def _shape(call: Call) -> Value:
    dims = call.dims(0)
    start, end = call.attributes.get("start", 0), call.attributes.get("end")
    return np.array(dims[start:end], np.int64)


def _gather(call: Call) -> Value:
    data, indices = _inputs(call)
    return np.take(data, indices.astype(np.int64), axis=call.attributes.get("axis", 0))


def _concat(call: Call) -> Value:
    return np.concatenate(_inputs(call), axis=call.attributes.get("axis", 1))


def _slice(call: Call) -> Value:
    data = _inputs(call)[0]
    return np.asarray(data[slices(call)])


def slices(call: Call) -> tuple[slice, ...]:
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
    data = _inputs(call)[0]
    return np.expand_dims(data, tuple(axes))


def _squeeze(call: Call) -> Value:
    axes = call.axes(1)
    data = _inputs(call)[0]
    return np.squeeze(data, tuple(axes) if axes is not None else None)


def _reshape(call: Call) -> Value:
    return _inputs(call)[0].reshape(reshaped(call))


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
    data, shape = _inputs(call)
    return np.broadcast_to(data, np.broadcast_shapes(data.shape, tuple(int(n) for n in shape)))


def _constant_of_shape(call: Call) -> Value:
    fill = call.attributes.get("value")
    if fill is None:
        fill = np.zeros(1, np.float32)
    return np.full(tuple(call.ints(0) or ()), np.asarray(fill).ravel()[0])


def _range(call: Call) -> Value:
    start, limit, delta = (value.ravel()[0] for value in _inputs(call))
    count = max(0, int(np.ceil((limit - start) / delta)))
    if count * 8 > MAX_VALUE_BYTES:
        raise ValueError("too long to follow")
    return (start + np.arange(count) * delta).astype(start.dtype)


def _transpose(call: Call) -> Value:
    return np.transpose(_inputs(call)[0], call.attributes.get("perm"))


def _tile(call: Call) -> Value:
    data, repeats = _inputs(call)
    return np.tile(data, [int(n) for n in repeats])


def _split(call: Call) -> Any:
    data = _inputs(call)[0]
    axis = call.attributes.get("axis", 0)
    sizes = call.attributes.get("split") or call.ints(1)
    if sizes is None:
        count = call.attributes.get("num_outputs", call.outputs)
        chunk = -(-data.shape[axis] // count)
        return np.split(data, list(range(chunk, data.shape[axis], chunk)), axis)
    return np.split(data, np.cumsum(sizes)[:-1], axis)


def _where(call: Call) -> Value:
    condition, a, b = _inputs(call)
    return np.where(condition, a, b).astype(a.dtype, copy=False)


def _reduce(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        data = _inputs(call)[0]
        axes = call.axes(1)
        if not axes and call.attributes.get("noop_with_empty_axes"):
            return np.asarray(data)
        keep = bool(call.attributes.get("keepdims", 1))
        axis = tuple(axes) if axes else None
        return np.asarray(function(data, axis=axis, keepdims=keep)).astype(data.dtype)

    return made


def _arg(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        keep = bool(call.attributes.get("keepdims", 1))
        axis = call.attributes.get("axis", 0)
        return np.asarray(function(_inputs(call)[0], axis=axis, keepdims=keep)).astype(np.int64)

    return made


def _clip(call: Call) -> Value:
    data = _inputs(call)[0]
    low = call.attributes.get("min", call.value(1))
    high = call.attributes.get("max", call.value(2))
    if low is not None:
        data = np.maximum(data, low)
    return np.asarray(data if high is None else np.minimum(data, high)).astype(data.dtype)


def _cumsum(call: Call) -> Value:
    data, axis = _inputs(call)
    if call.attributes.get("exclusive") or call.attributes.get("reverse"):
        raise ValueError("not followed")
    return np.cumsum(data, int(axis.ravel()[0]), dtype=data.dtype)


def _topk(call: Call) -> Any:
    data = _inputs(call)[0]
    k = int(call.attributes.get("k") or (call.ints(1) or [0])[0])
    axis = call.attributes.get("axis", -1)
    order = np.argsort(-data if call.attributes.get("largest", 1) else data, axis, kind="stable")
    order = np.take(order, np.arange(k), axis)
    return [np.take_along_axis(data, order, axis), order.astype(np.int64)]


def _nonzero(call: Call) -> Value:
    return np.array(np.nonzero(_inputs(call)[0]), np.int64)


def _scatter_nd(call: Call) -> Value:
    data, indices, updates = _inputs(call)
    if call.attributes.get("reduction", "none") not in ("none", b"none"):
        raise ValueError("not followed")
    out = data.copy()
    for place in np.ndindex(indices.shape[:-1]):
        out[tuple(indices[place])] = updates[place]
    return np.asarray(out)


def _gather_elements(call: Call) -> Value:
    data, indices = _inputs(call)
    return np.take_along_axis(data, indices.astype(np.int64), call.attributes.get("axis", 0))


def _gather_nd(call: Call) -> Value:
    data, indices = _inputs(call)
    if call.attributes.get("batch_dims", 0):
        raise ValueError("not followed")
    return np.asarray(data[tuple(np.moveaxis(indices, -1, 0))])


def _pad(call: Call) -> Value:
    data, pads = _inputs(call)[:2]
    if call.has(3) or call.attributes.get("mode", "constant") != "constant":
        raise ValueError("not followed")
    fill = call.value(2)
    rank = data.ndim
    width = [(int(pads[k]), int(pads[k + rank])) for k in range(rank)]
    return np.pad(data, width, constant_values=0 if fill is None else fill.ravel()[0])


def _flatten(call: Call) -> Value:
    data = _inputs(call)[0]
    axis = call.attributes.get("axis", 1)
    return data.reshape(product(data.shape[:axis]), -1)


def _trilu(call: Call) -> Value:
    data = _inputs(call)[0]
    offset = (call.ints(1) or [0])[0]
    return np.triu(data, offset) if call.attributes.get("upper", 1) else np.tril(data, offset)


def _round_half_even(value: Any) -> Any:
    return np.rint(value)


EVALUATORS: Final[dict[str, Callable[[Call], Any]]] = {
    "Identity": lambda call: _inputs(call)[0],
    "Shape": _shape,
    "Size": lambda call: np.array(product(call.dims(0)), np.int64),
    "Add": _pointwise(np.add), "Sub": _pointwise(np.subtract), "Mul": _pointwise(np.multiply),
    "Div": _pointwise(_div), "Mod": _mod, "Pow": _kept(np.power),
    "Min": _folded(np.minimum), "Max": _folded(np.maximum), "Sum": _folded(np.add),
    "Neg": _kept(np.negative), "Abs": _kept(np.abs), "Sign": _kept(np.sign),
    "Sqrt": _kept(np.sqrt), "Exp": _kept(np.exp), "Log": _kept(np.log),
    "Reciprocal": _kept(np.reciprocal), "Floor": _kept(np.floor), "Ceil": _kept(np.ceil),
    "Round": _kept(_round_half_even), "Sin": _kept(np.sin), "Cos": _kept(np.cos),
    "Equal": _pointwise(np.equal), "Less": _pointwise(np.less), "Greater": _pointwise(np.greater),
    "LessOrEqual": _pointwise(np.less_equal), "GreaterOrEqual": _pointwise(np.greater_equal),
    "And": _pointwise(np.logical_and), "Or": _pointwise(np.logical_or),
    "Xor": _pointwise(np.logical_xor), "Not": _pointwise(np.logical_not),
    "BitwiseAnd": _pointwise(np.bitwise_and), "BitwiseOr": _pointwise(np.bitwise_or),
    "IsNaN": _pointwise(np.isnan), "IsInf": _pointwise(np.isinf),
    "Cast": _cast, "CastLike": _cast,
    "Gather": _gather, "GatherElements": _gather_elements, "GatherND": _gather_nd,
    "Concat": _concat, "Slice": _slice, "Split": _split, "Transpose": _transpose,
    "Unsqueeze": _unsqueeze, "Squeeze": _squeeze, "Reshape": _reshape, "Flatten": _flatten,
    "Expand": _expand, "Tile": _tile, "ConstantOfShape": _constant_of_shape, "Range": _range,
    "Where": _where, "Clip": _clip, "CumSum": _cumsum, "TopK": _topk, "NonZero": _nonzero,
    "ScatterND": _scatter_nd, "Pad": _pad, "Trilu": _trilu,
    "ReduceSum": _reduce(np.sum), "ReduceProd": _reduce(np.prod), "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min), "ReduceMean": _reduce(np.mean),
    "ArgMax": _arg(np.argmax), "ArgMin": _arg(np.argmin),
}  # fmt: skip
"""By operator of the standard domain."""
