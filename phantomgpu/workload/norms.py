"""Normalisations and softmax that exporters write out, found again by what flows into what.

LayerNorm is ``(x - mean) / sqrt(mean((x - mean)²) + ε) · w + b``; RMSNorm leaves the mean out.
Where the reciprocal is taken, whether the square is a product or a power, and whether the scale
is applied to ``x`` or to the root differ from exporter to exporter.
"""

from dataclasses import dataclass, field
from typing import Final

from phantomgpu.workload.activations import is_scalar
from phantomgpu.workload.flow import Flow, Match
from phantomgpu.workload.operation import Op

_MEANS: Final = frozenset({"ReduceMean", "ReduceSum", "ReduceSumSquare", "GlobalAveragePool"})
_ROOTS: Final = frozenset({"Sqrt", "Rsqrt", "Pow"})
_STEPS: Final = frozenset(
    {"Mul", "Div", "Add", "Sub", "Reciprocal", "Cast", "Identity", "Neg", "Max"}
)
_MOST_STEPS: Final = 10


def layer_norm(flow: Flow) -> Flow:
    """LayerNorm and RMSNorm as one operation each."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind in _ROOTS and (members := _normalised(flow, position)):
            has_mean = sum(flow.ops[i].kind in _MEANS for i in members) > 1
            anchor = next(i for i in members if flow.ops[i].kind in _MEANS)
            matches.append(
                Match(
                    tuple(members),
                    kind="LayerNormalization" if has_mean else "RMSNormalization",
                    as_one=True,
                    anchor=anchor,
                    family="norm",
                )
            )
    return flow.contracted(matches)


@dataclass(slots=True)
class _Norm:
    """A normalisation while it is put together.

    Attributes:
        members: Positions of its operations so far.
        sources: What is normalised, and what was subtracted from or cast on the way.
        inside: What its operations make.
        normal: Those of ``inside`` that are the normalised values, scaled and shifted or not.
        scaled, shifted: By weights, already.
    """

    members: list[int]
    sources: set[str]
    inside: set[str] = field(default_factory=set)
    normal: set[str] = field(default_factory=set)
    scaled: bool = False
    shifted: bool = False


def _normalised(flow: Flow, root: int) -> list[int]:
    """The operations of the normalisation whose root is taken at ``root``."""
    variance, before = _back_to_mean(flow, root)
    if variance < 0:
        return []
    centred = flow.ops[variance].args[0]
    if flow.ops[variance].kind != "ReduceSumSquare":
        square = flow.producer(centred)
        if square < 0 or not _is_square(flow, square):
            return []
        centred = flow.ops[square].args[0]
        before.append(square)
    norm = _Norm([*before, root], {centred})
    _centre(flow, centred, norm)
    norm.inside = {name for i in norm.members for name in flow.ops[i].outputs}
    _apply(flow, root, norm)
    return norm.members if norm.normal else []


def _back_to_mean(flow: Flow, root: int) -> tuple[int, list[int]]:
    """The reduction under the root, and what stands between the two."""
    members: list[int] = []
    name = flow.ops[root].args[0]
    for _ in range(3):
        producer = flow.producer(name)
        if producer < 0:
            break
        op = flow.ops[producer]
        running = [n for n in op.inputs if not is_scalar(flow, n)]
        if op.kind in _MEANS:
            return producer, [*members, producer]
        if op.kind not in ("Add", "Max", "Clip", "Cast", "Mul", "Div") or len(running) != 1:
            break
        members.append(producer)
        name = running[0]
    return -1, []


def _is_square(flow: Flow, position: int) -> bool:
    op = flow.ops[position]
    if op.kind == "Mul":
        return len(op.args) == 2 and op.args[0] == op.args[1]
    return op.kind == "Pow" and is_scalar(flow, op.args[1])


def _centre(flow: Flow, centred: str, norm: _Norm) -> None:
    """Take in the subtraction of the mean, or the cast, that made what is squared."""
    maker = flow.producer(centred)
    if maker < 0:
        return
    op = flow.ops[maker]
    if op.kind == "Cast":
        norm.sources.update(op.inputs)
        if flow.sole_user(centred) >= 0:
            norm.members.append(maker)
    if op.kind != "Sub":
        return
    x, mean = op.args[:2]
    average = flow.producer(mean)
    if average >= 0 and flow.ops[average].kind in _MEANS and flow.ops[average].args[0] == x:
        twins = [i for i in flow.users(mean) if flow.ops[i].args[:2] == op.args[:2]]
        differences = [i for i in twins if flow.ops[i].kind == "Sub"]  # some exporters write two
        norm.members += [*differences, average]
        norm.sources |= {x, mean, *(flow.ops[i].outputs[0] for i in differences)}


def _apply(flow: Flow, root: int, norm: _Norm) -> None:
    """Take in everything from the root to where the result is scaled and shifted by weights."""
    queue = [user for name in flow.ops[root].outputs for user in flow.users(name)]
    for _ in range(_MOST_STEPS):
        if not queue:
            return
        user = min(queue)
        queue.remove(user)
        op = flow.ops[user]
        if user in norm.members or not _joins(flow, op, norm):
            continue
        is_result = not norm.normal.isdisjoint(op.inputs)
        if is_result or not norm.sources.isdisjoint(op.inputs):
            norm.normal.update(op.outputs)
        norm.members.append(user)
        norm.inside.update(op.outputs)
        users = flow.users(op.outputs[0])
        if not (is_result and (len(users) > 1 or not norm.normal.isdisjoint(flow.wanted))):
            queue += users


def _joins(flow: Flow, op: Op, norm: _Norm) -> bool:
    """Whether an operation behind the root still belongs to the normalisation."""
    others = [name for name in op.inputs if name not in norm.inside]
    weights = [name for name in others if flow.is_constant(name)]
    if op.kind not in _STEPS or any(n not in weights and n not in norm.sources for n in others):
        return False
    if op.kind in ("Add", "Sub") and any(name in norm.sources for name in others):
        return False
    if norm.normal.isdisjoint(op.inputs):
        return True
    if not weights:
        return op.kind == "Cast" or len(op.inputs) > 1
    if norm.shifted or (norm.scaled and op.kind in ("Mul", "Div")):
        return False
    norm.scaled |= op.kind in ("Mul", "Div")
    norm.shifted |= op.kind in ("Add", "Sub")
    return True


def group_norm(flow: Flow) -> Flow:
    """GroupNorm, written as InstanceNormalization of reshaped groups, then scale and shift."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind != "InstanceNormalization":
            continue
        members = [position]
        for kind in ("Mul", "Add"):
            user = flow.sole_user(flow.ops[members[-1]].outputs[0])
            if user < 0 or flow.ops[user].kind != kind:
                break
            if not any(flow.is_constant(name) for name in flow.ops[user].inputs):
                break
            members.append(user)
        if len(members) > 1:
            matches.append(
                Match(tuple(members), kind="GroupNormalization", as_one=True, family="norm")
            )
    return flow.contracted(matches)


