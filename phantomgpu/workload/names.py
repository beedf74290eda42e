"""Where each distinct kernel comes from, in words."""

from collections.abc import Mapping

from phantomgpu.onnx.graph import ShapedGraph
from phantomgpu.workload.rows import Rows
from phantomgpu.workload.structure import Structure
from phantomgpu.workload.workload import KernelNames

Sizes = tuple[int, ...]


class Names:
    """The names of the distinct kernels of a structure, at any batch.

    Args:
        structure: Whose operations they are.
        rows: Its distinct kernels.
        shaped: The graph at one batch, or at two between which sizes are interpolated.
    """

    __slots__ = ("_batches", "_made", "_nodes", "_operands", "_structure", "_tops")

    def __init__(self, structure: Structure, rows: Rows, shaped: Mapping[int, ShapedGraph]) -> None:
        ops = structure.flow.ops
        graph = structure.flow.shaped
        nodes: list[list[tuple[str, ...]]] = [[] for _ in rows.first]
        for op, row in zip(ops, rows.of.tolist(), strict=True):
            nodes[row].append(
                tuple(dict.fromkeys(graph.nodes[part.node].name for part in op.parts))
            )
        self._structure = structure
        self._tops = rows.first.tolist()
        self._nodes = [tuple(row) for row in nodes]
        self._batches = tuple(shaped)
        self._operands = [
            [_operands(structure, top, each) for each in shaped.values()] for top in self._tops
        ]
        self._made: dict[int, tuple[KernelNames, ...]] = {}

    def at(self, batch: int) -> tuple[KernelNames, ...]:
        """The names, shapes written for a batch."""
        if batch not in self._made:
            self._made[batch] = tuple(
                KernelNames(
                    op=self._structure.flow.ops[top].label,
                    nodes=nodes,
                    shape=" x ".join(str(list(sizes)) for sizes in self._at(operands, batch)),
                    approximation=self._structure.approximations[top],
                )
                for top, nodes, operands in zip(
                    self._tops, self._nodes, self._operands, strict=True
                )
            )
        return self._made[batch]

    def _at(self, operands: list[list[Sizes]], batch: int) -> list[Sizes]:
        """Sizes of each operand at a batch, on the line through two batches."""
        if len(operands) == 1:
            return operands[0]
        (low, high), (first, second) = operands, self._batches
        share = (batch - first) / (second - first)
        return [
            tuple(round(a + share * (b - a)) for a, b in zip(one, other, strict=False))
            for one, other in zip(low, high, strict=False)
        ]


def _operands(structure: Structure, op: int, shaped: ShapedGraph) -> list[Sizes]:
    """Sizes of the first two inputs of an operation's anchor; of its output where it has none."""
    done = structure.flow.ops[op]
    node = shaped.nodes[done.parts[done.anchor].node]
    return _sizes(node.inputs[:2], shaped) or _sizes(node.outputs[:1], shaped)


def _sizes(names: tuple[str, ...], shaped: ShapedGraph) -> list[Sizes]:
    tensors = [shaped.tensors[name] for name in names if name in shaped.tensors]
    return [tuple(int(dim) for dim in tensor.dims) for tensor in tensors if tensor.dims]
