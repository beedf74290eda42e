"""Operations side by side that runtimes of language models launch as one.

They keep query, key and value as one weight, and gate and up likewise: ``x·[Wq Wk Wv]`` reads the
input once and fills the GPU better than three narrow products. One kernel rotates queries and keys.

Source: vLLM, model_executor/layers/linear.py (QKVParallelLinear, MergedColumnParallelLinear);
TensorRT-LLM, fuse_gate_mlp and the qkv weight of its checkpoints; TensorRT Developer Guide, "Layer
Fusion", on layers that share an input; vLLM, csrc/pos_encoding_kernels.cu.
"""

from typing import Final

from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import Op

_PRODUCTS: Final = frozenset({"MatMul", "ExpertMatMul"})
_ROUTERS: Final = frozenset({"Softmax", "TopK"})


def matmul_abreast(flow: Flow) -> Flow:
    """Products with weights that read one input and run equally often.

    A router's scores stay a product of their own, as runtimes keep them in fp32.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for position, op in enumerate(flow.ops):
        if _may_join(flow, op):
            depth = (flow.tensor(op.args[1]).dims or ())[:-1]
            others = tuple(name for name in op.args[2:] if name and not flow.is_constant(name))
            key = (op.kind, op.args[0], others, depth, op.repeats, len(op.parts))
            groups.setdefault(key, []).append(position)
    return flow.contracted(
        Match(tuple(members), anchor=members[0], abreast=True) for members in groups.values()
    )


def rotary_abreast(flow: Flow) -> Flow:
    """Rotations of the query and the key of one attention, by the same angles, as one kernel."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for position, op in enumerate(flow.ops):
        if op.kind == "RotaryEmbedding" and len(op.outputs) == 1:
            users = flow.users(op.outputs[0])
            attention = next((at for at in users if flow.ops[at].family == "attention"), -1)
            if attention >= 0:
                groups.setdefault((attention, *op.args[1:]), []).append(position)
    return flow.contracted(Match(tuple(members)) for members in groups.values())


def _may_join(flow: Flow, op: Op) -> bool:
    """Whether an operation is a product of something that runs and one weight."""
    if op.kind not in _PRODUCTS or op.family != "matmul" or len(op.outputs) != 1:
        return False
    if flow.is_constant(op.args[0]) or not flow.is_constant(op.args[1]):
        return False
    users = [flow.ops[user] for user in flow.users(op.outputs[0])]
    return not any(user.kind in _ROUTERS for user in users)
