"""Bytes rearranged, repeated or made up: no arithmetic worth the name."""

from phantomgpu.ops.call import Call
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand


def view(call: Call) -> Demand:
    """Reshape and friends: another name for the same bytes."""
    nothing = dict.fromkeys(range(max(len(call.node.inputs), len(call.node.outputs))), 0)
    return call.demand("view", reads=nothing, writes=nothing)


def copy(call: Call) -> Demand:
    """Transpose, Concat, Split, DepthToSpace: every element read once and written once."""
    return call.demand("move")


def of_data(call: Call) -> Demand:
    """Slice, Pad, Tile, Expand: the first input is data, the others say where and how much.

    No more is read than is there or goes out: Slice reads what it keeps, Expand reads its input
    once, Pad reads no padding.
    """
    reads = dict.fromkeys(range(len(call.node.inputs)), 0)
    made = sum(call.out_size(i) for i in range(len(call.node.outputs)))
    reads[0] = made
    return call.demand("move", reads=reads)


def made(*, vector: int = 0, special: int = 0) -> Rule:
    """Range, ConstantOfShape, windows and random numbers: written, not read."""

    def rule(call: Call) -> Demand:
        """So many operations for every element made."""
        nothing = dict.fromkeys(range(len(call.node.inputs)), 0)
        out = call.out_size()
        return call.demand("move", vector=vector * out, special=special * out, reads=nothing)

    return rule


def one_hot(call: Call) -> Demand:
    """A comparison for every place of the output."""
    return call.demand("move", vector=call.out_size(), reads={1: 0})


def resize(call: Call) -> Demand:
    """Resize ``[*, *space]``: for each axis that changes, a mix of 2 neighbours, or of 4 if cubic.

    ``nearest`` reads one element for each output, the others that many in each changed axis (at
    most the whole input), and spends one product and one addition on each.
    """
    dims, out = call.dims(0), call.out_dims(0)
    mode = call.text("mode", "nearest")
    changed = sum(a != b for a, b in zip(dims, out, strict=False))
    taps = {"linear": 2, "bilinear": 2, "cubic": 4}.get(mode, 1) ** changed
    made = call.out_size()
    reads = dict.fromkeys(range(1, len(call.node.inputs)), 0)
    reads[0] = made * taps
    return call.demand("move", vector=2 * taps * made if taps > 1 else 0, reads=reads)


def columns_to_image(call: Call) -> Demand:
    """Col2Im: every column element added into its place."""
    return call.demand("move", vector=call.size(0), reads={1: 0, 2: 0})
