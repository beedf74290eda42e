"""The pass over a graph that shapes each node and splices functions and bodies in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from phantomgpu.dtype import BITS, FLOATS
from phantomgpu.errors import LimitError, ShapeError
from phantomgpu.onnx import flow
from phantomgpu.onnx.bounds import BOUNDS, DATA_DEPENDENT
from phantomgpu.onnx.call import Call, Typed, product
from phantomgpu.onnx.encode import attributes_proto
from phantomgpu.onnx.freedims import FixedInputs, value_of
from phantomgpu.onnx.graph import Assumption, Graph, Node, Reference, Tensor, Value
from phantomgpu.onnx.limits import MAX_DEPTH, MAX_DIM, MAX_ELEMENTS, MAX_NODES
from phantomgpu.onnx.rules import find_rule
from phantomgpu.onnx.schemas import Outcome, SchemaError, has_schema, infer_outputs
from phantomgpu.onnx.scope import Scope, in_order, missing
from phantomgpu.onnx.sequences import sequence_outcomes
from phantomgpu.onnx.values import EVALUATORS, MAX_VALUE_BYTES, evaluate

_FROM_DIMS: Final = frozenset({"Shape", "Size"})
_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli",
     "Multinomial"}
)  # fmt: skip
_FLOW: Final[dict[str, Callable[..., None]]] = {
    "If": flow.splice_if, "Loop": flow.splice_loop, "Scan": flow.splice_scan,
    "SequenceMap": flow.splice_sequence_map,
}  # fmt: skip


class Inference:
    """State of one pass.

    Attributes:
        nodes: Shaped so far, in execution order.
        repeats: How often each runs.
        tensors: By unique name.
        values: What is known, by unique name.
        constant: Names that depend on no graph input.
        assumptions: By node and reason.
    """

    def __init__(self, graph: Graph, fixed: FixedInputs) -> None:
        self.graph = graph
        self.fixed = fixed
        self.nodes: list[Node] = []
        self.repeats: list[int] = []
        self.tensors: dict[str, Tensor] = {}
        self.values: dict[str, Value] = {}
        self.constant: set[str] = set()
        self.sequences: dict[str, list[Typed]] = {}
        self.assumptions: dict[tuple[str, str], Assumption] = {
            (each.node, each.reason): each for each in fixed.assumptions
        }
        self._known: dict[Any, list[Any]] = {}

    def run(self) -> None:
        """Shape the whole graph."""
        graph = self.graph
        scope = Scope(None, "", None, dict(graph.opsets), graph)
        for name, dims in self.fixed.dims.items():
            tensor = graph.tensors.get(name)
            self.put(name, (tensor.dtype if tensor else "undefined", dims), node=name)
        self.store(graph, scope)
        known = (*graph.inputs, *(n for n, t in graph.tensors.items() if t.is_weight))
        constants = {name for node in graph.nodes for name in node.outputs}
        ordered = in_order(graph.nodes, (name for name in known if name not in constants))
        self.run_nodes(ordered, scope)
        for name in graph.outputs:
            if name not in self.tensors:
                raise missing("(the graph)", "output", name)

    def store(self, graph: Graph, scope: Scope) -> None:
        """Note the initializers of a graph."""
        for name, tensor in graph.tensors.items():
            if not tensor.is_weight or not isinstance(tensor.dims, tuple):
                continue
            unique = scope.define(name)
            self.tensors[unique] = replace(tensor, name=unique) if unique != name else tensor
            self.constant.add(unique)
            if name in graph.values:
                self.values[unique] = graph.values[name]

    def run_nodes(self, nodes: Sequence[Node], scope: Scope) -> None:
        """Shape nodes in execution order."""
        for node in nodes:
            if node.domain == "" and node.op_type == "Constant":
                self.add(node, scope)
                continue
            function = self.function(node)
            if function is not None:
                self.inline(node, function, scope)
            elif node.domain == "" and node.op_type in _FLOW:
                _FLOW[node.op_type](self, node, scope)
            else:
                self.shape(self.add(node, scope), scope)

    def add(self, node: Node, scope: Scope) -> Node:
        """Append a node, under names that are unique in the whole."""
        if scope.names is not None:
            node = replace(
                node,
                name=scope.prefix + node.name,
                inputs=tuple(scope.find(name) for name in node.inputs),
                outputs=tuple(scope.define(name) for name in node.outputs),
            )
        if len(self.nodes) >= MAX_NODES:
            raise LimitError(
                f"the graph has over {MAX_NODES} nodes once functions and bodies are spliced in",
                where=f"node {node.name[:100]}",
                fix="the limits are in docs/reading-onnx.md",
            )
        self.nodes.append(node)
        self.repeats.append(scope.repeat)
        return node

    def shape(self, node: Node, scope: Scope) -> None:
        """Put the outputs of a node whose inputs are known."""
        call = self.call(node, scope)
        outcomes = self.outcomes(node, call, scope)
        for name, outcome in zip(node.outputs, outcomes, strict=True):
            if name:
                self.put(name, outcome, node=node.name)
        if all(not name or name in self.constant for name in node.inputs) and (
            node.op_type not in _RANDOM
        ):
            self.constant.update(filter(None, node.outputs))

    def call(self, node: Node, scope: Scope) -> Call:
        """The node with types, sizes and known values of its inputs."""
        inputs: list[Typed | None] = []
        values: list[Value | None] = []
        for name in node.inputs:
            if not name:
                inputs.append(None)
                values.append(None)
                continue
            tensor = self.tensors.get(name)
            if tensor is None:
                raise missing(node.name, node.op_type, name)
            inputs.append((tensor.dtype, tensor.dims))  # type: ignore[arg-type]
            values.append(self.values.get(name))
        version = scope.opsets.get(node.domain, 1)
        return Call(node.op_type, version, node.attributes, inputs, values, len(node.outputs))

    def outcomes(self, node: Node, call: Call, scope: Scope) -> list[Typed]:
        """dtype and dims of each output; notes values where the inputs are known."""
        handled = sequence_outcomes(self, node, call)
        if handled is not None:
            return handled
        known = node.domain == "" and (
            node.op_type in _FROM_DIMS
            or all(value is not None or not name for name, value in zip(node.inputs, call.values))
        )
        if known and node.op_type in DATA_DEPENDENT:
            found = self.evaluate(node, call)
            if found is not None:
                return found
        outcomes = self.ruled(node, call) or self.from_schema(node, call)
        settled = [self.settled(node, call, scope, k, each) for k, each in enumerate(outcomes)]
        if known and node.op_type in EVALUATORS and _is_small(settled):
            self.evaluate(node, call, settled)
        return settled

    def evaluate(
        self, node: Node, call: Call, settled: list[Typed] | None = None
    ) -> list[Typed] | None:
        """Note the values of the outputs; their types where they can be computed."""
        values = evaluate(call)
        if values is None or len(values) < len(node.outputs):
            return None
        if settled is None:
            settled = [(value.dtype.name, value.shape) for value in values]
        for name, value, typed in zip(node.outputs, values, settled, strict=False):
            if name and value.shape == typed[1]:
                self.values[name] = value
        return settled

    def ruled(self, node: Node, call: Call) -> list[Outcome] | None:
        """What the rules in Python say; None where there is none, or data decide."""
        rule = find_rule(node.domain, node.op_type, call.version)
        if rule is None:
            return None
        try:
            found = rule(call)
        except (LookupError, TypeError):
            return None
        except ValueError as error:
            raise self.contradiction(node, call, str(error)) from None
        if found is None or len(found) < len(node.outputs):
            return None
        return list(found[: len(node.outputs)])

    def from_schema(self, node: Node, call: Call) -> list[Outcome]:
        """What the C++ schemas say; open outcomes where they do not know the operator."""
        key = (
            node.op_type, node.domain, call.version, node.raw, tuple(call.inputs),
            tuple(None if value is None else value.tobytes() for value in call.values),
            tuple(bool(name) for name in node.outputs),
        )  # fmt: skip
        found = self._known.get(key)
        if found is None:
            found = self._ask_schema(node, call)
            self._known[key] = found
        return found

    def _ask_schema(self, node: Node, call: Call) -> list[Outcome]:
        asked = [bool(name) for name in node.outputs]
        inputs = [None if each is None or each[0] not in BITS else each for each in call.inputs]
        try:
            found = infer_outputs(
                node.op_type, node.domain, call.version, node.raw, inputs, call.values, asked
            )
        except SchemaError as error:
            declared = [self.graph.tensors.get(name) for name in node.outputs]
            if all(each is not None and each.dims is not None for each in declared):
                return [("undefined", None)] * len(asked)
            raise self.contradiction(node, call, str(error)) from None
        return found if found is not None else [("undefined", None)] * len(asked)

    def settled(self, node: Node, call: Call, scope: Scope, index: int, outcome: Outcome) -> Typed:
        """An outcome in numbers: as it is, as declared in the file, or bounded and flagged."""
        dtype, dims = outcome
        name = node.outputs[index]
        if not name:
            return "undefined", ()
        if dims is not None and None not in dims and dtype != "undefined":
            return dtype, dims  # type: ignore[return-value]
        declared = self.declared(name, scope)
        if dtype == "undefined":
            dtype = declared.dtype if declared else self.first_dtype(call)
        stated = self.stated(declared)
        if dims is None:
            dims = stated
        elif stated is not None and len(stated) == len(dims):
            dims = tuple(a if b is None else b for a, b in zip(stated, dims, strict=True))
        if dims is not None and None not in dims:
            if node.op_type in BOUNDS:
                self.assume(node, "its shape depends on data; taken from the file")
            elif not has_schema(node.op_type, node.domain, call.version):
                self.assume(node, f"{_called(node)} is unknown; its shape is taken from the file")
            return dtype, dims  # type: ignore[return-value]
        bound = BOUNDS.get(node.op_type) if node.domain == "" else None
        if bound is not None:
            found, reason = bound(call, index, dims)
            self.assume(node, reason)
            return dtype, found
        if not has_schema(node.op_type, node.domain, call.version):
            self.assume(node, f"{_called(node)} is unknown; its output is taken as its first input")
        else:
            self.assume(node, "its shape depends on data; open sizes are taken from its input")
        return dtype, _like_first(call, dims)

    def declared(self, name: str, scope: Scope) -> Tensor | None:
        """What the file says of a name."""
        if scope.names is None:
            return self.graph.tensors.get(name)
        return scope.declared.tensors.get(name.removeprefix(scope.prefix))

    def stated(self, tensor: Tensor | None) -> tuple[int | None, ...] | None:
        """Declared dims with the symbols in numbers; None for those that stay open."""
        if tensor is None or tensor.dims is None:
            return None
        return tuple(
            dim if isinstance(dim, int) else value_of(dim, self.fixed.symbols)
            for dim in tensor.dims
        )

    def first_dtype(self, call: Call) -> str:
        """The dtype of the first floating-point input, else of the first."""
        given = [each[0] for each in call.inputs if each is not None]
        return next((d for d in given if d in FLOATS), given[0] if given else "float32")

    def assume(self, node: Node, reason: str) -> None:
        """Flag a node whose shape the graph alone does not decide."""
        self.assumptions[node.name, reason] = Assumption(node.name, node.op_type, reason)

    def put(self, name: str, typed: Typed, *, node: str) -> None:
        """Note a tensor.

        Raises:
            LimitError: It is larger than any GPU could hold.
        """
        dtype, dims = typed
        size = 1
        for dim in dims:
            size *= dim
        if size > MAX_ELEMENTS or (dims and max(dims) > MAX_DIM):
            raise LimitError(
                f"tensor {name[:100]!r} would have dims {list(dims)}",
                where=f"node {node[:100]}",
                fix=f"give smaller sizes; the limit is {MAX_ELEMENTS} elements",
            )
        self.tensors[name] = Tensor(name, dims, dtype)

    def function(self, node: Node) -> Graph | None:
        """The model-local function a node calls."""
        if not self.graph.functions:
            return None
        return self.graph.functions.get((node.domain, node.op_type, node.overload))

    def inline(self, node: Node, function: Graph, scope: Scope) -> None:
        """Splice in the body of a model-local function."""
        inner = self.inner_scope(node, function, scope)
        inner.parent = None
        inner.opsets = dict(self.graph.opsets) | dict(function.opsets)
        assert inner.names is not None
        for name, given in zip(function.inputs, node.inputs, strict=False):
            inner.names[name] = scope.find(given) if given else ""
        for name in function.inputs[len(node.inputs) :]:
            inner.names[name] = ""
        self.bind_outputs(function, node.outputs, inner, scope)
        given = {**function.defaults, **node.attributes}
        body = [_resolved(each, given) for each in function.nodes]
        self.store(function, inner)
        self.run_nodes(in_order(body, function.inputs, body=True), inner)
        self.finish_outputs(function, node, inner, scope)

    def inner_scope(self, node: Node, body: Graph, scope: Scope, *, repeat: int = 1) -> Scope:
        """The scope of a body that stands in ``node``."""
        if scope.depth >= MAX_DEPTH:
            raise LimitError(
                f"over {MAX_DEPTH} functions or bodies within each other",
                where=f"node {node.name[:100]}",
                fix="the limits are in docs/reading-onnx.md; does a function call itself?",
            )
        prefix = f"{scope.prefix}{node.name}/"
        return Scope(
            {}, prefix, scope, scope.opsets, body, scope.depth + 1, scope.repeat * max(repeat, 1)
        )

    def bind_outputs(self, body: Graph, outputs: Sequence[str], inner: Scope, scope: Scope) -> None:
        """Let the body's nodes write the outputs of the node around it directly."""
        assert inner.names is not None
        made = {name for node in body.nodes for name in node.outputs}
        for name, outer in zip(body.outputs, outputs, strict=False):
            if outer and name in made and name not in inner.names:
                inner.names[name] = scope.define(outer)

    def finish_outputs(self, body: Graph, node: Node, inner: Scope, scope: Scope) -> None:
        """An Identity for each output that is not written by a node of the body itself."""
        for k, (name, outer) in enumerate(zip(body.outputs, node.outputs, strict=False)):
            unique = scope.define(outer)
            source = inner.find(name)
            if outer and source != unique:
                copy = Node(f"{inner.prefix}output_{k}", "Identity", "", (source,), (unique,))
                top = replace(scope, names=None, repeat=inner.repeat)
                self.shape(self.add(copy, top), top)

    def contradiction(self, node: Node, call: Call, reason: str) -> ShapeError:
        """The error for inputs that an operator cannot take."""
        given = ", ".join(
            f"{name}: {each[0]} {list(each[1])}"
            for name, each in zip(node.inputs, call.inputs, strict=True)
            if each is not None
        )
        return ShapeError(
            f"{_called(node)} cannot take its inputs: {reason[:300]}",
            where=f"node {node.name[:100]} with {given[:600]}",
            fix="give other sizes with --dim, or export the model again",
        )


def _resolved(node: Node, given: Mapping[str, Any]) -> Node:
    """A node of a function's body with the caller's attributes in it."""
    attributes = {
        name: given.get(value.name) if isinstance(value, Reference) else value
        for name, value in node.attributes.items()
    }
    if not any(isinstance(value, Reference) for value in node.attributes.values()):
        return node
    kept = {name: value for name, value in attributes.items() if value is not None}
    return replace(node, attributes=kept, raw=attributes_proto(kept))


def _is_small(settled: list[Typed]) -> bool:
    return all(product(dims) * BITS.get(dtype, 0) <= MAX_VALUE_BYTES * 8 for dtype, dims in settled)


def _like_first(call: Call, dims: tuple[int | None, ...] | None) -> tuple[int, ...]:
    first = next((each[1] for each in call.inputs if each is not None), ())
    if dims is None:
        return first
    padded = (1,) * max(0, len(dims) - len(first)) + first[-len(dims) :] if dims else ()
    return tuple(b if a is None else a for a, b in zip(dims, padded, strict=True))


def _called(node: Node) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain else node.op_type
