"""Names of a body to names of the whole, and its nodes in an order that can run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phantomgpu.errors import GraphError
from phantomgpu.onnx.graph import Graph, Node


@dataclass(slots=True)
class Scope:
    """Where names are looked up while a graph, function or body is spliced in.

    Attributes:
        names: Of this body, to unique ones; None at the top, where names are unique already.
        prefix: Path of the node it stands in, with a slash behind; empty at the top.
        parent: What a body sees around it; None for a function.
        opsets: Version by domain.
        declared: The graph whose value_info speaks of these names.
        depth: Bodies and functions around it.
        repeat: How often it runs.
    """

    names: dict[str, str] | None
    prefix: str
    parent: "Scope | None"
    opsets: dict[str, int]
    declared: Graph
    depth: int = 0
    repeat: int = 1

    def find(self, name: str) -> str:
        """The unique name of ``name``, or itself where no scope around knows it."""
        scope: Scope | None = self
        while scope is not None:
            if scope.names is None:
                return name
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return name

    def define(self, name: str) -> str:
        """A unique name for what this body makes."""
        if self.names is None or not name:
            return name
        return self.names.setdefault(name, self.prefix + name)


def in_order(nodes: Sequence[Node], known: Iterable[str], body: bool = False) -> Sequence[Node]:
    """``nodes`` so that each comes after what it reads; the same sequence where it already is so.

    Args:
        nodes: As in the file.
        known: Names there before: inputs, initializers.
        body: Unknown names may come from around it, and are checked when they are read.

    Raises:
        GraphError: A cycle, or an input that nobody makes.
    """
    known = {*known, ""}
    made = set(known)
    later = {name for node in nodes for name in node.outputs} if body else set()
    for node in nodes:
        for name in _reads(node):
            if name not in made and (not body or name in later):
                return _sorted(nodes, known, body)
        made.update(node.outputs)
    return nodes


def _reads(node: Node) -> Iterable[str]:
    """Names a node reads, those its bodies read from around them included."""
    if not any(isinstance(value, Graph) for value in node.attributes.values()):
        return node.inputs
    names = dict.fromkeys(node.inputs)
    for value in node.attributes.values():
        if isinstance(value, Graph):
            names.update(dict.fromkeys(_reads_from_around(value)))
    return names


def _reads_from_around(graph: Graph) -> list[str]:
    own = {*graph.inputs, *graph.values, *(n for n, t in graph.tensors.items() if t.is_weight)}
    own |= {name for node in graph.nodes for name in node.outputs}
    reads = [name for node in graph.nodes for name in _reads(node)]
    return [name for name in (*reads, *graph.outputs) if name and name not in own]


def _sorted(nodes: Sequence[Node], known: set[str], body: bool) -> Sequence[Node]:
    makers = {name: index for index, node in enumerate(nodes) for name in node.outputs if name}
    waits: list[set[int]] = []
    readers: dict[int, list[int]] = {}
    for index, node in enumerate(nodes):
        needs = set()
        for name in _reads(node):
            if name in known:
                continue
            if name in makers:
                needs.add(makers[name])
            elif not body:
                raise missing(node.name, node.op_type, name)
        waits.append(needs)
        for maker in needs:
            readers.setdefault(maker, []).append(index)
    ready = [index for index, needs in enumerate(waits) if not needs]
    order: list[Node] = []
    for index in ready:
        order.append(nodes[index])
        for reader in readers.get(index, ()):
            waits[reader].discard(index)
            if not waits[reader]:
                ready.append(reader)
    if len(order) != len(nodes):
        stuck = next(node for node, needs in zip(nodes, waits, strict=True) if needs)
        raise GraphError(
            f"the graph has a cycle through node {stuck.name[:100]!r} ({stuck.op_type[:60]})",
            where=f"node {stuck.name[:100]}",
            fix="export the model again; an ONNX graph has no cycles",
        )
    return order


def missing(node: str, op_type: str, name: str) -> GraphError:
    """The error for a tensor that is read and not made."""
    return GraphError(
        f"node {node[:100]!r} ({op_type[:60]}) reads {name[:100]!r}, which nobody makes",
        where=f"node {node[:100]}, input {name[:100]}",
        fix="export the model again; the graph misses an input, an initializer or a node",
    )
