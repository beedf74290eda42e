"""If, Loop and Scan to their bodies, spliced in where they stand with how often they run."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from phantomgpu.errors import GraphError
from phantomgpu.onnx.call import Typed, normal
from phantomgpu.onnx.graph import Graph, Node
from phantomgpu.onnx.scope import Scope, in_order
from phantomgpu.onnx.sequences import refuse_long, whole

if TYPE_CHECKING:
    from phantomgpu.onnx.inference import Inference

_MAX_TRIPS: Final = 2**31
_MAX_TRIALS: Final = 2


def splice_if(run: "Inference", node: Node, scope: Scope) -> None:
    """The branch that is known to be taken, else the larger one, flagged."""
    known = run.values.get(scope.find(node.inputs[0])) if node.inputs else None
    branches = {
        name: body
        for name in ("then_branch", "else_branch")
        if isinstance(body := node.attributes.get(name), Graph)
    }
    if not branches:
        raise _no_body(node)
    if known is not None and known.size == 1:
        wanted = "then_branch" if bool(known.ravel()[0]) else "else_branch"
    else:
        wanted = max(branches, key=lambda name: node_count(branches[name]))
        word = wanted.removesuffix("_branch")
        run.assume(_named(node, scope), f"the condition is computed from data; {word} is counted")
    body = branches.get(wanted) or next(iter(branches.values()))
    inner = run.inner_scope(node, body, scope)
    splice(run, node, body, inner, scope)
    run.finish_outputs(body, node, inner, scope)


def splice_loop(run: "Inference", node: Node, scope: Scope) -> None:
    """The body once, to be run as often as the trip count says; 1 and flagged where data decide.

    Carried tensors that grow with each iteration have the size they reach in the last one.
    """
    body = node.attributes.get("body")
    if not isinstance(body, Graph) or len(body.inputs) < 2:
        raise _no_body(node)
    carried = [scope.find(name) for name in node.inputs[2:]]
    if len(body.outputs) <= len(carried) or len(body.inputs) < 2 + len(carried):
        raise _no_body(node)
    trips = _trips(run, node, scope)
    first = _body_inputs(run, node, scope, carried)
    count = len(carried)
    if trips == 0:
        _skip(run, node, body, scope, carried)
        return
    last = _after(run, node, body, scope, first) if trips > 1 else first[2:]
    entered = [*first[:2], *_grown(run, node, scope, first[2:], last, trips - 1)]
    inner = run.inner_scope(node, body, scope, repeat=trips)
    _enter(run, body, entered, inner, values=trips == 1, carried=carried)
    splice(run, node, body, inner, scope, bind=False)
    final = [inner.find(name) for name in body.outputs[1:]]
    for k, (outer, made) in enumerate(zip(node.outputs, final, strict=False)):
        tensor = run.tensors[made]
        typed: Typed = (tensor.dtype, tensor.dims)  # type: ignore[assignment]
        if k < count and trips > 1:
            run.carried.add(made)
        if k >= count:
            typed = (typed[0], (trips, *typed[1]))
        elif made in run.sequences:
            parts = run.sequences[made]
            before = len(run.sequences.get(carried[k], ()))
            added = parts[before:] if len(parts) > before else []
            refuse_long(node, len(parts) + len(added) * (trips - 1))
            run.sequences[scope.define(outer)] = parts + added * (trips - 1)
            typed = whole(run.sequences[scope.define(outer)])
        _leave(run, node, inner, scope, (made, outer, typed), at=k)


def splice_scan(run: "Inference", node: Node, scope: Scope) -> None:
    """The body once, to be run for each slice of the scanned inputs."""
    body = node.attributes.get("body")
    scanned = int(node.attributes.get("num_scan_inputs", 0))
    if not isinstance(body, Graph) or not scanned or scanned > len(node.inputs):
        raise _no_body(node)
    old = scope.opsets.get("", 1) < 9  # opset 8: a batch axis first, and lengths as input 0
    names = [scope.find(name) for name in node.inputs[1 if old else 0 :]]
    states, scans = names[: len(names) - scanned], names[len(names) - scanned :]
    axes = node.attributes.get("scan_input_axes") or [0] * len(scans)
    trips, entered = 0, list[Typed]()
    for name in states:
        dtype, dims = _typed(run, node, name)
        entered.append((dtype, dims[1:] if old else dims))
    for name, each in zip(scans, axes, strict=True):
        dtype, dims = _typed(run, node, name)
        dims = dims[1:] if old else dims
        axis = normal(each, len(dims))
        trips = dims[axis]
        entered.append((dtype, (*dims[:axis], *dims[axis + 1 :])))
    batch = _typed(run, node, scans[0])[1][0] if old else 1
    inner = run.inner_scope(node, body, scope, repeat=trips * batch)
    _enter(run, body, entered, inner)
    for k, (name, given) in enumerate(zip((*states, *scans), body.inputs, strict=False)):
        if k >= len(states) or name not in run.constant:  # a state does not stay what it began as
            _hand_in(run, name, inner.find(given), inner)
    splice(run, node, body, inner, scope, bind=False)
    out_axes = node.attributes.get("scan_output_axes") or [0] * len(node.outputs)
    for k, (outer, name) in enumerate(zip(node.outputs, body.outputs, strict=False)):
        made = inner.find(name)
        dtype, dims = _typed(run, node, made)
        if k < len(states) and trips > 1:
            run.carried.add(made)
        if k >= len(states):
            axis = normal(out_axes[k - len(states)], len(dims) + 1)
            dims = (*dims[:axis], trips, *dims[axis:])
        _leave(run, node, inner, scope, (made, outer, (dtype, (batch, *dims) if old else dims)), k)


def splice_sequence_map(run: "Inference", node: Node, scope: Scope) -> None:
    """The body once, to be run for each element of the sequence."""
    body = node.attributes.get("body")
    if not isinstance(body, Graph) or not node.inputs:
        raise _no_body(node)
    names = [scope.find(name) for name in node.inputs]
    parts = run.sequences.get(names[0]) or [_typed(run, node, names[0])]
    if names[0] not in run.sequences:
        run.assume(_named(node, scope), "the length of its sequence is unknown; taken as 1")
    entered = [(run.sequences.get(name) or [_typed(run, node, name)])[0] for name in names]
    inner = run.inner_scope(node, body, scope, repeat=len(parts))
    _enter(run, body, entered, inner)
    splice(run, node, body, inner, scope, bind=False)
    for k, (outer, name) in enumerate(zip(node.outputs, body.outputs, strict=False)):
        made = inner.find(name)
        run.sequences[scope.define(outer)] = [_typed(run, node, made)] * len(parts)
        typed = whole(run.sequences[scope.define(outer)])
        _leave(run, node, inner, scope, (made, outer, typed), k)


FLOW: Final[dict[str, Callable[["Inference", Node, Scope], None]]] = {
    "If": splice_if, "Loop": splice_loop, "Scan": splice_scan, "SequenceMap": splice_sequence_map,
}  # fmt: skip
"""By operator of the standard domain."""


def node_count(graph: Graph) -> int:
    """Nodes of a graph and of all bodies in it."""
    total = len(graph.nodes)
    for node in graph.nodes:
        for value in node.attributes.values():
            if isinstance(value, Graph):
                total += node_count(value)
    return total


def splice(
    run: "Inference", node: Node, body: Graph, inner: Scope, scope: Scope, *, bind: bool = True
) -> None:
    """Shape the nodes of a body; with ``bind`` they write the node's outputs directly."""
    if bind:
        run.bind_outputs(body, node.outputs, inner, scope)
    run.store(body, inner)
    known = [*body.inputs, *(n for n, t in body.tensors.items() if t.is_weight)]
    made = {name for each in body.nodes for name in each.outputs}
    run.run_nodes(in_order(body.nodes, (n for n in known if n not in made), body=True), inner)


