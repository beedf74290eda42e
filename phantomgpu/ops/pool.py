"""Pooling: a window slid over every channel."""

from math import prod

from phantomgpu.ops.call import Call, Dims, share
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def window(
    *, each: int = 1, each_out: int = 0, special_out: int = 0, channels_last: bool = False
) -> Rule:
    """``each`` operations for every tap of every output, ``each_out`` to finish it."""

    def rule(call: Call) -> Demand:
        """As wide as its output."""
        out = call.out_size()
        kernel = [max(k, 1) for k in call.integer_list("kernel_shape")]
        taps = prod(kernel)
        shape = Parallel(m=out, window=taps, stride=call.stride())
        return call.demand(
            "pool",
            shape,
            vector=out * (each * taps + each_out),
            special=out * special_out,
            reads={0: _covered(call.dims(0), call.out_dims(0), kernel, channels_last)},
        )

    return rule


def _covered(dims: Dims, out: Dims, kernel: list[int], channels_last: bool) -> int:
    """Elements that some window covers."""
    rank = len(kernel)
    if rank == 0 or len(dims) <= rank or len(out) != len(dims):
        return prod(dims)
    space = slice(1, -1) if channels_last else slice(-rank, None)
    axes = zip(dims[space], out[space], kernel, strict=False)
    return share(prod(dims), prod(dims[space])) * prod(
        min(size, count * taps) for size, count, taps in axes
    )


def whole_space(*, each: int = 1, special_out: int = 0) -> Rule:
    """Global pooling: every channel of ``[N, C, *space]`` becomes one value, as a reduction."""

    def rule(call: Call) -> Demand:
        """One row for each sample and channel."""
        size, rows = call.size(0), call.out_size()
        return call.demand(
            "reduce",
            Parallel(m=rows, n=share(size, rows)),
            vector=each * size,
            special=special_out * rows,
        )

    return rule


def unpool(call: Call) -> Demand:
    """MaxUnpool: every input element put at its index, the rest of the output filled."""
    return call.demand("gather", reads={2: 0})


def local_response(call: Call) -> Demand:
    """LRN over ``size`` neighbouring channels: square and sum of each, scale, power, division."""
    taps = call.count("size")
    out = call.out_size()
    shape = Parallel(m=out, window=taps)
    return call.demand("pool", shape, vector=out * (2 * taps + 2), special=2 * out)


def regions(*, samples: int) -> Rule:
    """MaxRoiPool, RoiAlign, CropAndResize: ``[N, C, H, W]`` sampled in boxes.

    Every output takes ``samples`` places (RoiAlign: ``sampling_ratio`` squared of them, 2x2 where
    the operator may choose), each a mix of four neighbours at 8 operations. Boxes may overlap and
    leave gaps, so at most the whole image is read.
    """

    def rule(call: Call) -> Demand:
        """As wide as its output."""
        out = call.out_size()
        ratio = call.integer("sampling_ratio")
        places = ratio * ratio if ratio > 0 else samples
        return call.demand(
            "pool",
            Parallel(m=out, window=places),
            vector=8 * out * places,
            reads={0: 4 * out * places},
        )

    return rule
