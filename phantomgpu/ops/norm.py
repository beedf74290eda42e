"""Normalisations and softmax: rows reduced, then every element of the row changed.

FLOPs are of the formula, as in ``pointwise``: a mean costs one addition an element, a variance
three (difference, square, addition), applying them two (difference, product with the inverse
deviation), scale and bias one each; every row takes a root and a reciprocal.
"""

from math import prod

from phantomgpu.ops.call import Call, share
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def softmax(call: Call) -> Demand:
    """Softmax over one axis, before opset 13 over all axes from ``axis`` on.

    An element costs maximum, difference and sum, one exponential and one division; LogSoftmax
    has a difference in the place of the division and one logarithm a row.
    """
    dims = call.dims(0)
    if call.opset < 13:
        columns = prod(dims[call.axis(1, len(dims)) :])
    else:
        axis = call.axis(-1, len(dims))
        columns = prod(dims[axis : axis + 1])
    return _softmax(call, columns, logarithm=call.node.op_type == "LogSoftmax")


def softmax_last(call: Call) -> Demand:
    """BiasSoftmax and QLinearSoftmax: over the last axis, or all from ``axis`` on."""
    dims = call.dims(0)
    columns = prod(dims[call.axis(-1, len(dims)) :])
    return _softmax(call, columns, extra=2)


def _softmax(call: Call, columns: int, *, logarithm: bool = False, extra: int = 0) -> Demand:
    size = call.size(0)
    rows = share(size, columns)
    return call.demand(
        "norm",
        Parallel(m=rows, n=columns),
        vector=(3 + logarithm + extra) * size,
        special=size + (rows if logarithm else size),
    )


def over_last_axes(*, each: int) -> Rule:
    """Normalise over ``axis``, the last by default, and all behind it."""

    def rule(call: Call) -> Demand:
        """Rows of everything in front of the axis."""
        dims = call.dims(0)
        columns = prod(dims[call.axis(-1, len(dims)) :])
        return _rows(call, columns, each)

    return rule


def over_last_axis(*, each: int, special_each: int = 0) -> Rule:
    """Normalise over the last axis, which the operator has no attribute for."""

    def rule(call: Call) -> Demand:
        """Rows of everything in front of the last axis."""
        return _rows(call, call.dims(0, rank=1)[-1], each, special_each=special_each)

    return rule


def over_space(*, each: int, channels_last: bool = False) -> Rule:
    """InstanceNormalization: over all axes of ``[N, C, *space]`` but the first two."""

    def rule(call: Call) -> Demand:
        """One row for each sample and channel."""
        dims = call.dims(0, rank=2)
        return _rows(call, prod(dims[1:-1] if channels_last else dims[2:]), each)

    return rule


def over_groups(*, attribute: str, each: int, special_each: int = 0) -> Rule:
    """GroupNormalization: over space and the channels of a group, whose count an attribute is."""

    def rule(call: Call) -> Demand:
        """One row for each sample and group, whichever axis the channels are."""
        dims = call.dims(0, rank=2)
        rows = dims[0] * call.count(attribute)
        return _rows(call, share(prod(dims), rows), each, special_each=special_each)

    return rule


def batch(*, channels_last: bool = False) -> Rule:
    """BatchNormalization: at inference one product and one addition an element, from statistics.

    The statistics become a factor and an offset for each channel (three operations, a root, a
    division). In training mode mean and variance come from the batch: four more an element.
    """

    def rule(call: Call) -> Demand:
        """One row for each sample and channel."""
        dims = call.dims(0, rank=1)
        channels = prod(dims[-1:] if channels_last else dims[1:2])
        columns = prod(dims[1:-1] if channels_last else dims[2:])
        training = bool(call.integer("training_mode"))
        size = prod(dims)
        return call.demand(
            "norm",
            Parallel(m=share(size, columns), n=columns),
            vector=(6 if training else 2) * size + 3 * channels,
            special=2 * channels,
        )

    return rule


def whole(*, each: int) -> Rule:
    """Normalise over given axes of which only the number of rows matters: one a channel."""

    def rule(call: Call) -> Demand:
        """MeanVarianceNormalization over ``axes`` (all but the channel where not given)."""
        dims = call.dims(0, rank=1)
        axes = call.integer_list("axes") or [0, 2, 3]
        columns = prod(dims[axis] for axis in axes if -len(dims) <= axis < len(dims))
        return _rows(call, columns, each)

    return rule


def along_axis(*, each: int, special_each: int = 0) -> Rule:
    """LpNormalization, Hardmax: over one axis, the last by default."""

    def rule(call: Call) -> Demand:
        """One row for each place outside the axis."""
        dims = call.dims(0)
        axis = call.axis(-1, len(dims))
        columns = prod(dims[axis : axis + 1])
        return _rows(call, columns, each, special_each=special_each)

    return rule


def _rows(call: Call, columns: int, each: int, *, special_each: int = 0) -> Demand:
    size = call.size(0)
    rows = share(size, columns)
    return call.demand(
        "norm",
        Parallel(m=rows, n=columns),
        vector=each * size,
        special=2 * rows + special_each * size,
    )
