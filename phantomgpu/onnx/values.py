"""Known inputs to known outputs: the operators that shapes are computed with, in numpy."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.call import Call
from phantomgpu.onnx.graph import Value
from phantomgpu.onnx.payload import NUMPY
from phantomgpu.onnx.placing import MAX_VALUE_BYTES, PLACING, given

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
    if made is None or any(value is not None and value.dtype.kind == "c" for value in call.values):
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


def _pointwise(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        return np.asarray(function(*given(call)))

    return made


def _kept(function: Callable[..., Any]) -> Callable[[Call], Value]:
    """A pointwise operator whose result has the dtype of its first input."""

    def made(call: Call) -> Value:
        known = given(call)
        return np.asarray(function(*known)).astype(known[0].dtype, copy=False)

    return made


def _folded(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        first, *rest = given(call)
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
    a, b = given(call)
    return np.asarray(np.fmod(a, b) if call.attributes.get("fmod") else np.mod(a, b))


def _cast(call: Call) -> Value:
    if call.op_type == "CastLike":
        value, like = given(call)
        return np.asarray(value.astype(like.dtype))
    name = FROM_ONNX[call.attributes["to"]]
    (value,) = given(call)
    if name == "bfloat16":
        return np.asarray(value, np.float32)
    if NUMPY[name].kind in "iu" and value.dtype.kind == "f":
        value = np.nan_to_num(value)
    return np.asarray(value).astype(NUMPY[name])


def _is_inf(call: Call) -> Value:
    data, asked = given(call)[0], call.attributes
    high = np.isposinf(data) if asked.get("detect_positive", 1) else np.zeros(data.shape, bool)
    low = np.isneginf(data) if asked.get("detect_negative", 1) else np.zeros(data.shape, bool)
    return np.asarray(high | low)


def _where(call: Call) -> Value:
    condition, a, b = given(call)
    return np.asarray(np.where(condition, a, b)).astype(a.dtype, copy=False)


def _reduce(function: Callable[..., Any]) -> Callable[[Call], Value]:
    def made(call: Call) -> Value:
        data = given(call)[0]
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
        axis, data = call.attributes.get("axis", 0), given(call)[0]
        if call.attributes.get("select_last_index"):
            last = data.shape[axis] - 1
            found = last - function(np.flip(data, axis), axis=axis, keepdims=keep)
        else:
            found = function(data, axis=axis, keepdims=keep)
        return np.asarray(found).astype(np.int64)

    return made


def _clip(call: Call) -> Value:
    data = given(call)[0]
    low = call.attributes.get("min", call.value(1))
    high = call.attributes.get("max", call.value(2))
    if low is not None:
        data = np.maximum(data, low)
    return np.asarray(data if high is None else np.minimum(data, high)).astype(data.dtype)


def _cumsum(call: Call) -> Value:
    data, axis = given(call)
    if call.attributes.get("exclusive") or call.attributes.get("reverse"):
        raise ValueError("not followed")
    return np.asarray(np.cumsum(data, int(axis.ravel()[0]), dtype=data.dtype))


def _topk(call: Call) -> Any:
    data = given(call)[0]
    k = int(call.attributes.get("k") or (call.ints(1) or [0])[0])
    axis = call.attributes.get("axis", -1)
    if call.attributes.get("largest", 1):  # equal ones by their place, so flipped twice
        reverse = np.flip(np.argsort(np.flip(data, axis), axis, kind="stable"), axis)
        order = data.shape[axis] - 1 - reverse
    else:
        order = np.argsort(data, axis, kind="stable")
    order = np.take(order, np.arange(k), axis)
    return [np.take_along_axis(data, order, axis), order.astype(np.int64)]


EVALUATORS: Final[dict[str, Callable[[Call], Any]]] = {
    **PLACING,
    "Identity": lambda call: given(call)[0],
    "Add": _pointwise(np.add), "Sub": _pointwise(np.subtract), "Mul": _pointwise(np.multiply),
    "Div": _pointwise(_div), "Mod": _mod, "Pow": _kept(np.power),
    "Min": _folded(np.minimum), "Max": _folded(np.maximum), "Sum": _folded(np.add),
    "Neg": _kept(np.negative), "Abs": _kept(np.abs), "Sign": _kept(np.sign),
    "Sqrt": _kept(np.sqrt), "Exp": _kept(np.exp), "Log": _kept(np.log),
    "Reciprocal": _kept(np.reciprocal), "Floor": _kept(np.floor), "Ceil": _kept(np.ceil),
    "Round": _kept(np.rint), "Sin": _kept(np.sin), "Cos": _kept(np.cos),
    "Equal": _pointwise(np.equal), "Less": _pointwise(np.less), "Greater": _pointwise(np.greater),
    "LessOrEqual": _pointwise(np.less_equal), "GreaterOrEqual": _pointwise(np.greater_equal),
    "And": _pointwise(np.logical_and), "Or": _pointwise(np.logical_or),
    "Xor": _pointwise(np.logical_xor), "Not": _pointwise(np.logical_not),
    "BitwiseAnd": _pointwise(np.bitwise_and), "BitwiseOr": _pointwise(np.bitwise_or),
    "IsNaN": _pointwise(np.isnan), "IsInf": _is_inf,
    "Cast": _cast, "CastLike": _cast,
    "Where": _where, "Clip": _clip, "CumSum": _cumsum, "TopK": _topk,
    "ReduceSum": _reduce(np.sum), "ReduceProd": _reduce(np.prod), "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min), "ReduceMean": _reduce(np.mean),
    "ArgMax": _arg(np.argmax), "ArgMin": _arg(np.argmin),
}  # fmt: skip
"""By operator of the standard domain."""
