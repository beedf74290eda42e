"""Pointwise operators: every output element from the elements at its place.

FLOPs are those of the formula as the operator's documentation writes it: one vector operation
for each addition, multiplication, comparison, selection, rounding or bit operation, one special
operation for each exponential, logarithm, root, division, power, error or trigonometric function.
"""

from phantomgpu.ops.call import Call
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand


def each(*, vector: int = 0, special: int = 0) -> Rule:
    """So many operations for every output element."""

    def rule(call: Call) -> Demand:
        """All inputs read at their own size: what is broadcast is read once."""
        out = call.out_size()
        return call.demand("pointwise", vector=vector * out, special=special * out)

    return rule


def of_many(call: Call) -> Demand:
    """Max, Min, Mean, Sum of any number of inputs: one operation for every further input."""
    further = max(len(call.node.inputs) - 1, 1)
    return call.demand("pointwise", vector=further * call.out_size())


def like(*, vector: int = 0, special: int = 0) -> Rule:
    """An output made in the image of the inputs, of which only the shape or type is looked at."""

    def rule(call: Call) -> Demand:
        """Nothing read."""
        out = call.out_size()
        nothing = dict.fromkeys(range(len(call.node.inputs)), 0)
        return call.demand("pointwise", vector=vector * out, special=special * out, reads=nothing)

    return rule


def cast(call: Call) -> Demand:
    """Convert every element: one operation; CastLike's second input only lends its type."""
    return call.demand("pointwise", vector=call.out_size(), reads={1: 0})


def dropout(call: Call) -> Demand:
    """Nothing at inference; in training mode a random number, a comparison and a product each."""
    training = call.has(2) and not _known_false(call, 2)
    if not training:
        nothing = dict.fromkeys(range(len(call.node.inputs)), 0)
        return call.demand("view", reads=nothing, writes={0: 0, 1: 0})
    return call.demand("pointwise", vector=10 * call.out_size(), reads={1: 0, 2: 0})


def rotary(call: Call) -> Demand:
    """Rotary embedding of ``x``: two products and an addition for every element.

    Reads one row of the cosine and sine tables (inputs found by their rank of 2) for every token,
    at most the whole table.
    """
    out = call.out_size()
    tables = {
        i: min(call.size(i), out)
        for i in range(1, len(call.node.inputs))
        if call.has(i)
    }  # fmt: skip
    return call.demand("pointwise", vector=3 * out, reads=tables)


def _known_false(call: Call, position: int) -> bool:
    value = call.shaped.values.get(call.node.inputs[position])
    return value is None or not value.any()
