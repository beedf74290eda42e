"""The fused schedule in execution order: what runs when, for which graph nodes, in which module."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from phantomgpu.onnx.graph import Node
from phantomgpu.workload.operation import SYNTHETIC, Op, Part
from phantomgpu.workload.rows import Rows
from phantomgpu.workload.structure import Structure

_NOT_A_PATH: Final = ("::", SYNTHETIC)
"""What is in names that exporters make up: ``onnx::Conv_602``."""


_WEIGHTY: Final = ("matmul", "conv", "gather")
"""Families whose weights say where they belong even when they are tied, and that end a model in a
layer of its own. Of scales and biases exporters let many norms share one, which says nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One kernel launch of a run; several where a loop of the model repeats it.

    Attributes:
        kernel: Index into the distinct kernels of the ``Workload``.
        op: What it does: ``"Conv+Relu"``.
        nodes: Names of the graph nodes fused into it.
        anchor: The one of them that does most of the work.
        module: Where it belongs in the framework's modules: ``("layer1", "0", "conv1")``; empty
            where no name of the model says so.
        repeats: Launches in one run.
        alive_bytes: Activations alive while it runs.
    """

    kernel: int
    op: str
    nodes: tuple[str, ...]
    anchor: str
    module: tuple[str, ...]
    repeats: int
    alive_bytes: int


def steps_of(structure: Structure, rows: Rows, alive_bytes: Sequence[int]) -> list[Step]:
    """The schedule in execution order.

    Args:
        structure: The fused flow.
        rows: Its distinct kernels.
        alive_bytes: Activations alive at each operation. [op]
    """
    graph = structure.flow.shaped
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    weights = {name for name, tensor in graph.tensors.items() if tensor.is_weight}
    own = {name for name in weights if uses[name] == 1}
    tables = {name for name in weights if len(graph.tensors[name].dims or ()) > 1}
    made = []
    for op, kernel, alive in zip(structure.flow.ops, rows.of.tolist(), alive_bytes, strict=True):
        nodes = [graph.nodes[part.node] for part in _anchor_first(op)]
        named = tuple(dict.fromkeys(graph.nodes[part.node].name for part in op.parts))
        module = next(_modules(nodes, own), ())
        if not module and op.family in _WEIGHTY:
            ends = (name for name in op.outputs if name in graph.outputs)
            module = next(_modules(nodes[:1], tables), tuple(ends)[:1])
        made.append(Step(kernel, op.label, named, nodes[0].name, module, op.repeats, alive))
    return _inherited(made)


def _anchor_first(op: Op) -> list[Part]:
    anchor = op.parts[op.anchor]
    return [anchor, *(part for part in op.parts if part is not anchor)]


def _modules(nodes: Sequence[Node], weights: set[str]) -> Iterator[tuple[str, ...]]:
    """What names say of the module: those of the nodes, then those of these weights."""
    for node in nodes:
        if "/" in node.name and (path := module_of_node(node.name)):
            yield path
    for node in nodes:
        for name in node.inputs:
            if name in weights and (path := module_of_weight(name)):
                yield path


def module_of_node(name: str) -> tuple[str, ...]:
    """The module in a node's name as PyTorch and TensorFlow exporters write it.

    >>> module_of_node("/layer1/layer1.0/conv1/Conv"), module_of_node("/model.6/m.0/cv1/act/Mul")
    (('layer1', '0', 'conv1'), ('model', '6', 'm', '0', 'cv1', 'act'))
    """
    parts: list[str] = []
    for part in name.strip("/").split("/")[:-1]:
        if parts and part.startswith(f"{parts[-1]}."):
            parts.pop()
        parts.append(part)
    return tuple(piece for part in parts for piece in part.split(".") if piece)


def module_of_weight(name: str) -> tuple[str, ...]:
    """The module in a weight's name as frameworks write it; empty where it is made up.

    >>> module_of_weight("layer1.0.conv1.weight"), module_of_weight("onnx::Conv_602")
    (('layer1', '0', 'conv1'), ())
    """
    if any(mark in name for mark in _NOT_A_PATH):
        return ()
    return tuple(name.replace("/", ".").split(".")[:-1])


def _inherited(steps: list[Step]) -> list[Step]:
    """Steps that name no module belong where the one before them does, the first where the next."""
    known = next((step.module for step in steps if step.module), ())
    made = []
    for step in steps:
        known = step.module or known
        made.append(step if step.module == known else replace(step, module=known))
    return made
