"""Recurrent layers: every step needs the one before."""

from phantomgpu.ops.call import Call
from phantomgpu.ops.matmul import operand_dtype
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel


def layer(*, gates: int, vector: int, special: int, dtype: str | None = None) -> Rule:
    """LSTM (4 gates), GRU (3), RNN (1): ``X [steps, batch, in]``, ``R [dirs, gates·h, h]``.

    ``2·dirs·steps·batch·gates·h·(in + h)`` FLOPs. As ``dirs`` chains of ``steps`` products of
    ``batch`` rows by ``in + h`` by ``gates·h``. ``vector`` and ``special`` are what a hidden
    element costs after the products at each step, with the default activations; ``dtype`` is the
    type of the products where it is not that of the operands.
    """

    def rule(call: Call) -> Demand:
        """Attribute ``layout`` 1 puts the batch first."""
        x, recurrence = call.dims(0, rank=3), call.dims(2, rank=3)
        steps, batch = (x[1], x[0]) if call.integer("layout") else (x[0], x[1])
        hidden = min(recurrence[1:])
        directions = recurrence[0]
        shape = Parallel(m=batch, n=gates * hidden, k=x[2] + hidden, batch=directions, steps=steps)
        elements = directions * steps * batch * hidden
        biased = 2 * gates if call.has(3) else 0
        return call.demand(
            "recurrent",
            shape,
            matrix=2 * directions * steps * batch * shape.n * shape.k,
            vector=elements * (vector + biased),
            special=elements * special,
            matrix_dtype=operand_dtype(call.dtype(0), call.dtype(1)) if dtype is None else dtype,
        )

    return rule
