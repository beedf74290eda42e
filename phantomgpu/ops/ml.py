"""Classical models (ai.onnx.ml): counted by their coefficients, which sit in attributes."""

from phantomgpu.ops.call import Call, levels, share
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def linear_model(call: Call) -> Demand:
    """LinearClassifier, LinearRegressor: ``[n, f]`` by ``coefficients`` of ``f x targets``."""
    features = call.dims(0, rank=1)[-1]
    rows = share(call.size(0), features)
    targets = share(_length(call, "coefficients"), features)
    shape = Parallel(m=rows, n=targets, k=features)
    return call.demand(
        "matmul",
        shape,
        matrix=2 * rows * targets * features,
        vector=rows * targets,
        special=rows * targets,
    )


def support_vectors(call: Call) -> Demand:
    """SVMClassifier, SVMRegressor: every row against every support vector, and a kernel each."""
    features = call.dims(0, rank=1)[-1]
    rows = share(call.size(0), features)
    count = share(_length(call, "support_vectors"), features)
    shape = Parallel(m=rows, n=count, k=features)
    return call.demand(
        "matmul",
        shape,
        matrix=2 * rows * count * features,
        vector=3 * rows * count,
        special=rows * count,
    )


def trees(*, nodes: str, roots: str) -> Rule:
    """Tree ensembles: one path from root to leaf of every tree for every row.

    Taken as balanced trees: ``log2`` of the nodes of a tree deep, at two operations a level.
    """

    def rule(call: Call) -> Demand:
        """As many chains as rows and trees."""
        features = call.dims(0, rank=1)[-1]
        rows = share(call.size(0), features)
        total = _length(call, nodes)
        ids = call.node.attributes.get(roots)
        count = len(set(ids)) if isinstance(ids, list | tuple) else 1
        visits = rows * count * levels(share(total, max(count, 1)))
        return call.demand(
            "approximate",
            vector=2 * visits,
            approximation=f"{call.node.op_type}: trees taken as balanced",
        )

    return rule


def _length(call: Call, attribute: str) -> int:
    value = call.node.attributes.get(attribute, ())
    if isinstance(value, list | tuple):
        return len(value)
    return int(getattr(value, "size", 0))
