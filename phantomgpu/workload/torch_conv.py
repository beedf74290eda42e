"""What PyTorch's convolutions leave to other kernels: the bias, and the layout of the weights."""

from collections.abc import Iterable

from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import SYNTHETIC, Op, Part


def conv_bias_apart(flow: Flow) -> Flow:
    """A convolution's bias is added by a kernel of its own.

    An exporter that folded batch normalisation left its shift as this bias, and PyTorch runs the
    normalisation as such a kernel: either way one pass over the output.

    Source: aten/src/ATen/native/Convolution.cpp (cudnn_convolution, then output.add_(bias));
    torch/_inductor/kernel/conv.py ("peel off the bias, cudnn is slower with it").
    """

    def apart(position: int, op: Op) -> Iterable[Op]:
        del position
        if op.family != "conv" or len(op.parts) > 1 or len(op.args) < 3 or not op.args[2]:
            return [op]
        if op.kind not in ("Conv", "ConvTranspose"):
            return [op]
        node = op.parts[0].node
        between = f"{op.outputs[0]}{SYNTHETIC}unbiased"
        return [
            Op(op.kind, op.label, "conv", (Part(node, "unbiased"),), op.args[:2], (between,),
               repeats=op.repeats),
            Op("Bias", "Bias", "pointwise", (Part(node, "bias"),), (between, op.args[2]),
               op.outputs, repeats=op.repeats),
        ]  # fmt: skip

    return flow.rewritten(apart)


def weight_layout(flow: Flow) -> Flow:
    """Weights of a spatial convolution are put into channels-last order in every run.

    Source: torch/_inductor/graph.py (decide_layout_opt) and torch/_inductor/kernel/conv.py
    (require_channels_last of the weight): without freezing, the copy is part of the compiled
    graph. A window of one element, or one input channel, is the same in both orders.
    """

    def ordered(position: int, op: Op) -> Iterable[Op]:
        del position
        if op.family != "conv" or len(op.args) < 2 or not flow.is_constant(op.args[1]):
            return [op]
        dims = [int(dim) for dim in flow.tensor(op.args[1]).dims or ()]
        if len(dims) != 4 or dims[1] == 1 or dims[2] * dims[3] == 1:
            return [op]
        weight = op.args[1]
        node = op.parts[0].node
        copied = f"{weight}{SYNTHETIC}{node}"
        return [
            Op("Contiguous", "Contiguous", "move", (Part(node, "copy", weight),), (weight,),
               (copied,), repeats=op.repeats),
            op.reading({weight: copied}),
        ]  # fmt: skip

    return flow.rewritten(ordered)
