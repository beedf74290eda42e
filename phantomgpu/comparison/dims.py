"""The free dimensions of a request, shared out among its models."""

from collections.abc import Mapping

from phantomgpu.comparison.request import Request
from phantomgpu.errors import BatchError, RequestError
from phantomgpu.onnx import batch_symbol
from phantomgpu.onnx.graph import Graph


def dims_of_models(request: Request, models: Mapping[str, Graph]) -> dict[str, dict[str, int]]:
    """The free dimensions to set in each model: of those asked for, the ones it has.

    Raises:
        BatchError: A batch is asked for, and a model has none, or ``dims`` sets it too.
        RequestError: No model has such a dimension.
    """
    chosen = {}
    for name in request.models:
        graph = models[name]
        batch = batch_symbol(graph)
        _check_batch(request, name, batch)
        chosen[name] = {dim: size for dim, size in request.dims.items() if has_dim(graph, dim)}
    for dim in request.dims:
        if not any(dim in dims for dims in chosen.values()):
            free = sorted({d for name in request.models for d in free_dims(models[name])})
            raise RequestError(
                f"no model of this comparison has a dimension {dim!r}",
                where=f"dims, {dim}",
                fix=f"free dimensions are {', '.join(free) or 'none'}; "
                "a fixed one is set by input:axis",
            )
    return chosen


def batch_among(
    dims: Mapping[str, int], graph: Graph, *, batch: int | None
) -> tuple[int | None, dict[str, int]]:
    """The batch, which may be among the free dimensions, and the rest of these.

    Args:
        dims: Free dimensions to set.
        graph: The model they are of.
        batch: Given on its own; None where it is not.
    """
    sizes, symbol = dict(dims), batch_symbol(graph)
    for name in ("batch", symbol):
        if batch is None and symbol is not None and name in sizes:
            batch = sizes.pop(name)
    return batch, sizes


def free_dims(graph: Graph) -> list[str]:
    """Symbols of the free dimensions of the inputs, in order of appearance."""
    symbols = [
        dim
        for name in graph.inputs
        for dim in graph.tensors[name].dims or ()
        if isinstance(dim, str)
    ]
    return list(dict.fromkeys(symbols))


def has_dim(graph: Graph, name: str) -> bool:
    """Whether a name stands for a dimension of an input: a symbol, or ``input:axis``."""
    if name in free_dims(graph):
        return True
    tensor, _, axis = name.rpartition(":")
    if tensor not in graph.inputs or not axis.isdecimal():
        return False
    dims = graph.tensors[tensor].dims
    return dims is None or int(axis) < len(dims)


def _check_batch(request: Request, name: str, batch: str | None) -> None:
    for dim in ("batch", batch):
        if dim is not None and dim in request.dims:
            raise BatchError(
                f"{dim} is the batch dimension of {name}, and is set among the dimensions too",
                where=f"dims, {dim}",
                fix="give it once, as a batch",
            )
