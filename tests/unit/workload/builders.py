"""Small models by hand, and what a runtime makes of them."""

import numpy as np

from phantomgpu.workload import lower
from phantomgpu.workload.fusion import fused
from phantomgpu.workload.shapings import Shapings
from tests.unit.onnx.builders import a_model, a_node, read

__all__ = ["a_net", "a_node", "labels", "lowered", "ops_of", "totals", "weights"]


def weights(**dims):
    """Weights of those shapes: ``w=(8, 3, 3, 3)``."""
    return {name: np.zeros(shape, np.float32) for name, shape in dims.items()}


def a_net(nodes, *, x=("N", 8), out="y", inputs=None, stored=None, scalars=None, opset=17):
    """A graph with one float input ``x``, unless ``inputs`` says otherwise."""
    constants = {**(stored or {})}
    for name, value in (scalars or {}).items():
        constants[name] = np.asarray(value, np.float32)
    fed = inputs if inputs is not None else {"x": ("float32", x)}
    return read(a_model(nodes, fed, out, stored=constants, opset=opset))


def lowered(graph, fusion=(), *, casts="none", dims=None):
    """The schedule of a graph under a list of rules."""
    return lower(graph, fusion=fusion, casts=casts, runtime="a-runtime", dims=dims or {})


def ops_of(graph, fusion=(), *, batch=2, half=False, autocast=False):
    """The operations a runtime with these rules launches."""
    shaping = Shapings(graph, {}).at(batch)
    return fused(*shaping, rules=fusion, half=half, autocast=autocast).ops


def labels(graph, fusion=(), **details):
    """What they are called, in execution order."""
    return [op.label for op in ops_of(graph, fusion, **details)]


def totals(workload):
    """Whole-run sums of what a workload's kernels do."""
    kernels = workload.kernels
    return {
        name: float(getattr(kernels, name) @ kernels.count)
        for name in (
            "matrix_flops", "vector_flops", "special_flops", "read_bytes", "write_bytes", "count",
        )
        if name != "count"
    } | {"count": float(kernels.count.sum())}  # fmt: skip
