"""Convolutions, products and norms that take along the pointwise operations beside them."""

from collections.abc import Callable
from typing import Final

from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import Op

ACTIVATIONS: Final = frozenset(
    {"Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Elu", "PRelu",
     "Selu", "Softplus", "ThresholdedRelu"}
)  # fmt: skip
"""What a convolution's epilogue can do to each element it writes."""
GATED: Final = frozenset({"Gelu", "QuickGelu", "Silu", "Mish", "FastGelu", "BiasGelu"})
_BATCH_NORM: Final = frozenset({"BatchNormalization"})
_ADDS: Final = frozenset({"Add", "Sum"})


def _followed(
    flow: Flow, *, starts: Callable[[Op], bool], then: frozenset[str], kind: str = ""
) -> Flow:
    """Contract each ``starts`` operation with one of ``then`` that alone needs its result."""
    matches = []
    for position, op in enumerate(flow.ops):
        if starts(op) and len(op.outputs) == 1:
            user = flow.sole_user(op.outputs[0])
            if user >= 0 and flow.ops[user].kind in then:
                matches.append(Match((position, user), kind=kind))
    return flow.contracted(matches)


def conv_bn(flow: Flow) -> Flow:
    """Convolution, then a scale and shift of each channel: they go into its weights.

    Batch normalisation, also where an exporter wrote it as a product and a sum with constants.
    """
    matches = []
    for position, op in enumerate(flow.ops):
        members = [position]
        while _is_conv(op) and len(flow.ops[members[-1]].outputs) == 1:
            user = flow.sole_user(flow.ops[members[-1]].outputs[0])
            if user < 0 or not (_is_bn(flow.ops[user]) or _scales_channels(flow, user)):
                break
            members.append(user)
        matches.append(Match(tuple(members)))
    return flow.contracted(matches)


def _is_bn(op: Op) -> bool:
    return op.kind in _BATCH_NORM


def _scales_channels(flow: Flow, position: int) -> bool:
    """Whether an operation multiplies or shifts every channel by a constant."""
    op = flow.ops[position]
    running = [name for name in op.args if not flow.is_constant(name)]
    if op.kind not in ("Mul", "Add", "Sub", "Div") or len(op.args) != 2 or len(running) != 1:
        return False
    dims = flow.tensor(op.outputs[0]).dims or ()
    constant = next(name for name in op.args if flow.is_constant(name))
    return len(dims) > 2 and flow.size(constant) in (1, dims[1])


def pad_conv(flow: Flow) -> Flow:
    """Zeros around an image that only a convolution or pool needs: it pads itself."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind == "Pad" and op.outputs:
            user = flow.sole_user(op.outputs[0])
            if user >= 0 and flow.ops[user].kind in ("Conv", "MaxPool", "AveragePool"):
                matches.append(Match((position, user), anchor=user))
    return flow.contracted(matches)


def conv_activation(flow: Flow) -> Flow:
    """Convolution, then an activation."""
    return _followed(flow, starts=_is_conv, then=ACTIVATIONS)


def conv_gated(flow: Flow) -> Flow:
    """Convolution, then GELU, SiLU or another activation that is a product with itself."""
    return _followed(flow, starts=_is_conv, then=GATED)


def bn_activation(flow: Flow) -> Flow:
    """Batch normalisation that no convolution could take in, then an activation."""
    return _followed(flow, starts=_is_bn, then=ACTIVATIONS)


def matmul_activation(flow: Flow) -> Flow:
    """Matrix product, then an activation of either form."""
    return _followed(flow, starts=lambda op: op.family == "matmul", then=ACTIVATIONS | GATED)


def gemm_activation(flow: Flow) -> Flow:
    """A Gemm of the file itself, then a plain activation."""
    return _followed(flow, starts=lambda op: op.kind == "Gemm", then=ACTIVATIONS)


def bias_gelu(flow: Flow) -> Flow:
    """Addition of a constant bias, then GELU."""

    def adds_constant(op: Op) -> bool:
        return op.kind == "Add" and any(flow.is_constant(name) for name in op.inputs)

    return _followed(flow, starts=adds_constant, then=GATED, kind="BiasGelu")


def conv_add_activation(flow: Flow) -> Flow:
    """Convolution, then the addition of another tensor, then perhaps an activation."""
    return _added(flow, _is_conv)


def matmul_add(flow: Flow) -> Flow:
    """Matrix product, then the addition of a residual: its beta is 1."""
    return _added(flow, lambda op: op.family == "matmul")


def _added(flow: Flow, starts: Callable[[Op], bool]) -> Flow:
    matches = []
    for position, op in enumerate(flow.ops):
        if not starts(op) or len(op.outputs) != 1:
            continue
        add = flow.sole_user(op.outputs[0])
        if add < 0 or flow.ops[add].kind not in _ADDS or not _same_size(flow, add, op.outputs[0]):
            continue
        members = [position, add]
        after = flow.sole_user(flow.ops[add].outputs[0])
        if after >= 0 and flow.ops[after].kind in ACTIVATIONS:
            members.append(after)
        matches.append(Match(tuple(members)))
    return flow.contracted(matches)


def _same_size(flow: Flow, position: int, name: str) -> bool:
    return flow.size(flow.ops[position].outputs[0]) == flow.size(name)


def _is_conv(op: Op) -> bool:
    return op.family == "conv"


_NORMS: Final = frozenset(
    {"LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"}
)


def add_norm(flow: Flow) -> Flow:
    """Addition whose sum only a layer normalisation needs: one pass over the rows."""
    return _added_norm(flow, kept=False)


def residual_norm(flow: Flow) -> Flow:
    """Addition and the normalisation of its sum, which is written too where others need it."""
    return _added_norm(flow, kept=True)


def _added_norm(flow: Flow, *, kept: bool) -> Flow:
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind in _NORMS:
            add = flow.producer(op.args[0])
            if add < 0 or flow.ops[add].kind != "Add":
                continue
            if kept or flow.sole_user(op.args[0]) == position:
                matches.append(Match((add, position), anchor=position))
    return flow.contracted(matches)
