"""The fusion rules by name, and the flow they make of a graph.

Which rules a runtime applies stands in its profile; docs/fusion.md tells what
each does and where it is known from. A rule takes a flow and gives one in
which some operations have become one; the order of the names is the order of
application.
"""

from collections.abc import Callable, Sequence
from typing import Final

from phantomgpu.errors import ProfileError, nearest
from phantomgpu.onnx.graph import ShapedGraph
from phantomgpu.ops import Demand
from phantomgpu.workload.abreast import matmul_abreast, rotary_abreast
from phantomgpu.workload.activations import gelu, gelu_outer_half, hard_swish, mish, silu
from phantomgpu.workload.attention import attention, attention_strides, torch_attention
from phantomgpu.workload.autocast import autocast as with_casts
from phantomgpu.workload.channels_last import group_norm_contiguous
from phantomgpu.workload.epilogues import (
    add_norm,
    bias_gelu,
    bn_activation,
    conv_activation,
    conv_add_activation,
    conv_bn,
    conv_gated,
    gemm_activation,
    matmul_activation,
    matmul_add,
    pad_conv,
    residual_norm,
)
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.linear import linear, matmul_scale, transpose_matmul
from phantomgpu.workload.norms import group_norm, layer_norm, softmax
from phantomgpu.workload.pointwise import pointwise, pointwise_moves, pointwise_reductions
from phantomgpu.workload.quantised import quantised
from phantomgpu.workload.splits import split, split_transpose
from phantomgpu.workload.strided import strided_flow
from phantomgpu.workload.torch_conv import conv_bias_apart, weight_layout
from phantomgpu.workload.views import flow_of

Rule = Callable[[Flow], Flow]

RULES: Final[dict[str, Rule]] = {
    "layer-norm": layer_norm,
    "group-norm": group_norm,
    "softmax": softmax,
    "gelu": gelu,
    "gelu-outer-half": gelu_outer_half,
    "silu": silu,
    "hard-swish": hard_swish,
    "mish": mish,
    "linear": linear,
    "matmul-scale": matmul_scale,
    "transpose-matmul": transpose_matmul,
    "attention": attention,
    "flash-attention": attention,
    "torch-attention": torch_attention,
    "quantised": quantised,
    "split": split,
    "split-transpose": split_transpose,
    "pad-conv": pad_conv,
    "conv-bn": conv_bn,
    "bn-activation": bn_activation,
    "conv-add-activation": conv_add_activation,
    "conv-activation": conv_activation,
    "conv-gated": conv_gated,
    "matmul-abreast": matmul_abreast,
    "rotary-abreast": rotary_abreast,
    "matmul-add": matmul_add,
    "matmul-activation": matmul_activation,
    "gemm-activation": gemm_activation,
    "bias-gelu": bias_gelu,
    "add-norm": add_norm,
    "residual-norm": residual_norm,
    "conv-bias-apart": conv_bias_apart,
    "weight-layout": weight_layout,
    "group-norm-contiguous": group_norm_contiguous,
    "pointwise": pointwise,
    "pointwise-moves": pointwise_moves,
    "pointwise-reductions": pointwise_reductions,
}
"""Every rule that makes one operation of several, by the name profiles use.

``flash-attention`` is ``attention`` at 16 bits and fewer, since its kernels take no fp32; above,
only what the file itself writes as one attention operator is. ``torch-attention`` is what of it
PyTorch has a kernel for.
"""

OPERATORS: Final = frozenset(
    {"layer-norm", "group-norm", "softmax", "gelu", "gelu-outer-half", "silu", "hard-swish",
     "mish", "linear", "attention", "flash-attention", "torch-attention",
     "conv-bias-apart", "group-norm-contiguous"}
)  # fmt: skip
"""Rules that only find what the framework calls one operator. Autocast, which the framework does
between operators, comes after the last of them that stands before any other rule."""

TRAITS: Final = frozenset({"in-place", "strided-views", "half-group-norm", "int8-activations"})
"""Names a profile lists among its rules that say how its memory, its autocast and its int8 work;
their place is free."""


def fused(
    shaped: ShapedGraph,
    demands: Sequence[Demand | None],
    *,
    rules: Sequence[str],
    half: bool,
    autocast: bool,
) -> Flow:
    """The operations a runtime with these rules launches.

    Args:
        shaped: The graph.
        demands: Of its nodes, None for those known before the run.
        rules: Names, in order of application.
        half: Activations have 16 bits or fewer.
        autocast: Casts are inserted as torch.autocast does.

    Raises:
        ProfileError: There is no rule of that name.
    """
    check_rules(rules)
    start = strided_flow if "strided-views" in rules else flow_of
    flow = start(shaped, demands)
    waits_for_casts, half_norms = autocast, "half-group-norm" in rules
    for name in rules:
        if waits_for_casts and name in RULES and name not in OPERATORS:
            flow, waits_for_casts = with_casts(flow, half_group_norms=half_norms), False
        if name in ("flash-attention", "torch-attention") and not half:
            flow = attention_strides(flow)
        elif name in RULES:
            flow = RULES[name](flow)
    return with_casts(flow, half_group_norms=half_norms) if waits_for_casts else flow


def check_rules(rules: Sequence[str]) -> None:
    """Raise ``ProfileError`` for a name that is no rule."""
    known = {*RULES, *TRAITS}
    for name in rules:
        if name not in known:
            raise ProfileError(
                f"there is no fusion rule '{name}'",
                where="runtime profile, fusion",
                fix=f"nearest: {', '.join(nearest(name, known))}; docs/fusion.md lists them all",
            )
