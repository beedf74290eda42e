"""One node to the dtype and dims of its outputs: evaluated, by rule, by schema, or bounded."""

from typing import TYPE_CHECKING, Final

from phantomgpu.dtype import BITS, FLOATS
from phantomgpu.errors import ShapeError
from phantomgpu.onnx.asking import OPEN, ask
from phantomgpu.onnx.bounds import BOUNDS, DATA_DEPENDENT
from phantomgpu.onnx.call import Call, Typed, product
from phantomgpu.onnx.freedims import value_of
from phantomgpu.onnx.graph import Node, Tensor
from phantomgpu.onnx.placing import MAX_VALUE_BYTES
from phantomgpu.onnx.rules import find_rule
from phantomgpu.onnx.schemas import Outcome, SchemaError, has_schema
from phantomgpu.onnx.scope import Scope
from phantomgpu.onnx.sequences import sequence_outcomes
from phantomgpu.onnx.values import EVALUATORS, evaluate

if TYPE_CHECKING:
    from phantomgpu.onnx.inference import Inference

_FROM_DIMS: Final = frozenset({"Shape", "Size", "EyeLike"})
_COMPARING: Final = frozenset(
    {"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor", "Not"}
)


def outcomes(run: "Inference", node: Node, call: Call, scope: Scope) -> list[Typed]:
    """Dtype and dims of each output of a node; notes their values where its inputs are known.

    Raises:
        ShapeError: The inputs contradict the operator or each other.
    """
    handled = sequence_outcomes(run, node, call)
    if handled is not None:
        return handled
    known = node.domain == "" and node.op_type in EVALUATORS and _is_known(node, call)
    if known and node.op_type in DATA_DEPENDENT:
        found = _evaluated(run, node, call)
        if found is not None:
            return found
    try:
        open_ones = _ruled(node, call) or _from_schema(run, node, call, scope)
    except ShapeError:
        if not run.loose.intersection(node.inputs):
            raise
        return _reconciled(run, node, call)
    settled = [_settled(run, node, call, scope, k, each) for k, each in enumerate(open_ones)]
    if known and _is_small(settled):
        _evaluated(run, node, call, settled)
    return settled


def _is_known(node: Node, call: Call) -> bool:
    if node.op_type in _FROM_DIMS:
        return True
    given = zip(node.inputs, call.values, strict=True)
    return all(value is not None or not name for name, value in given)


def _is_small(settled: list[Typed]) -> bool:
    return all(product(dims) * BITS.get(dtype, 0) <= MAX_VALUE_BYTES * 8 for dtype, dims in settled)


def _evaluated(
    run: "Inference", node: Node, call: Call, settled: list[Typed] | None = None
) -> list[Typed] | None:
    """Note the values of the outputs; their types where they can be computed."""
    values = evaluate(call)
    if values is None or len(values) < len(node.outputs):
        return None
    if settled is None:
        settled = [(value.dtype.name, value.shape) for value in values[: len(node.outputs)]]
    for name, value, typed in zip(node.outputs, values, settled, strict=False):
        if name and value.shape == typed[1]:
            run.values[name] = value
    return settled


def _ruled(node: Node, call: Call) -> list[Outcome] | None:
    """What the rules in Python say; None where there is none, or data decide."""
    rule = find_rule(node.domain, node.op_type, call.version)
    if rule is None:
        return None
    try:
        found = rule(call)
    except (LookupError, TypeError):
        return None
    except (ValueError, ArithmeticError) as error:
        raise _contradiction(node, call, str(error)) from None
    if len(found) < len(node.outputs):
        return None
    return list(found[: len(node.outputs)])


def _from_schema(run: "Inference", node: Node, call: Call, scope: Scope) -> list[Outcome]:
    """What the C++ schemas say, asked once for equal nodes; open where they do not know it."""
    key = (
        node.op_type, node.domain, call.version, node.raw, tuple(call.inputs),
        tuple(None if value is None else value.tobytes() for value in call.values),
        tuple(bool(name) for name in node.outputs),
    )  # fmt: skip
    found = run.asked.get(key)
    if found is None:
        try:
            found = ask(node, call)
        except SchemaError as error:
            stated = [_stated(run, _declared(run, name, scope)) for name in node.outputs if name]
            if any(each is None or None in each for each in stated):
                raise _contradiction(node, call, str(error)) from None
            run.assume(node, "its inputs contradict its operator; its shape is that of the file")
            return [OPEN] * len(node.outputs)
        run.asked[key] = found
    return found