def softmax(flow: Flow) -> Flow:
    """``exp(x - max x) / sum``, with or without the maximum, as one operation."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind != "Exp":
            continue
        users = flow.users(op.outputs[0])
        sums = [u for u in users if flow.ops[u].kind == "ReduceSum"]
        shares = [u for u in users if flow.ops[u].kind in ("Div", "Mul")]
        if len(sums) != 1 or len(shares) != 1 or len(users) != 2:
            continue
        total = flow.sole_user(flow.ops[sums[0]].outputs[0])
        between = []
        if total >= 0 and flow.ops[total].kind == "Reciprocal":
            between = [total]
            total = flow.sole_user(flow.ops[total].outputs[0])
        if total != shares[0]:
            continue
        members = [*_less_maximum(flow, op.args[0]), position, *sums, *between, *shares]
        matches.append(
            Match(tuple(members), kind="Softmax", as_one=True, anchor=sums[0], family="norm")
        )
    return flow.contracted(matches)


def _less_maximum(flow: Flow, name: str) -> list[int]:
    """The subtraction of the maximum before the exponential."""
    subtract = flow.producer(name)
    if subtract < 0 or flow.ops[subtract].kind != "Sub" or flow.sole_user(name) < 0:
        return []
    x, most = flow.ops[subtract].args[:2]
    maximum = flow.producer(most)
    if maximum < 0 or flow.ops[maximum].kind != "ReduceMax" or flow.ops[maximum].args[0] != x:
        return []
    return [maximum, subtract]
