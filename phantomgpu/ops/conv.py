"""Convolutions, as the implicit matrix products a GPU makes of them."""

from math import prod

from phantomgpu.ops.call import Call, Dims, share
from phantomgpu.ops.matmul import operand_dtype
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def convolution(
    *,
    x: int = 0,
    weight: int = 1,
    bias: int = 2,
    after_each: int = 0,
    channels_last: bool = False,
) -> Rule:
    """Slide ``[Cout, Cin/group, *window]`` over ``[N, Cin, *in]``: ``[N, Cout, *out]``.

    ``2·N·Cout·out·Cin/group·window`` FLOPs, as ``group`` products of ``N·out`` rows by
    ``Cin/group·window`` by ``Cout/group``. A bias adds one operation for each output,
    ``after_each`` counts an activation or a requantisation. ``x``, ``weight`` and ``bias`` are
    positions.
    """

    def rule(call: Call) -> Demand:
        """One implicit GEMM."""
        filters = call.dims(weight, rank=2)
        out = call.out_size()
        shape = _geometry(
            call,
            filters,
            rows=share(out, filters[0]),
            n=share(filters[0], _groups(call)),
            k=prod(filters[1:]),
            image=_image(call, channels_last),
        )
        return call.demand(
            "conv",
            shape,
            matrix=2 * shape.batch * shape.m * shape.n * shape.k,
            vector=out * (after_each + call.has(bias)),
            reads={
                x: _covered(call, x, filters, channels_last or bool(call.integer("channels_last")))
            },
            matrix_dtype=operand_dtype(call.dtype(x), call.dtype(weight)),
        )

    return rule


def transposed(*, x: int = 0, weight: int = 1, bias: int = 2) -> Rule:
    """Spread ``[N, Cin, *in]`` through ``[Cin, Cout/group, *window]``: ``[N, Cout, *out]``.

    ``2·N·in·Cin·Cout/group·window`` FLOPs: every input element meets every tap once. As
    ``group`` products of ``N·in`` rows by ``Cin/group`` by ``Cout/group·window``.
    """

    def rule(call: Call) -> Demand:
        """One product, its columns added into place."""
        filters = call.dims(weight, rank=2)
        shape = _geometry(
            call,
            filters,
            rows=share(call.size(x), filters[0]),
            n=prod(filters[1:]),
            k=share(filters[0], _groups(call)),
        )
        return call.demand(
            "conv",
            shape,
            matrix=2 * shape.batch * shape.m * shape.n * shape.k,
            vector=call.out_size() * call.has(bias),
            matrix_dtype=operand_dtype(call.dtype(x), call.dtype(weight)),
        )

    return rule


def deformable(call: Call) -> Demand:
    """DeformConv ``X, W, offset, B, mask``: a convolution of bilinear samples.

    The product of an ordinary convolution; every sampled tap costs 2 + 3·2 operations for its
    place and the mix of four neighbours (torchvision's deform_conv2d kernel), and one for a mask.
    """
    filters = call.dims(1, rank=2)
    shape = _geometry(
        call,
        filters,
        rows=share(call.out_size(), filters[0]),
        n=share(filters[0], _groups(call)),
        k=prod(filters[1:]),
    )
    sampled = shape.m * shape.batch * shape.k
    return call.demand(
        "conv",
        shape,
        matrix=2 * shape.batch * shape.m * shape.n * shape.k,
        vector=sampled * (8 + call.has(4)) + call.out_size() * call.has(3),
    )


def causal_with_state(call: Call) -> Demand:
    """Depthwise convolution over time of ``[N, C, T]`` with ``[C, 1, k]`` and the last k-1 steps.

    ``2·N·C·T·k`` FLOPs, a bias and the optional SiLU (two operations, two special) each output.
    """
    filters = call.dims(1, rank=3)
    channels, taps = filters[0], prod(filters[2:])
    out = call.out_size()
    activated = call.text("activation", "none") != "none"
    shape = Parallel(m=share(out, channels), n=1, k=taps, batch=channels, window=taps)
    return call.demand(
        "conv",
        shape,
        matrix=2 * out * taps,
        vector=out * (call.has(2) + 3 * activated),
        special=out * 2 * activated,
    )


def _image(call: Call, channels_last: bool) -> tuple[int, int]:
    """Height and width of the output where it is an image and no tap is skipped, else 1 and 1."""
    out = call.out_dims(0, rank=2)
    spatial = out[1:-1] if channels_last else out[2:]
    is_dense = all(step == 1 for step in call.integer_list("dilations") or ())
    return (spatial[0], spatial[1]) if len(spatial) == 2 and is_dense else (1, 1)


def _geometry(
    call: Call, filters: Dims, *, rows: int, n: int, k: int, image: tuple[int, int] = (1, 1)
) -> Parallel:
    return Parallel(
        m=rows,
        n=n,
        k=k,
        batch=_groups(call),
        window=prod(filters[2:]),
        stride=call.stride(),
        height=image[0],
        width=image[1],
    )


def _groups(call: Call) -> int:
    return call.count("group")


def _covered(call: Call, x: int, filters: Dims, channels_last: bool) -> int:
    """Elements that some window covers: a 1x1 convolution of stride 2 reads every other one."""
    dims, out = call.dims(x, rank=2), call.out_dims(0, rank=2)
    spatial = slice(1, -1) if channels_last else slice(2, None)
    axes = zip(dims[spatial], out[spatial], filters[2:], strict=False)
    covered = prod(min(size, count * taps) for size, count, taps in axes)
    return share(prod(dims), prod(dims[spatial])) * covered
