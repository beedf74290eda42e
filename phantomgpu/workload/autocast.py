"""The casts of torch.autocast: matrix operators in 16 bits, what needs the range in fp32.

Weights stay fp32 in memory and are cast in every run, once each; an activation is cast by each
operator that wants it in the other width. An operator on neither list takes the widest of its
inputs, as type promotion does.

Source: PyTorch documentation, "Automatic Mixed Precision package", op lists for CUDA;
aten/src/ATen/autocast_mode.h (AT_FORALL_FP32, AT_FORALL_FP32_SET_OPT_DTYPE, cached_cast).
"""

from typing import Final

from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import SYNTHETIC, Op, Part

_LOW: Final = frozenset({"conv", "matmul", "attention", "recurrent"})
"""Families on the fp16 list."""
_HIGH: Final = frozenset(
    {"LayerNormalization", "GroupNormalization", "RMSNormalization",
     "SimplifiedLayerNormalization", "Exp", "Log", "Pow", "Reciprocal", "Softplus", "Tan", "Acos",
     "Asin", "Cosh", "Sinh", "ReduceL1", "ReduceL2", "LpNormalization"}
)  # fmt: skip
"""Kinds on the fp32 list: a narrow input is cast before."""
_HIGH_INSIDE: Final = frozenset(
    {"Softmax", "LogSoftmax", "ReduceSum", "ReduceProd", "ReduceLogSumExp", "CumSum"}
)
"""Kinds on the fp32 list that read either width and write fp32 without a cast before."""
_FIRST_DECIDES: Final = frozenset({"BatchNormalization", "InstanceNormalization", "Bias"})
"""Kinds whose weights are fp32 beside an input of either width; the output has the input's."""


_GROUP_NORM: Final = "GroupNormalization"
"""On the fp32 list, but models may keep it in 16 bits (timm, layers/fast_norm.py)."""


def autocast(flow: Flow, *, half_group_norms: bool = False) -> Flow:
    """The flow with casts as operations; its ``wide`` buffers are those that stay fp32.

    Args:
        flow: As the operators find each other without autocast.
        half_group_norms: Group normalisation runs in 16 bits.
    """
    wide = {
        name
        for op in flow.ops
        for name in op.inputs
        if flow.producer(name) < 0 and flow.tensor(name).dtype == "float32"
    }
    cast_weights: dict[str, str] = {}
    ops: list[Op] = []
    for position, op in enumerate(flow.ops):
        narrow = half_group_norms and op.kind == _GROUP_NORM
        wanted_wide = False if narrow else _wants_wide(op)
        renamed: dict[str, str] = {}
        for name in op.inputs if wanted_wide is not None else ():
            if not _is_float(flow, name) or (name in wide) == wanted_wide:
                continue
            if name in cast_weights:
                renamed[name] = cast_weights[name]
                continue
            renamed[name] = f"{name}{SYNTHETIC}{'wide' if wanted_wide else 'half'}{position}"
            ops.append(_cast(op, name, renamed[name]))
            if wanted_wide:
                wide.add(renamed[name])
            elif flow.is_constant(name):
                cast_weights[name] = renamed[name]
        ops.append(op.reading(renamed) if renamed else op)
        if not narrow and _writes_wide(flow, op, wide):
            wide.update(name for name in op.outputs if _is_float(flow, name))
    return Flow(flow.shaped, ops, flow.roots, flow.wanted, frozenset(wide))


def _wants_wide(op: Op) -> bool | None:
    """Whether autocast makes the inputs fp32 (True), 16 bits (False), or leaves them."""
    if op.family in _LOW:
        return False
    return True if op.kind in _HIGH else None


def _writes_wide(flow: Flow, op: Op, wide: set[str]) -> bool:
    if op.family in _LOW:
        return False
    if op.kind in _HIGH or op.kind in _HIGH_INSIDE:
        return True
    if op.kind in _FIRST_DECIDES:
        return op.args[0] in wide
    tensors = [name for name in op.inputs if _is_float(flow, name)]
    ranked = [name for name in tensors if flow.tensor(name).dims or not flow.is_constant(name)]
    return any(name in wide for name in ranked)


def _is_float(flow: Flow, name: str) -> bool:
    return flow.tensor(name).dtype == "float32"


def _cast(op: Op, name: str, output: str) -> Op:
    part = Part(op.parts[0].node, "copy", name)
    return Op("Cast", "Cast", "pointwise", (part,), (name,), (output,), repeats=op.repeats)
