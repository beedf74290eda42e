"""Pointwise operators: every output element from the elements at its place.

FLOPs are those of the formula as the operator's documentation writes it: one vector operation
for each addition, multiplication, comparison, selection, rounding or bit operation, one special
operation for each exponential, logarithm, root, division, power, error or trigonometric function.
"""

from phantomgpu.ops.call import Call
from phantomgpu.ops.move import view
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand

RANDOM_VECTOR = 25
"""Integer operations for a random number: Philox 4x32-10 makes four with 10 rounds of 10 (Salmon
et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011)."""


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


def cast(call: Call) -> Demand:
    """Convert every element: one operation; CastLike's second input only lends its type."""
    return call.demand("pointwise", vector=call.out_size(), reads={1: 0})


def dropout(call: Call) -> Demand:
    """Nothing at inference; in training mode a random number, a comparison and a product each."""
    training = call.has(2) and not _known_false(call, 2)
    if not training:
        return view(call)
    return call.demand(
        "pointwise", vector=(RANDOM_VECTOR + 2) * call.out_size(), reads={1: 0, 2: 0}
    )


def power(call: Call) -> Demand:
    """Pow: a square or cube by a known exponent is products, any other a special operation."""
    out = call.out_size()
    value = call.shaped.values.get(call.node.inputs[1]) if call.has(1) else None
    if value is not None and value.size == 1 and value.item() in (2, 3):
        return call.demand("pointwise", vector=(int(value.item()) - 1) * out)
    return call.demand("pointwise", special=out)


def quotient(call: Call) -> Demand:
    """Div: by one known number a product with its reciprocal, by anything else a special operation.

    Source: PyTorch, aten/src/ATen/native/cuda/BinaryDivTrueKernel.cu, on a scalar divisor.
    """
    out = call.out_size()
    value = call.shaped.values.get(call.node.inputs[1]) if call.has(1) else None
    if value is not None and value.size == 1:
        return call.demand("pointwise", vector=out)
    return call.demand("pointwise", special=out)


def rotary(call: Call) -> Demand:
    """Rotary embedding of ``x``: two products and an addition for every element.

    Reads the rows of the cosine and sine tables that its tokens take, at most the whole table.
    """
    out = call.out_size()
    others = range(1, len(call.node.inputs))
    return call.demand("pointwise", vector=3 * out, reads=dict.fromkeys(others, out))


def affine_grid(call: Call) -> Demand:
    """AffineGrid: every place times a small matrix, ``2·(axes + 1)`` operations a coordinate."""
    columns = call.dims(0, rank=1)[-1]
    return call.demand("pointwise", vector=2 * columns * call.out_size(), reads={1: 0})


def _known_false(call: Call, position: int) -> bool:
    """Whether a flag is off, as far as is known: graphs for inference come without it."""
    value = call.shaped.values.get(call.node.inputs[position])
    return value is None or not value.any()
