"""The operations of a flow as numbers: one column for each, before any precision.

Bytes are kept as elements by width class (``precision.py``), so that a
precision is one product with its widths, and a batch one interpolation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.ops import Demand, Parallel
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.operation import SYNTHETIC, Op, Part
from phantomgpu.workload.precision import CLASSES, FOLLOWS, VECTOR_FP16, peak_code
from phantomgpu.workload.storage import Storage
from phantomgpu.workload.workload import FAMILIES, FloatArray

FLOPS: Final = ("matrix_flops", "vector_flops", "special_flops")
SHAPE: Final = tuple(field.name for field in fields(Parallel))
READ: Final = len(FLOPS) + len(SHAPE)
"""First row of the elements read, by class; then those of them that are weights; then written."""
READ_WEIGHT: Final = READ + CLASSES
WRITE: Final = READ + 2 * CLASSES
ROWS: Final = READ + 3 * CLASSES

_MATRIX: Final = frozenset({"matmul", "conv", "attention", "recurrent"})


@dataclass(frozen=True, slots=True)
class Traits:
    """What neither batch nor precision changes, one of each per operation. Each [op].

    Attributes:
        family: Index into ``FAMILIES``.
        own_peak: Index into ``PEAKS``, or ``FOLLOWS`` or ``VECTOR_FP16``.
        element_class: Width class of the main operand.
        element_size: Bytes of one element of it where the class is fixed.
        repeats: Trip count.
    """

    family: NDArray[np.int64]
    own_peak: NDArray[np.int64]
    element_class: NDArray[np.int64]
    element_size: FloatArray
    repeats: FloatArray


def numbers(
    ops: Sequence[Op], flow: Flow, demands: Sequence[Demand | None], storage: Storage
) -> FloatArray:
    """FLOPs, parallel shape and elements of each of ``ops``, [row, op]."""
    table = np.zeros((ROWS, len(ops)))
    for column, op in enumerate(ops):
        table[:READ, column] = _work(op, demands, storage)
        read, written = _traffic(op, flow, demands, storage)
        for name in op.inputs:
            kind, count = storage.counted(name, read.get(storage.base(name)))
            table[READ + kind, column] += count
            if flow.is_weight(name):
                table[READ_WEIGHT + kind, column] += count
        for name in op.outputs:
            kind, count = storage.counted(name, written.get(storage.base(name)))
            table[WRITE + kind, column] += count
    return table


def _work(op: Op, demands: Sequence[Demand | None], storage: Storage) -> list[float]:
    """FLOPs of all parts and the parallel shape of the anchor, in the order of the rows."""
    done = [_flops(part, demands, storage) for part in op.parts]
    totals = [float(sum(column)) for column in zip(*done, strict=True)]
    part = op.parts[op.anchor]
    needed = demands[part.node]
    if needed is None or part.role in ("bias", "copy"):
        name = op.outputs[0] if op.outputs else op.inputs[0]
        shape = Parallel(m=storage.elements(name))
    else:
        shape = needed.parallel
    row = [float(getattr(shape, name)) for name in SHAPE]
    if op.abreast:
        row[SHAPE.index("n")] = float(_columns(op, demands))
    if op.kv_groups:
        row[SHAPE.index("kv_groups")] = float(op.kv_groups)
    return totals + row


def _columns(op: Op, demands: Sequence[Demand | None]) -> int:
    """Columns of all products of an operation that does several of them at once."""
    done = [demands[part.node] for part in op.parts if part.role in ("whole", "unbiased")]
    return sum(one.parallel.n for one in done if one is not None and one.family == "matmul")


def _flops(part: Part, demands: Sequence[Demand | None], storage: Storage) -> tuple[int, int, int]:
    needed = demands[part.node]
    if needed is None or part.role == "copy":
        return 0, 0, 0
    bias = needed.written[0] if part.role in ("bias", "unbiased") else 0
    if part.role == "bias":
        return 0, bias, 0
    return needed.matrix_flops, max(needed.vector_flops - bias, 0), needed.special_flops


def _traffic(
    op: Op, flow: Flow, demands: Sequence[Demand | None], storage: Storage
) -> tuple[dict[str, int], dict[str, int]]:
    """Elements read and written of each buffer, as the parts say.

    A tensor is read once. Several views of one buffer are its different parts, together at most
    all of it.
    """
    read: dict[str, dict[str, int]] = {}
    written: dict[str, int] = {}
    for part in op.parts:
        needed = demands[part.node]
        node = flow.shaped.nodes[part.node]
        if part.role == "copy":
            counts = [(part.tensor, storage.elements(part.tensor))]
        elif needed is not None:
            counts = [*zip(node.inputs, needed.read, strict=False)]
            written |= dict(zip(node.outputs, needed.written, strict=False))
        else:
            continue
        for name, count in counts:
            views = read.setdefault(storage.base(name), {})
            seen = name.partition(SYNTHETIC)[0]  # a copy of a view inside the kernel is that view
            views[seen] = max(views.get(seen, 0), count)
    return {base: _seen(base, views, storage) for base, views in read.items()}, written


def _seen(base: str, views: dict[str, int], storage: Storage) -> int:
    """Elements of a buffer that are read through its views."""
    total = sum(views.values())
    return total if views.keys() == {base} else min(total, storage.elements(base))


def traits(flow: Flow, demands: Sequence[Demand | None], storage: Storage) -> Traits:
    """What stays when batch and precision change."""
    mains = [storage.counted(_main_operand(op, flow), 1) for op in flow.ops]
    return Traits(
        family=np.array([FAMILIES.index(op.family) for op in flow.ops], dtype=np.int64),
        own_peak=np.array([_own_peak(op, flow, demands) for op in flow.ops], dtype=np.int64),
        element_class=np.array([kind for kind, _ in mains], dtype=np.int64),
        element_size=np.array([size for _, size in mains]),
        repeats=np.array([float(op.repeats) for op in flow.ops]),
    )


def _main_operand(op: Op, flow: Flow) -> str:
    """The activation whose width the kernel is named for; its output where it reads none."""
    running = [name for name in op.inputs if not flow.is_weight(name)]
    return (running or list(op.outputs) or list(op.inputs))[0]


def _own_peak(op: Op, flow: Flow, demands: Sequence[Demand | None]) -> int:
    if op.family not in _MATRIX:
        return FOLLOWS
    needed = demands[op.parts[op.anchor].node]
    if op.quantised:
        return peak_code(op.quantised)
    if needed is not None and needed.matrix_dtype:
        return peak_code(needed.matrix_dtype)
    own = peak_code(flow.tensor(_main_operand(op, flow)).dtype)
    return VECTOR_FP16 if own == FOLLOWS and op.family == "attention" else own
