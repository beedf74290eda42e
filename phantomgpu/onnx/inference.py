"""The pass over a graph that shapes each node and splices functions and bodies in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from phantomgpu.errors import GraphError, LimitError, ShapeError
from phantomgpu.onnx.attributes import constant_record
from phantomgpu.onnx.call import Call, Typed
from phantomgpu.onnx.encode import attributes_proto
from phantomgpu.onnx.flow import FLOW
from phantomgpu.onnx.freedims import FixedInputs
from phantomgpu.onnx.graph import Assumption, Graph, Node, Reference, Tensor, Value
from phantomgpu.onnx.limits import MAX_DEPTH, MAX_DIM, MAX_ELEMENTS, MAX_NODES
from phantomgpu.onnx.outcomes import outcomes
from phantomgpu.onnx.schemas import Outcome
from phantomgpu.onnx.scope import Scope, in_order, missing

_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli",
     "Multinomial"}
)  # fmt: skip
_MALFORMED: Final = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What attributes of the wrong kind, and bodies of the wrong form, end in."""


class Inference:
    """State of one pass.

    Attributes:
        nodes: Shaped so far, in execution order.
        repeats: How often each runs.
        tensors: By unique name.
        values: What is known, by unique name.
        constant: Names that depend on no graph input.
        assumptions: By node and reason.
        loose: Names whose sizes rest on an upper bound or a guess.
        carried: Names that one iteration of a loop hands to the next.
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
        self.trials = 0
        self.loose: set[str] = set()
        self.carried: set[str] = set()
        self.asked: dict[Any, list[Outcome]] = {}
        self._bodies = 0

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
            try:
                self.run_node(node, scope)
            except _MALFORMED as error:
                raise _malformed(node, error) from error

    def run_node(self, node: Node, scope: Scope) -> None:
        """Shape one node, or splice in what it stands for."""
        function = self.function(node)
        if function is not None:
            self.inline(node, function, scope)
        elif node.domain == "" and node.op_type in FLOW:
            FLOW[node.op_type](self, node, scope)
        elif node.domain == "" and node.op_type == "Constant":
            self.constant_node(self.add(node, scope))
        else:
            self.shape(self.add(node, scope), scope)

    def constant_node(self, node: Node) -> None:
        """Note a Constant that only became one in a function's body."""
        name = node.outputs[0] if node.outputs else ""
        if not name or name in self.tensors:
            return
        record = constant_record(node.attributes)
        if record is None:
            raise missing(node.name, "Constant", name)
        self.tensors[name] = Tensor(name, record.dims, record.dtype, is_weight=True)
        self.constant.add(name)
        if record.value is not None:
            self.values[name] = record.value

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
        flags = len(self.assumptions)
        found = outcomes(self, node, call, scope)
        if len(self.assumptions) != flags or self.loose.intersection(node.inputs):
            self.loose.update(node.outputs)
        for name, outcome in zip(node.outputs, found, strict=True):
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

    def assume(self, node: Node, reason: str) -> None:
        """Flag a node whose shape the graph alone does not decide."""
        self.assumptions[node.name, reason] = Assumption(node.name, node.op_type, reason)

    def put(self, name: str, typed: Typed, *, node: str) -> None:
        """Note a tensor.

        Raises:
            LimitError: It is larger than any GPU could hold.
            ShapeError: A size is negative.
        """
        dtype, dims = typed
        size = 1
        for dim in dims:
            size *= dim
        if dims and min(dims) < 0:
            raise ShapeError(
                f"tensor {name[:100]!r} would have dims {list(dims)}",
                where=f"node {node[:100]}",
                fix="give larger sizes with --dim; a window does not fit into its input",
            )
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
        attributes = {**function.defaults, **node.attributes}
        body = [_resolved(each, attributes) for each in function.nodes]
        self.store(function, inner)
        self.run_nodes(in_order(body, function.inputs, body=True), inner)
        self.finish_outputs(function, node, inner, scope)

    def inner_scope(self, node: Node, body: Graph, scope: Scope, *, repeat: int = 1) -> Scope:
        """The scope of a body that stands in ``node``."""
        self._bodies += 1
        if scope.depth >= MAX_DEPTH or self._bodies > MAX_NODES:
            raise LimitError(
                f"over {MAX_DEPTH} functions or bodies within each other, or over {MAX_NODES}",
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


def _malformed(node: Node, error: Exception) -> GraphError:
    """The error for a node that is not what its operator must be."""
    return GraphError(
        f"node {node.name[:100]!r} is no valid {node.op_type[:60]}: {str(error)[:200]}",
        where=f"node {node.name[:100]}",
        fix="export the model again; an attribute or input is missing or of the wrong kind",
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
