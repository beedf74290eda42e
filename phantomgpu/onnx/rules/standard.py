"""Standard operators whose schema infers nothing at some opset: their shapes in Python."""

from collections.abc import Callable
from typing import Final

from phantomgpu.dtype import FROM_ONNX
from phantomgpu.onnx.call import Call, Typed, broadcast, normal, product
from phantomgpu.onnx.placing import reshaped

_ALWAYS: Final = 10_000


def same(call: Call) -> list[Typed]:
    """Each output as the first input."""
    return [(call.dtype(0), call.dims(0))] * call.outputs


def common(call: Call) -> list[Typed]:
    """The inputs broadcast against each other."""
    shapes = [each[1] for each in call.inputs if each is not None]
    if "axis" in call.attributes or call.attributes.get("broadcast"):  # before opset 7
        return [(call.dtype(0), shapes[0])]
    return [(call.dtype(0), broadcast(*shapes))]


def compared(call: Call) -> list[Typed]:
    """A bool for each element of the inputs broadcast against each other."""
    return [("bool", broadcast(call.dims(0), call.dims(1)))]


def dropout(call: Call) -> list[Typed]:
    """Output and mask as the input; the mask is bool since opset 10."""
    mask = "bool" if call.version >= 10 else call.dtype(0)
    return [(call.dtype(0), call.dims(0)), (mask, call.dims(0))][: call.outputs]


def batch_norm(call: Call) -> list[Typed]:
    """Output as the input; saved statistics ``[channels]``."""
    return [(call.dtype(0), call.dims(0))] + [(call.dtype(0), call.dims(1))] * (call.outputs - 1)


def cast(call: Call) -> list[Typed]:
    """As the input, of another dtype; opset 1 writes it as a word."""
    to = call.attributes["to"]
    dtype = (
        FROM_ONNX[to] if isinstance(to, int) else {"float": "float32"}.get(to.lower(), to.lower())
    )
    return [(dtype, call.dims(0))]


def reshape(call: Call) -> list[Typed]:
    """Reshape of opset 1, whose shape is an attribute."""
    return [(call.dtype(0), reshaped(call))]


def concat(call: Call) -> list[Typed]:
    """The inputs behind each other along ``axis``, 1 where none is given (opset 1)."""
    given = [each for each in call.inputs if each is not None]
    first = given[0][1]
    axis = normal(call.attributes.get("axis", 1), len(first))
    total = sum(each[1][axis] for each in given)
    return [(given[0][0], (*first[:axis], total, *first[axis + 1 :]))]


