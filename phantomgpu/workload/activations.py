"""Activations that exporters write out as arithmetic, found again by what flows into what.

All of them multiply ``x`` by a gate of ``x`` alone: GELU by ``(1 + erf(x/√2))/2``, its
approximation by a tanh of a polynomial, SiLU by a sigmoid, HardSwish by a clipped line, Mish by
the tanh of a softplus. The order of the factors and where the constants stand differ from
exporter to exporter and do not matter here.
"""

from collections.abc import Callable, Collection
from typing import Final

from phantomgpu.workload.flow import Flow, Match

_MOST_STEPS: Final = 8
"""Operations looked at on either side of the gate; the longest formula, tanh GELU, has five."""
_ARITHMETIC: Final = frozenset(
    {"Add", "Sub", "Mul", "Div", "Pow", "Exp", "Log", "Softplus", "Neg", "Clip", "Cast", "Relu",
     "Reciprocal", "Identity", "Min", "Max"}
)  # fmt: skip
_FACTORS: Final = frozenset({"Mul", "Div"})


def gelu(flow: Flow) -> Flow:
    """GELU, exact or approximated by tanh, as one operation."""
    return _gated(flow, {"Erf", "Tanh"}, lambda kinds: "" if _soft(kinds) else "Gelu")


def gelu_outer_half(flow: Flow) -> Flow:
    """GELU, but by erf only where its one half scales ``x`` or the result, not the gate.

    Source: onnxruntime/core/optimizer/gelu_fusion.cc, which knows these two ways to write it.
    """
    return _gated(
        flow,
        {"Erf", "Tanh"},
        lambda kinds: "" if _soft(kinds) else "Gelu",
        but_not=lambda seed: flow.ops[seed].kind == "Erf" and _halves_its_gate(flow, seed),
    )


def _halves_its_gate(flow: Flow, seed: int) -> bool:
    """Whether the sum behind a gate is multiplied by a constant before anything else."""
    add = flow.sole_user(flow.ops[seed].outputs[0])
    after = flow.sole_user(flow.ops[add].outputs[0]) if add >= 0 else -1
    return after >= 0 and any(is_scalar(flow, name) for name in flow.ops[after].inputs)


def silu(flow: Flow) -> Flow:
    """``x · sigmoid(x)``, and GELU's approximation by ``x · sigmoid(1.702 x)``."""
    return _gated(flow, {"Sigmoid"}, lambda kinds: "QuickGelu" if "Mul" in kinds else "Silu")


def hard_swish(flow: Flow) -> Flow:
    """``x · clip(x + 3, 0, 6) / 6``, also by way of HardSigmoid."""
    return _gated(flow, {"HardSigmoid", "Clip", "Min"}, lambda kinds: "HardSwish")


def mish(flow: Flow) -> Flow:
    """``x · tanh(softplus(x))``."""
    return _gated(flow, {"Tanh"}, lambda kinds: "Mish" if _soft(kinds) else "")


def _soft(kinds: Collection[str]) -> bool:
    return "Softplus" in kinds or "Log" in kinds


def _gated(
    flow: Flow,
    seeds: Collection[str],
    named: Callable[[list[str]], str],
    *,
    but_not: Callable[[int], bool] = lambda seed: False,
) -> Flow:
    """Contract every gate around one of ``seeds``; ``named`` gets the kinds inside the gate."""
    matches = []
    for position, op in enumerate(flow.ops):
        if op.kind in seeds and not but_not(position) and (members := _around(flow, position)):
            inside = [flow.ops[i].kind for i in members if i < position]
            name = named(inside)
            if name and (op.kind != "Clip" or "Add" in inside):
                matches.append(Match(tuple(members), kind=name, as_one=True, family="pointwise"))
    return flow.contracted(matches)


def _around(flow: Flow, seed: int) -> list[int]:
    """The operations of ``x · gate(x)`` around ``seed``; none where there is no such ``x``."""
    before: list[int] = []
    frontier = {name for name in flow.ops[seed].inputs if not is_scalar(flow, name)}
    for _ in range(_MOST_STEPS):
        if len(frontier) == 1:
            after = _multiplied(flow, seed, next(iter(frontier)))
            if after:
                return [*before, seed, *after]
        latest = max(frontier, key=flow.producer, default="")
        producer = flow.producer(latest) if latest else -1
        if producer < 0 or flow.ops[producer].kind not in _ARITHMETIC:
            return []
        before.append(producer)
        frontier.remove(latest)
        frontier |= {n for n in flow.ops[producer].inputs if not is_scalar(flow, n)}
    return []


def _multiplied(flow: Flow, seed: int, x: str) -> list[int]:
    """The operations from ``seed`` to where ``x`` is multiplied in and only constants remain."""
    members: list[int] = []
    reached = flow.ops[seed].outputs[0]
    times_x = False
    for _ in range(_MOST_STEPS):
        user = flow.sole_user(reached)
        if user < 0:
            break
        op = flow.ops[user]
        others = [name for name in op.args if name != reached]
        if op.kind in ("Add", "Sub", *_FACTORS) and len(others) == 1:
            other = others[0]
            scaled = _scaled(flow, other, x)
            if is_scalar(flow, other):
                if times_x and op.kind not in _FACTORS:
                    break
            elif op.kind == "Mul" and not times_x and (other == x or scaled >= 0):
                times_x = True
                members += [scaled] if scaled >= 0 else []
            else:
                break
        else:
            break
        members.append(user)
        reached = op.outputs[0]
        if times_x and _has_half(flow, seed, members):
            break
    return members if times_x else []


def _has_half(flow: Flow, seed: int, members: list[int]) -> bool:
    """Whether all constant factors behind the gate are inside: GELU needs its one half."""
    if flow.ops[seed].kind in ("Sigmoid", "HardSigmoid"):
        return True
    if flow.ops[seed].kind == "Tanh" and "Add" not in {flow.ops[i].kind for i in members}:
        return True
    return sum(
        flow.ops[i].kind in _FACTORS and any(is_scalar(flow, name) for name in flow.ops[i].inputs)
        for i in members
    ) > 0  # fmt: skip


def _scaled(flow: Flow, name: str, x: str) -> int:
    """Position of the operation that makes ``name`` as ``x`` times a constant, for this alone."""
    producer = flow.producer(name)
    if producer < 0 or flow.ops[producer].kind not in _FACTORS or flow.sole_user(name) < 0:
        return -1
    others = [n for n in flow.ops[producer].args if n != x]
    return producer if len(others) == 1 and is_scalar(flow, others[0]) else -1


def is_scalar(flow: Flow, name: str) -> bool:
    """A constant of one element."""
    return not name or (flow.is_constant(name) and flow.size(name) == 1)