def _settled(
    run: "Inference", node: Node, call: Call, scope: Scope, index: int, outcome: Outcome
) -> Typed:
    """An outcome in numbers: as it is, as declared in the file, or bounded and flagged."""
    dtype, dims = outcome
    name = node.outputs[index]
    if not name:
        return "undefined", ()
    if dims is not None and None not in dims and dtype != "undefined":
        return dtype, dims  # type: ignore[return-value]
    declared = _declared(run, name, scope)
    if dtype == "undefined":
        dtype = declared.dtype if declared else "undefined"
        dtype = _first_dtype(call) if dtype == "undefined" else dtype
    stated = _stated(run, declared)
    if dims is None:
        dims = stated
    elif stated is not None and len(stated) == len(dims):
        dims = tuple(a if b is None else b for a, b in zip(stated, dims, strict=True))
    known = outcome != OPEN or has_schema(node.op_type, node.domain, call.version)
    if dims is not None and None not in dims:
        what = "its shape depends on data" if known else f"{_called(node)} is unknown"
        run.assume(node, f"{what}; its shape is taken from the file")
        return dtype, dims  # type: ignore[return-value]
    return dtype, _bounded(run, node, call, index, dims, known=known)


def _reconciled(run: "Inference", node: Node, call: Call) -> list[Typed]:
    """Outputs where upper bounds upstream contradict the operator: the largest of its inputs."""
    run.assume(node, "upper bounds of its inputs do not fit each other; the largest is taken")
    first = max(
        (each for each in call.inputs if each is not None), key=lambda each: product(each[1])
    )
    dtype = "bool" if call.op_type in _COMPARING else first[0]
    return [(dtype, first[1])] * len(node.outputs)


def _bounded(
    run: "Inference",
    node: Node,
    call: Call,
    index: int,
    dims: tuple[int | None, ...] | None,
    *,
    known: bool,
) -> tuple[int, ...]:
    """An upper bound for what is open, flagged with its reason."""
    bound = BOUNDS.get(node.op_type) if node.domain == "" else None
    if bound is not None:
        try:
            found, reason = bound(call, index, dims)
        except (LookupError, ValueError, TypeError):
            pass
        else:
            run.assume(node, reason)
            return found
    if known:
        run.assume(node, "its shape depends on data; open sizes are taken from its input")
    else:
        run.assume(node, f"{_called(node)} is unknown; its output is taken as its first input")
    return _like_first(call, dims)


def _declared(run: "Inference", name: str, scope: Scope) -> Tensor | None:
    """What the file says of a name."""
    if scope.names is None:
        return run.graph.tensors.get(name)
    return scope.declared.tensors.get(name.removeprefix(scope.prefix))


def _stated(run: "Inference", tensor: Tensor | None) -> tuple[int | None, ...] | None:
    """Declared dims with the symbols in numbers; None for those that stay open."""
    if tensor is None or tensor.dims is None:
        return None
    symbols = run.fixed.symbols
    return tuple(dim if isinstance(dim, int) else value_of(dim, symbols) for dim in tensor.dims)


def _first_dtype(call: Call) -> str:
    """The dtype of the first floating-point input, else of the first."""
    given = [each[0] for each in call.inputs if each is not None]
    return next((d for d in given if d in FLOATS), given[0] if given else "float32")


def _like_first(call: Call, dims: tuple[int | None, ...] | None) -> tuple[int, ...]:
    first = next((each[1] for each in call.inputs if each is not None), ())
    if dims is None:
        return first
    padded = ((1,) * len(dims) + first)[-len(dims) :] if dims else ()
    return tuple(b if a is None else a for a, b in zip(dims, padded, strict=True))


def _contradiction(node: Node, call: Call, reason: str) -> ShapeError:
    """The error for inputs that an operator cannot take."""
    given = ", ".join(
        f"{name[:100]}: {each[0]} {list(each[1])}"
        for name, each in zip(node.inputs, call.inputs, strict=True)
        if each is not None
    )
    return ShapeError(
        f"{_called(node)} cannot take its inputs: {reason[:300]}",
        where=f"node {node.name[:100]} with {given[:600]}",
        fix="give other sizes with --dim, or export the model again",
    )


def _called(node: Node) -> str:
    return f"{node.domain}.{node.op_type}"[:100] if node.domain else node.op_type[:100]
