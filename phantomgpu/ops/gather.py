"""Look-ups and scatters: only the rows that are taken are read."""

from phantomgpu.ops.call import Call
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand


def gather(call: Call) -> Demand:
    """Gather, GatherND, GatherElements ``data, indices``: as many elements read as come out.

    At most the whole table: a row taken twice comes from the cache the second time.
    """
    return call.demand("gather", reads={0: call.out_size()})


def scatter(call: Call) -> Demand:
    """Scatter*, TensorScatter ``data, indices, updates``: a copy of the data, then the updates.

    ONNX has no update in place; a runtime that does it reads and writes only the updates.
    A reduction adds one operation for each update.
    """
    reducing = call.text("reduction", "none") != "none"
    return call.demand("gather", vector=call.size(2) if reducing else 0)


def found(call: Call) -> Demand:
    """NonZero, Compress: a scan over all elements; the output's size is an upper bound."""
    return call.demand("gather", vector=call.size(0))


def sampled(*, position: int = 0) -> Rule:
    """GridSample ``X, grid``: each output a mix of 1, 2 (linear) or 4 (cubic) taps in each axis.

    Two operations a tap and, for every place of the grid, four to bring it to pixels.
    """

    def rule(call: Call) -> Demand:
        """As wide as its output."""
        dims, grid = call.dims(position, rank=3), call.size(position + 1)
        mode = call.text("mode", "linear")
        taps = {"nearest": 1, "bicubic": 4, "cubic": 4}.get(mode, 2) ** (len(dims) - 2)
        out = call.out_size()
        return call.demand(
            "gather",
            vector=2 * taps * out + 2 * grid,
            reads={position: taps * out},
        )

    return rule


def suppression(call: Call) -> Demand:
    """NonMaxSuppression of ``[batches, boxes, 4]``: every pair of boxes compared, for each class.

    An upper bound of 13 operations and a division a pair: how many boxes survive to be compared
    is known only to the run.
    """
    scores = call.dims(1, rank=3)
    pairs = scores[0] * scores[1] * scores[2] ** 2 // 2
    return call.demand(
        "gather",
        vector=13 * pairs,
        special=pairs,
        reads={2: 0, 3: 0, 4: 0},
        approximation="how many boxes are compared depends on their values: counted as all pairs",
    )
