"""One graph at each batch that was asked for: its shapes and what its nodes demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from phantomgpu.errors import BatchError
from phantomgpu.onnx import batch_symbol, infer_shapes
from phantomgpu.onnx.graph import Graph, ShapedGraph
from phantomgpu.ops import Demand
from phantomgpu.workload.views import demands_of

LARGEST_BATCH: Final = (1 << 31) - 1
"""Beyond it no tensor of any framework can be indexed along its first dimension by an int32."""


class Shaping(NamedTuple):
    """A graph with its sizes."""

    shaped: ShapedGraph
    demands: tuple[Demand | None, ...]


@dataclass(slots=True)
class Shapings:
    """Shapes of one graph, by batch; each is worked out once.

    Attributes:
        graph: As read.
        dims: What the user set.
    """

    graph: Graph
    dims: Mapping[str, int]
    _known: dict[int, Shaping] = field(default_factory=dict)

    @property
    def batch_dim(self) -> str | None:
        """Symbol of the batch dimension; None where the model has none."""
        return batch_symbol(self.graph)

    def at(self, batch: int) -> Shaping:
        """The graph at a batch.

        Raises:
            BatchError: The model cannot take it.
            ModelError: Its shapes cannot be worked out.
        """
        check_batch(batch)
        symbol = self.batch_dim
        if symbol is None:
            return self._fixed(batch)
        if batch not in self._known:
            dims = {key: size for key, size in self.dims.items() if key not in (symbol, "batch")}
            shaped = infer_shapes(self.graph, {**dims, "batch": batch})
            self._known[batch] = Shaping(shaped, demands_of(shaped))
        return self._known[batch]

    def _fixed(self, batch: int) -> Shaping:
        """The only shapes of a model without a batch dimension; batch 1 means one run of it."""
        if 1 not in self._known:
            shaped = infer_shapes(self.graph, self.dims)
            self._known[1] = Shaping(shaped, demands_of(shaped))
        shaping = self._known[1]
        size = fixed_batch(shaping.shaped)
        if batch not in (1, size):
            names = ", ".join(
                f"{name} {list(shaping.shaped.tensors[name].dims or ())}"
                for name in shaping.shaped.inputs[:3]
            )
            first = next(iter(shaping.shaped.inputs), "input")
            raise BatchError(
                f"the model has no batch dimension: it is made for batch {size}, "
                f"and batch {batch} is asked for",
                where=f"inputs {names}",
                fix=f"ask for batch {size}, set the first dimension with --dim {first}:0={batch}, "
                "or export the model with a free first dimension "
                "(torch.onnx.export: dynamic_axes or dynamic_shapes)",
            )
        return shaping


def check_batch(batch: int) -> None:
    """Raise ``BatchError`` for a number that no batch can have."""
    if batch < 1 or batch > LARGEST_BATCH:
        raise BatchError(
            f"batch is {batch}",
            where="batch",
            fix=f"give a batch between 1 and {LARGEST_BATCH}",
        )


def fixed_batch(shaped: ShapedGraph) -> int:
    """The first dimension that all inputs share; 1 where they do not share any."""
    leading = {
        int(dims[0])
        for name in shaped.inputs
        if name in shaped.tensors and (dims := shaped.tensors[name].dims)
    }
    return leading.pop() if len(leading) == 1 else 1


def same_nodes(one: Shaping, other: Shaping) -> bool:
    """Whether two shapings have the same nodes, and know the same ones before the run."""
    return len(one.demands) == len(other.demands) and all(
        a.op_type == b.op_type and a.name == b.name and (x is None) == (y is None)
        for a, b, x, y in zip(
            one.shaped.nodes, other.shaped.nodes, one.demands, other.demands, strict=True
        )
    )
