"""Convolutions and matrix products that do what follows them before they write."""

from typing import Final

from phantomgpu.workload.flow import Flow, Match

ACTIVATIONS: Final = frozenset(
    {"Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Elu", "PRelu",
     "Selu", "Softplus", "ThresholdedRelu"}
)  # fmt: skip


def conv_activation(flow: Flow) -> Flow:
    """Convolution, then an activation nobody else needs the input of."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family == "conv" and len(op.outputs) == 1:
            user = flow.sole_user(op.outputs[0])
            if user >= 0 and flow.ops[user].kind in ACTIVATIONS:
                matches.append(Match((position, user)))
    return flow.contracted(matches)


def conv_add_activation(flow: Flow) -> Flow:
    """Convolution, then the addition of a tensor of the same size, then perhaps an activation."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.family != "conv" or len(op.outputs) != 1:
            continue
        add = flow.sole_user(op.outputs[0])
        if add < 0 or flow.ops[add].kind not in ("Add", "Sum"):
            continue
        members = [position, add]
        after = flow.sole_user(flow.ops[add].outputs[0])
        if after >= 0 and flow.ops[after].kind in ACTIVATIONS:
            members.append(after)
        matches.append(Match(tuple(members)))
    return flow.contracted(matches)
