"""Normalisations and softmax that exporters write out, found again by what flows into what.

LayerNorm is ``(x - mean) / sqrt(mean((x - mean)²) + ε) · w + b``; RMSNorm leaves the mean out.
Where the reciprocal is taken, whether the square is a product or a power, and whether the scale
is applied to ``x`` or to the root differ from exporter to exporter.
"""

from typing import Final

from phantomgpu.workload.activations import is_scalar
from phantomgpu.workload.flow import Flow, Match

_MEANS: Final = frozenset({"ReduceMean", "ReduceSum", "ReduceSumSquare", "GlobalAveragePool"})
_ROOTS: Final = frozenset({"Sqrt", "Rsqrt", "Pow"})
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


def _normalised(flow: Flow, root: int) -> list[int]:
    """The operations of the normalisation whose root is taken at ``root``."""
    variance, before = _back_to_mean(flow, root)
    if variance < 0:
        return []
    squared = flow.ops[variance].args[0]
    centred, square = squared, -1
    if flow.ops[variance].kind != "ReduceSumSquare":
        square = flow.producer(squared)
        if square < 0 or not _is_square(flow, square):
            return []
        centred = flow.ops[square].args[0]
        before.append(square)
    sources = {centred}
    x = centred
    subtract = flow.producer(centred)
    if subtract >= 0 and flow.ops[subtract].kind == "Sub":
        x, mean = flow.ops[subtract].args[:2]
        average = flow.producer(mean)
        if average >= 0 and flow.ops[average].kind in _MEANS and flow.ops[average].args[0] == x:
            before += _twins(flow, x, mean)
            before.append(average)
            sources |= {flow.ops[i].outputs[0] for i in before}
            sources.add(x)
        else:
            x = centred
    elif subtract >= 0 and flow.ops[subtract].kind == "Cast":
        before.append(subtract) if flow.sole_user(centred) >= 0 else None
        sources |= set(flow.ops[subtract].inputs)
    after = _applied(flow, root, before, sources)
    return [*before, root, *after] if after else []


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


def _twins(flow: Flow, x: str, mean: str) -> list[int]:
    """Every subtraction of ``mean`` from ``x``: some exporters write it twice."""
    return [
        user
        for user in flow.users(mean)
        if flow.ops[user].kind == "Sub" and flow.ops[user].args[:2] == (x, mean)
    ]


def _applied(flow: Flow, root: int, before: list[int], sources: set[str]) -> list[int]:
    """From the root to where the result is scaled and shifted by weights."""
    members: list[int] = []
    inside = {name for i in [*before, root] for name in flow.ops[i].outputs}
    normal: set[str] = set()
    queue = [user for name in flow.ops[root].outputs for user in flow.users(name)]
    scaled = shifted = False
    for _ in range(_MOST_STEPS):
        if not queue:
            break
        user = min(queue)
        queue.remove(user)
        op = flow.ops[user]
        if user in members or op.kind not in (
            "Mul", "Div", "Add", "Sub", "Reciprocal", "Cast", "Identity", "Neg", "Max",
        ):  # fmt: skip
            continue
        others = [name for name in op.inputs if name not in inside]
        weights = [name for name in others if flow.is_constant(name)]
        foreign = [name for name in others if name not in weights and name not in sources]
        if foreign or (op.kind in ("Add", "Sub") and set(others) & sources - inside):
            continue
        of_result = not normal.isdisjoint(op.inputs)
        if of_result and weights:
            if op.kind in ("Mul", "Div") and not scaled and not shifted:
                scaled = True
            elif op.kind in ("Add", "Sub") and not shifted:
                shifted = True
            else:
                continue
        elif of_result and op.kind != "Cast" and not others and len(op.inputs) == 1:
            continue
        members.append(user)
        inside.update(op.outputs)
        if of_result or not sources.isdisjoint(op.inputs):
            normal.update(op.outputs)
        if any(n in flow.wanted for n in op.outputs) or len(flow.users(op.outputs[0])) > 1:
            queue += [u for u in flow.users(op.outputs[0]) if not shifted and not of_result]
        else:
            queue += list(flow.users(op.outputs[0]))
    return members if normal else []


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