def split(call: Call) -> list[Typed]:
    """Split of opset 1: sizes from an attribute or an input, else equal parts."""
    dims = call.dims(0)
    axis = normal(call.attributes.get("axis", 0), len(dims))
    sizes = call.attributes.get("split") or (call.ints(1) if call.has(1) else None)
    sizes = sizes or [dims[axis] // call.outputs] * call.outputs
    return [(call.dtype(0), (*dims[:axis], size, *dims[axis + 1 :])) for size in sizes]


def gemm(call: Call) -> list[Typed]:
    """Multiply ``[m, k]`` by ``[k, n]``, either stored transposed: ``[m, n]``."""
    a, b = call.dims(0), call.dims(1)
    m = a[1] if call.attributes.get("transA") else a[0]
    n = b[0] if call.attributes.get("transB") else b[1]
    return [(call.dtype(0), (m, n))]


def pad(call: Call) -> list[Typed]:
    """Pad of opset 1, whose ``paddings`` is an attribute."""
    pads, dims = call.attributes["paddings"], call.dims(0)
    rank = len(dims)
    return [(call.dtype(0), tuple(d + pads[k] + pads[k + rank] for k, d in enumerate(dims)))]


def gru(call: Call) -> list[Typed]:
    """GRU of opset 1: ``[steps, directions, batch, hidden]`` and the last state."""
    steps, batch, _ = call.dims(0)
    directions, hidden = call.dims(2)[0], call.dims(2)[2]
    dtype = call.dtype(0)
    both: list[Typed] = [(dtype, (steps, directions, batch, hidden))]
    return [*both, (dtype, (directions, batch, hidden))][: call.outputs]


def global_pool(call: Call) -> list[Typed]:
    """One element per channel: ``[n, c, 1, ...]``."""
    dims = call.dims(0)
    return [(call.dtype(0), (*dims[:2], *(1,) * (len(dims) - 2)))]


def lp_pool(call: Call) -> list[Typed]:
    """A window over each spatial axis, as any pool."""
    dims, kernel = call.dims(0), call.attributes["kernel_shape"]
    count = len(kernel)
    strides = call.attributes.get("strides") or [1] * count
    dilations = call.attributes.get("dilations") or [1] * count
    pads = call.attributes.get("pads") or [0] * (2 * count)
    mode, ceil = call.attributes.get("auto_pad", "NOTSET"), call.attributes.get("ceil_mode", 0)
    out = []
    for k, dim in enumerate(dims[2:]):
        window = (kernel[k] - 1) * dilations[k] + 1
        if str(mode).startswith("SAME"):
            out.append(-(-dim // strides[k]))
            continue
        room = dim + (0 if mode == "VALID" else pads[k] + pads[k + count]) - window
        out.append((-(-room // strides[k]) if ceil else room // strides[k]) + 1)
    return [(call.dtype(0), (*dims[:2], *out))]


def upsample(call: Call) -> list[Typed]:
    """Sizes times the scales, rounded down."""
    dims, given = call.dims(0), call.attributes
    scales = given.get("scales") or [1.0, 1.0, given["height_scale"], given["width_scale"]]
    return [(call.dtype(0), tuple(int(d * s) for d, s in zip(dims, scales, strict=True)))]


def stft(call: Call) -> list[Typed]:
    """``[batch, frames, bins, 2]``; half the bins and one by default, as the signal is real.

    The schema's own inference takes an absent ``onesided`` for 0, though its default is 1.
    """
    step = call.ints(1)
    width = call.ints(3) if call.has(3) else [call.dims(2)[0]]
    if step is None or width is None:
        raise LookupError("the frames are computed from data")
    batch, samples = call.dims(0)[:2]
    bins = width[0] // 2 + 1 if call.attributes.get("onesided", 1) else width[0]
    return [(call.dtype(0), (batch, (samples - width[0]) // step[0] + 1, bins, 2))]


def compress(call: Call) -> list[Typed]:
    """Compress of opset 9, where the condition is known."""
    condition = call.value(1)
    if condition is None:
        raise LookupError("the condition is computed from data")
    dims, kept = list(call.dims(0)), int(condition.astype(bool).sum())
    axis = call.attributes.get("axis")
    if axis is None:
        return [(call.dtype(0), (min(kept, product(tuple(dims))),))]
    dims[axis] = kept
    return [(call.dtype(0), tuple(dims))]


Rule = Callable[[Call], list[Typed]]

STANDARD: Final[dict[str, tuple[int, Rule]]] = {
    **dict.fromkeys(
        ("Abs", "Ceil", "Clip", "Elu", "Exp", "Floor", "HardSigmoid", "InstanceNormalization",
         "LeakyRelu", "Log", "Neg", "PRelu", "Reciprocal", "Relu", "Selu", "Sigmoid", "Sqrt",
         "Tanh"), (5, same)),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), (6, common)),
    **dict.fromkeys(("Max", "Min", "Mean", "Sum"), (5, common)),
    **dict.fromkeys(("GroupNormalization", "MeanVarianceNormalization"), (_ALWAYS, same)),
    **dict.fromkeys(("GreaterOrEqual", "LessOrEqual"), (15, compared)),
    "BatchNormalization": (5, batch_norm), "Cast": (5, cast), "Concat": (3, concat),
    "Dropout": (11, dropout), "Gemm": (5, gemm), "GlobalLpPool": (1, global_pool),
    "GRU": (2, gru), "LpPool": (_ALWAYS, lp_pool), "Pad": (1, pad), "Reshape": (4, reshape),
    "Split": (1, split), "Upsample": (6, upsample), "STFT": (_ALWAYS, stft),
    "Compress": (10, compress),
}  # fmt: skip
"""By operator: the last opset at which its schema infers nothing, and the rule."""
