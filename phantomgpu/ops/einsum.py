"""Einsum, read as the matrix product it is."""

from itertools import count
from math import prod

from phantomgpu.ops.call import Call
from phantomgpu.ops.matmul import product_demand
from phantomgpu.ops.work import Demand, Parallel

Labels = list[str]


def einsum(call: Call) -> Demand:
    """Two operands: labels of both and the result are the batch, of one and the result M or N.

    Labels of both but not of the result are K: ``2·batch·m·n·k`` FLOPs. Without K it is a
    pointwise product. Labels of one operand alone are summed first. Further operands are taken in
    from the left, as torch does. A single operand is transposed, or reduced.
    """
    operands, result = parse(call)
    sizes = _sizes(call, operands)
    if len(operands) == 1:
        return _single(call, sizes, operands[0], result)
    shapes: list[Parallel] = []
    left = operands[0]
    summed = 0
    for position, right in enumerate(operands[1:], start=2):
        later = {label for labels in operands[position:] for label in labels} | set(result)
        shape, alone, left = contract(left, right, later, sizes)
        shapes.append(shape)
        summed += alone
    largest = max(shapes, key=lambda s: s.batch * s.m * s.n * s.k)
    if all(shape.k == 1 for shape in shapes):
        products = sum(s.batch * s.m * s.n for s in shapes)
        return call.demand("pointwise", vector=products + summed)
    done = product_demand(call, largest)
    total = 2 * sum(s.batch * s.m * s.n * s.k for s in shapes)
    on_matrix = done.matrix_flops > 0
    return call.demand(
        "matmul",
        largest,
        matrix=total if on_matrix else 0,
        vector=summed + (0 if on_matrix else total),
        matrix_dtype=done.matrix_dtype,
    )


def contract(
    left: Labels, right: Labels, later: set[str], sizes: dict[str, int]
) -> tuple[Parallel, int, Labels]:
    """One product of two operands whose labels in ``later`` must survive.

    Returns:
        The product; how many elements are summed before it because their label is of one operand
        alone; the labels of the result.
    """
    in_left, in_right = set(left), set(right)
    both = in_left & in_right

    def extent(labels: set[str]) -> int:
        return prod(sizes[label] for label in labels)

    shape = Parallel(
        m=extent((in_left - in_right) & later),
        n=extent((in_right - in_left) & later),
        k=extent(both - later),
        batch=extent(both & later),
    )
    summed = sum(
        extent(mine) for mine, other in ((in_left, in_right), (in_right, in_left))
        if mine - other - later
    )  # fmt: skip
    kept = list(dict.fromkeys(label for label in [*left, *right] if label in later))
    return shape, summed, kept


def parse(call: Call) -> tuple[list[Labels], Labels]:
    """Labels of each operand and of the result; an ellipsis becomes labels ``"...0"`` and so on.

    An equation without an arrow gives the labels that occur once, in alphabetical order.
    """
    equation = call.text("equation").replace(" ", "")
    sides, arrow, result = equation.partition("->")
    terms = sides.split(",")
    if len(terms) != len(call.node.inputs):
        raise call.misfit(f"'{equation}' does not have one term for each input")
    operands = [_labels(call, i, term) for i, term in enumerate(terms)]
    dots = sorted({x for labels in operands for x in labels if len(x) > 1}, key=_dot, reverse=True)
    if arrow:
        return operands, _spread(result, dots)
    written = [label for labels in operands for label in labels if len(label) == 1]
    once = sorted(label for label in set(written) if written.count(label) == 1)
    return operands, [*dots, *once]


def _labels(call: Call, position: int, term: str) -> Labels:
    rank = len(call.dims(position))
    missing = rank - len(term.replace("...", ""))
    if missing < 0 or ("..." not in term and missing):
        raise call.misfit(f"'{term}' does not label the {rank} axes of input {position}")
    dots = [f"...{i}" for i in range(missing)][::-1]
    return _spread(term, dots)


def _spread(term: str, dots: Labels) -> Labels:
    before, dotted, after = term.partition("...")
    return [*before, *(dots if dotted else []), *after]


def _dot(label: str) -> int:
    return int(label[3:])


def _sizes(call: Call, operands: list[Labels]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for position, labels in zip(count(), operands, strict=False):
        for label, size in zip(labels, call.dims(position), strict=True):
            sizes[label] = max(size, sizes.get(label, size)) if size != 0 else 0
    return sizes


def _single(call: Call, sizes: dict[str, int], labels: Labels, result: Labels) -> Demand:
    made = prod(sizes.get(label, 1) for label in result)
    taken = prod(sizes[label] for label in set(labels))
    if taken <= made:
        return call.demand("move", reads={0: taken})
    shape = Parallel(m=made, n=taken // made if made else 0)
    return call.demand("reduce", shape, vector=taken, reads={0: taken})
