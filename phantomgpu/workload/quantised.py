"""Quantise and dequantise pairs around an operator: arithmetic in the narrow type.

``Q → DQ → Conv → Relu → Q`` in a graph means a convolution of int8 by int8 that writes int8. Each
reader of a dequantised tensor reads the narrow one, so the dequantisation is done once for each.

Source: ONNX Runtime, "Quantize ONNX Models", QDQ format; TensorRT Developer Guide, "Explicit
Quantization".
"""

from collections.abc import Iterable
from typing import Final

from phantomgpu.workload.epilogues import ACTIVATIONS, GATED
from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import SYNTHETIC, Op

_DEQUANTISE: Final = frozenset({"DequantizeLinear"})
_QUANTISE: Final = frozenset({"QuantizeLinear"})
_PRODUCTS: Final = frozenset({"conv", "matmul"})
_FOLLOW: Final = ACTIVATIONS | GATED | {"Add", "Sum"}


def quantised(flow: Flow) -> Flow:
    """Every operator between dequantised inputs and a quantised output, as one operation."""
    flow = _each_its_own(flow)
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind in _DEQUANTISE or op.kind in _QUANTISE:
            continue
        before = [flow.producer(name) for name in op.inputs]
        narrow = [i for i in before if i >= 0 and flow.ops[i].kind in _DEQUANTISE]
        running = [name for name in op.inputs if not flow.is_constant(name)]
        if not narrow or len(narrow) < len(running):
            continue
        after = _to_quantise(flow, position)
        if after or op.family in _PRODUCTS:
            dtype = flow.tensor(flow.ops[narrow[0]].args[0]).dtype
            matches.append(
                Match(
                    (*narrow, position, *after),
                    anchor=position,
                    quantised=dtype if op.family in _PRODUCTS else "",
                )
            )
    return flow.contracted(matches)


def _to_quantise(flow: Flow, position: int) -> list[int]:
    """What follows an operator up to where its result is quantised; none where it is not."""
    members: list[int] = []
    for _ in range(4):
        outputs = flow.ops[members[-1] if members else position].outputs
        user = flow.sole_user(outputs[0]) if len(outputs) == 1 else -1
        if user < 0:
            return []
        op = flow.ops[user]
        running = [name for name in op.inputs if not flow.is_constant(name)]
        if op.kind in _QUANTISE:
            return [*members, user]
        if op.kind not in _FOLLOW or len(running) > 1:
            return []
        members.append(user)
    return []


def _each_its_own(flow: Flow) -> Flow:
    """The flow in which every reader of a dequantised tensor has a dequantisation of its own."""
    renamed: dict[tuple[int, str], str] = {}
    copies: dict[int, list[str]] = {}
    for position, op in enumerate(flow.ops):
        if op.kind in _DEQUANTISE and len(op.outputs) == 1:
            name = op.outputs[0]
            for number, user in enumerate(flow.users(name)[1:], start=1):
                renamed[user, name] = f"{name}{SYNTHETIC}{number}"
                copies.setdefault(position, []).append(renamed[user, name])

    def own(position: int, op: Op) -> Iterable[Op]:
        yield op.reading({name: new for (user, name), new in renamed.items() if user == position})
        for name in copies.get(position, ()):
            yield op.writing((name,))

    return flow.rewritten(own) if renamed else flow
