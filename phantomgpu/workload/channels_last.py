"""What PyTorch does with tensors in the channels-last memory format beside its convolutions."""

from collections.abc import Iterable

from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import SYNTHETIC, Op, Part


def group_norm_contiguous(flow: Flow) -> Flow:
    """Group normalisation takes and gives channels-first tensors: a copy before, a copy after.

    Where weights of convolutions are worked out in the run, they are channels-first and make the
    whole model so: then there is nothing to copy.

    Source: aten/src/ATen/native/group_norm.cpp (native_group_norm: ``X.contiguous()`` on CUDA);
    aten/src/ATen/native/ConvUtils.h (cudnn_conv_suggest_memory_format: channels-last where input
    or weight is).
    """
    if any(op.family == "conv" and not flow.is_constant(op.args[1]) for op in flow.ops):
        return flow

    def between_copies(position: int, op: Op) -> Iterable[Op]:
        if op.kind != "GroupNormalization" or not op.args:
            return [op]
        node, source, result = op.parts[0].node, op.args[0], op.outputs[0]
        copied, first = f"{source}{SYNTHETIC}first{position}", f"{result}{SYNTHETIC}first"
        last = op.parts[-1].node
        return [
            _copy(op, node, source, copied),
            op.reading({source: copied}).writing((first, *op.outputs[1:])),
            _copy(op, last, first, result),
        ]

    return flow.rewritten(between_copies)


def _copy(op: Op, node: int, source: str, result: str) -> Op:
    part = Part(node, "copy", source)
    return Op("Contiguous", "Contiguous", "move", (part,), (source,), (result,),
              repeats=op.repeats)  # fmt: skip