def _trips(run: "Inference", node: Node, scope: Scope) -> int:
    """How often a Loop runs: its trip count where it is known and the condition cannot end it."""
    limit = run.values.get(scope.find(node.inputs[0])) if node.inputs and node.inputs[0] else None
    start = run.values.get(scope.find(node.inputs[1])) if len(node.inputs) > 1 else None
    if start is not None and start.size == 1 and not bool(start.ravel()[0]):
        return 0
    flagged = _named(node, scope)
    if limit is None or limit.size != 1 or limit.dtype.kind not in "iu":
        run.assume(flagged, "the trip count is computed from data; counted once")
        return 1
    trips = min(max(int(limit.ravel()[0]), 0), _MAX_TRIPS)
    if not _runs_on(node.attributes["body"], node):
        if trips >= 2**31 - 1:
            run.assume(flagged, "it ends when its condition says so; counted once")
            return 1
        if trips > 1:
            run.assume(flagged, f"upper bound: its condition may end it before {trips} times")
    return trips


def _runs_on(body: Graph, node: Node) -> bool:
    """Whether the condition that a body gives is always true, or the one it got."""
    name = body.outputs[0]
    makers = {out: each for each in body.nodes for out in each.outputs}
    while name in makers and makers[name].op_type in ("Identity", "Cast"):
        name = makers[name].inputs[0]
    value = body.values.get(name)
    return name == body.inputs[1] or (value is not None and bool(np.all(value)))


def _body_inputs(run: "Inference", node: Node, scope: Scope, carried: Sequence[str]) -> list[Typed]:
    return [("int64", ()), ("bool", ()), *(_typed(run, node, name) for name in carried)]


