"""Slices that are a split, and what ONNX Runtime's transpose optimiser does around them."""

from collections.abc import Iterable
from typing import Final

from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import SYNTHETIC, Op, Part

_STEPS: Final = 4
"""Input of Slice that holds its steps."""


def split(flow: Flow) -> Flow:
    """Slices and selections that together are all of one tensor, as one split."""
    by_source: dict[str, list[int]] = {}
    for position, op in enumerate(flow.ops):
        running = [name for name in op.inputs if not flow.is_constant(name)]
        if _takes_a_block(flow, op) and running == [op.args[0]]:
            by_source.setdefault(op.args[0], []).append(position)
    matches = []
    for source, positions in by_source.items():
        taken = sum(flow.size(flow.ops[i].outputs[0]) for i in positions)
        if len(positions) > 1 and taken == flow.size(source):
            matches.append(Match(tuple(positions), kind="Split", as_one=True, family="move"))
    return flow.contracted(matches)


def _takes_a_block(flow: Flow, op: Op) -> bool:
    """Whether an operation takes neighbouring indices along one dimension, or one index."""
    if op.kind == "Gather":
        return len(op.parts) == 1 and flow.size(op.args[1]) == 1
    if op.kind != "Slice" or len(op.parts) > 1:
        return False
    steps = flow.shaped.values.get(op.args[_STEPS]) if len(op.args) > _STEPS else None
    return steps is None or bool((steps.astype(int) == 1).all())


def split_transpose(flow: Flow) -> Flow:
    """A transpose before a split moves behind it, and into the transposes that are there already.

    Source: onnxruntime/core/optimizer/transpose_optimization (HandleSplit).
    """
    moved: dict[int, int] = {}
    for position, op in enumerate(flow.ops):
        turn = flow.producer(op.args[0]) if op.kind == "Split" else -1
        if turn >= 0 and flow.ops[turn].label == "Transpose" and _alone(flow, turn, position):
            moved[position] = turn
    before = set(moved.values())
    renamed: dict[int, dict[str, str]] = {}

    def rewritten(position: int, op: Op) -> Iterable[Op]:
        if position in before:
            return
        if position not in moved:
            yield op.reading(renamed.get(position, {}))
            return
        turn = flow.ops[moved[position]]
        plain = {name: f"{name}{SYNTHETIC}plain" for name in op.outputs}
        yield op.reading({op.args[0]: turn.args[0]}).writing(tuple(plain.values()))
        for name in op.outputs:
            user = flow.sole_user(name)
            if user >= 0 and flow.ops[user].label == "Transpose":
                renamed.setdefault(user, {})[name] = plain[name]
            else:
                part = Part(turn.parts[0].node, "copy", name)
                yield Op("Transpose", "Transpose", "move", (part,), (plain[name],), (name,),
                         repeats=op.repeats)  # fmt: skip

    return flow.rewritten(rewritten) if moved else flow


def _alone(flow: Flow, position: int, user: int) -> bool:
    return flow.sole_user(flow.ops[position].outputs[0]) == user
