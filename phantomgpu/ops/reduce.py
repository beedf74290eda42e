"""Reductions, scans, sorts and transforms: ``m`` independent rows of ``n`` elements."""

from phantomgpu.ops.call import Call, levels, share
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def reduction(*, each: int = 1, special_each: int = 0, special_row: int = 0) -> Rule:
    """Fold axes away: ``each`` operations for an input element, ``special_row`` for a result.

    The rows are as many as there are results, whichever the axes; an input of axes is no data.
    """

    def rule(call: Call) -> Demand:
        """One result for each row."""
        size, rows = call.size(0), call.out_size()
        return call.demand(
            "reduce",
            Parallel(m=rows, n=share(size, rows)),
            vector=each * size,
            special=special_each * size + special_row * rows,
            reads={1: 0},
        )

    return rule


def scan(*, each: int = 1) -> Rule:
    """CumSum and CumProd: as many results as elements, along one axis."""

    def rule(call: Call) -> Demand:
        """Rows along the axis, where its number is known."""
        dims = call.dims(0)
        given = call.integers(1)
        columns = call.size(0)
        if given and -len(dims) <= given[0] < len(dims):
            columns = dims[given[0]]
        return call.demand(
            "reduce",
            Parallel(m=share(call.size(0), columns), n=columns),
            vector=each * call.size(0),
            reads={1: 0},
        )

    return rule


def top_k(call: Call) -> Demand:
    """The largest ``k`` of every row of ``n``: ``n·log2(k)`` comparisons, as with a heap."""
    dims = call.dims(0, rank=1)
    axis = min(call.axis(-1, len(dims)), len(dims) - 1)
    columns = dims[axis]
    kept = call.out_dims(0, rank=len(dims))[axis]
    return call.demand(
        "reduce",
        Parallel(m=share(call.size(0), columns), n=columns),
        vector=call.size(0) * levels(kept),
        reads={1: 0},
    )


def unique(call: Call) -> Demand:
    """Sort all elements (``n·log2(n)`` comparisons) and drop equal neighbours."""
    size = call.size(0)
    return call.demand("reduce", Parallel(m=1, n=size), vector=size * levels(size))


def fourier(call: Call) -> Demand:
    """Discrete Fourier transform: ``5·n·log2(n)`` FLOPs a transform of ``n`` complex points.

    Source: Cooley and Tukey's radix-2 count as FFTW's benchFFT uses it; half of it when the
    input is real.
    """
    dims = call.dims(0, rank=2)
    given = call.integers(2)
    axis = given[0] if given else call.integer("axis", 1 if call.opset < 20 else -2)
    rank = len(dims)
    points = dims[axis] if -rank <= axis < rank else max(dims)
    parts = dims[-1] if dims[-1] in (1, 2) else 1
    rows = share(call.size(0), points * parts)
    return _transforms(call, rows, points, real=parts == 1, reads={1: 0, 2: 0})


def short_time_fourier(call: Call) -> Demand:
    """STFT ``signal, frame_step, window, frame_length``: one transform of a frame at each step."""
    frames = call.out_dims(0, rank=4)
    given = call.integers(3)
    points = call.size(2) or (given[0] if given else 2 * (frames[2] - 1))
    signal = call.dims(0, rank=2)
    real = len(signal) == 2 or signal[-1] == 1
    rows = frames[0] * frames[1]
    return _transforms(call, rows, max(points, 1), real=real, reads={1: 0, 3: 0})


def packed_fourier(*, inverse: bool = False) -> Rule:
    """Rfft and Irfft of com.microsoft: over the last ``signal_ndim`` axes, real on one side."""

    def rule(call: Call) -> Demand:
        """Half a complex transform of the real side's points."""
        real_dims = call.out_dims(0, rank=1) if inverse else call.dims(0, rank=1)
        axes = call.count("signal_ndim")
        points = 1
        for dim in real_dims[-axes:]:
            points *= dim
        size = call.out_size() if inverse else call.size(0)
        return _transforms(call, share(size, points), points, real=True, reads={})

    return rule


def _transforms(call: Call, rows: int, points: int, *, real: bool, reads: dict[int, int]) -> Demand:
    flops = 5 * rows * points * levels(points)
    shape = Parallel(m=rows, n=points)
    return call.demand("reduce", shape, vector=flops // 2 if real else flops, reads=reads)


def determinant(call: Call) -> Demand:
    """Det of ``[*, n, n]`` by elimination: ``2/3·n^3`` FLOPs and ``n`` divisions a matrix."""
    n = call.dims(0, rank=2)[-1]
    rows = share(call.size(0), n * n)
    shape = Parallel(m=rows, n=n * n)
    return call.demand("reduce", shape, vector=2 * rows * n**3 // 3, special=rows * n)


def inverse(call: Call) -> Demand:
    """Inverse of ``[*, n, n]`` by elimination: ``2·n^3`` FLOPs and ``n`` divisions a matrix."""
    n = call.dims(0, rank=2)[-1]
    rows = share(call.size(0), n * n)
    shape = Parallel(m=rows, n=n * n)
    return call.demand("reduce", shape, vector=2 * rows * n**3, special=rows * n)


def loss(call: Call) -> Demand:
    """A loss over classes: softmax of every row where it is part of it, then one pick a row."""
    size = call.size(0)
    rows = call.size(1)
    with_softmax = call.node.op_type == "SoftmaxCrossEntropyLoss"
    return call.demand(
        "norm",
        Parallel(m=rows, n=share(size, rows)),
        vector=(3 * size if with_softmax else 0) + 2 * rows,
        special=(size + rows) if with_softmax else 0,
        reads={} if with_softmax else {0: rows},
    )