def _after(
    run: "Inference", node: Node, body: Graph, scope: Scope, entered: list[Typed]
) -> list[Typed]:
    """What the carried tensors are after one iteration, tried out and forgotten."""
    if run.trials >= _MAX_TRIALS:  # each trial doubles the work of the loops within
        return entered[2:]
    run.trials += 1
    nodes, flags = len(run.nodes), dict(run.assumptions)
    inner = run.inner_scope(node, body, scope)
    carried = [scope.find(name) for name in node.inputs[2:]]
    _enter(run, body, entered, inner, carried=carried)
    splice(run, node, body, inner, scope, bind=False)
    found = [_typed(run, node, inner.find(name)) for name in body.outputs[1 : 1 + len(carried)]]
    assert inner.names is not None
    for name in {each for node in run.nodes[nodes:] for each in node.outputs}:
        for table in (run.tensors, run.values, run.sequences):
            table.pop(name, None)
        run.constant.discard(name)
    del run.nodes[nodes:], run.repeats[nodes:]
    run.trials -= 1
    run.assumptions.clear()
    run.assumptions.update(flags)
    return found


def _grown(
    run: "Inference",
    node: Node,
    scope: Scope,
    before: list[Typed],
    after: list[Typed],
    times: int,
) -> list[Typed]:
    """What the carried tensors are when the last iteration begins."""
    out: list[Typed] = []
    for (dtype, start), (made, end) in zip(before, after, strict=True):
        if start == end or len(start) != len(end):
            out.append((made if dtype == "undefined" else dtype, end if start != end else start))
            continue
        out.append(
            (dtype, tuple(max(a + (b - a) * times, b) for a, b in zip(start, end, strict=True)))
        )
        reason = "upper bound: what it carries grows; every iteration is counted as the last"
        run.assume(_named(node, scope), reason)
    return out


def _enter(
    run: "Inference",
    body: Graph,
    entered: Sequence[Typed],
    inner: Scope,
    *,
    values: bool = False,
    carried: Sequence[str] = (),
) -> None:
    """Put what a body is given under its own names."""
    ahead = len(body.inputs) - len(carried)
    for k, (name, typed) in enumerate(zip(body.inputs, entered, strict=False)):
        unique = inner.define(name)
        run.put(unique, typed, node=inner.prefix)
        outer = carried[k - ahead] if carried and k >= ahead else ""
        if outer in run.sequences:
            run.sequences[unique] = run.sequences[outer]
        if values and outer in run.values:
            run.values[unique] = run.values[outer]
    if values:
        run.values[inner.find(body.inputs[0])] = np.array(0, np.int64)


def _hand_in(run: "Inference", outer: str, given: str, inner: Scope) -> None:
    """An Identity from what a Scan is given to what its body sees: all of it, or one slice.

    A slice of a weight is a weight: each iteration has its own.
    """
    run.nodes.append(Node(f"{given}/given", "Identity", "", (outer,), (given,)))
    run.repeats.append(inner.repeat)
    if outer in run.constant:
        run.constant.add(given)


def _leave(
    run: "Inference",
    node: Node,
    inner: Scope,
    scope: Scope,
    handed: tuple[str, str, Typed],
    at: int,
) -> None:
    """An Identity from what the body made to the output of the node around it."""
    made, outer, typed = handed
    if not outer:
        return
    unique = scope.define(outer)
    run.nodes.append(Node(f"{inner.prefix}output_{at}", "Identity", "", (made,), (unique,)))
    run.repeats.append(inner.repeat if typed[1] != run.tensors[made].dims else scope.repeat)
    run.put(unique, typed, node=node.name)
    if made in run.constant:
        run.constant.add(unique)


def _skip(run: "Inference", node: Node, body: Graph, scope: Scope, carried: Sequence[str]) -> None:
    """A Loop that never runs hands on what it got, and gathers nothing."""
    inner = run.inner_scope(node, body, scope)
    for k, outer in enumerate(node.outputs):
        if k < len(carried):
            typed = _typed(run, node, carried[k])
            if carried[k] in run.sequences:
                run.sequences[scope.define(outer)] = run.sequences[carried[k]]
            _leave(run, node, inner, scope, (carried[k], outer, typed), k)
        elif outer:
            declared = body.tensors.get(body.outputs[k + 1]) if k + 1 < len(body.outputs) else None
            rank = len(declared.dims or ()) if declared else 0
            dtype = declared.dtype if declared else "float32"
            run.put(scope.define(outer), (dtype, (0, *(1,) * rank)), node=node.name)


def _typed(run: "Inference", node: Node, name: str) -> Typed:
    tensor = run.tensors.get(name)
    if tensor is None:
        raise GraphError(
            f"node {node.name[:100]!r} ({node.op_type}) reads {name[:100]!r}, which nobody makes",
            where=f"node {node.name[:100]}",
            fix="export the model again; the graph misses an input, an initializer or a node",
        )
    return tensor.dtype, tensor.dims  # type: ignore[return-value]


def _named(node: Node, scope: Scope) -> Node:
    return node if not scope.prefix else Node(scope.prefix + node.name, node.op_type, "", (), ())


def _no_body(node: Node) -> GraphError:
    return GraphError(
        f"node {node.name[:100]!r} ({node.op_type}) has no body that it could run",
        where=f"node {node.name[:100]}",
        fix="export the model again; the file is damaged",
    )
