"""A workload whose cache or weights are stored in other widths than its precision says."""

from dataclasses import fields, replace
from typing import Final

import numpy as np

from phantomgpu.dtype import PRECISIONS
from phantomgpu.serving.launches import Columns, beside, with_launches
from phantomgpu.workload import FAMILIES, Kernels, Workload

_ATTENTION = FAMILIES.index("attention")
_PRODUCT = FAMILIES.index("matmul")
_NARROW = 0.75
"""Share of the full width below which weights are stored in fewer bits than they meet."""

_BYTES_AT_ONCE = 4.0


def with_vector_rows(workload: Workload, *, operations: float) -> Workload:
    """The same work with products of a single row on the ordinary units.

    They use each weight for one multiply-add. Weights narrower than the row they meet are
    multiplied as four bytes at once.

    Args:
        workload: Has products of a single row.
        operations: Of the ordinary units for one multiply-add in 16 bits: loading, widening and
            multiplying; for one of four bytes at once, 2.

    Source:
        llama.cpp, ggml/src/ggml-cuda: ``mmv.cu``; ``vecdotq.cuh``, which uses ``__dp4a``.
    """
    kernels = workload.kernels
    is_row = (kernels.family == _PRODUCT) & (kernels.m == 1.0)
    full_bytes = kernels.batch * kernels.n * kernels.k * kernels.element_bytes
    each = np.where(kernels.weight_bytes < _NARROW * full_bytes, 2.0 / _BYTES_AT_ONCE, operations)
    added = np.where(is_row, each * kernels.matrix_flops / 2.0, 0.0)
    matrix = np.where(is_row, 0.0, kernels.matrix_flops)
    return replace(
        workload,
        kernels=replace(kernels, matrix_flops=matrix, vector_flops=kernels.vector_flops + added),
    )


def with_cache(workload: Workload, *, element_bytes: float) -> Workload:
    """The same work with keys and values read in another width where there is a past.

    What attention reads beside its queries are keys and values. A step that reads each of them
    once walks through them in that width; products of a prompt stay as they are.

    Args:
        workload: Attention in it reads keys and values at the width of its queries.
        element_bytes: Of a cached element.
    """
    kernels = workload.kernels
    has_past = (kernels.family == _ATTENTION) & (kernels.n > kernels.m)
    queries = kernels.batch * kernels.m * kernels.k * kernels.element_bytes
    cached = np.maximum(kernels.read_bytes - queries, 0.0)
    share = np.where(has_past, element_bytes / kernels.element_bytes, 1.0)
    width = np.where(has_past & (kernels.m == 1.0), element_bytes, kernels.element_bytes)
    read = kernels.read_bytes - cached * (1.0 - share)
    return replace(workload, kernels=replace(kernels, read_bytes=read, element_bytes=width))


_HEAD: Final = "lm_head"
_HALF_BYTES: Final = 2.0
_QUANTISE_FLOPS: Final = 3.0
"""Of an element: scale, clamp, round."""


def with_quantising(workload: Workload) -> Workload:
    """The same work with a kernel that narrows the activations in front of each dense product.

    Experts' activations are narrowed in the kernels that sort tokens and multiply in their gate.

    Args:
        workload: At a precision; where products take 16 bits there is nothing to narrow.
    """
    kernels, width = workload.kernels, PRECISIONS[workload.precision].vector_bits / 8.0
    narrow = (kernels.family == _PRODUCT) & (kernels.batch == 1.0)
    narrow &= kernels.element_bytes < min(width, _HALF_BYTES)
    elements = kernels.m * kernels.k
    columns: Columns = {
        "family": FAMILIES.index("quantize"),
        "vector_flops": _QUANTISE_FLOPS * elements,
        "read_bytes": width * elements,
        "write_bytes": kernels.element_bytes * elements,
        "m": elements,
        "element_bytes": width,
    }
    return with_launches(workload, [beside(workload, narrow, "Quantize", columns)])


def with_kept(
    workload: Workload, *, modules: frozenset[str], head_bits: float | None, wide: Workload
) -> Workload:
    """The same work with the weights of some modules in 16 bits, and multiplied so.

    Args:
        workload: At a precision of fewer bits.
        modules: By the names that stand in their nodes.
        head_bits: Stored bits of a weight of the last product where it is one of them; None for 16.
        wide: The same model in fp16.
    """
    where = [set(name.nodes[0][0].split("/")) for name in workload.names]
    kept = np.array([bool(parts & modules) for parts in where], dtype=np.bool_)
    narrow, full = workload.kernels, wide.kernels
    kept &= (narrow.family == _PRODUCT) & (narrow.weight_bytes < full.weight_bytes)
    is_head = kept & np.array([_HEAD in parts for parts in where], dtype=np.bool_)
    bits = np.where(is_head, 16.0 if head_bits is None else head_bits, 16.0)
    weight_bytes = np.where(kept, full.weight_bytes * bits / 16.0, narrow.weight_bytes)
    columns = {
        column.name: np.where(kept, getattr(full, column.name), getattr(narrow, column.name))
        for column in fields(Kernels)
    }
    columns["read_bytes"] = columns["read_bytes"] - np.where(
        kept, full.weight_bytes - weight_bytes, 0.0
    )
    columns["weight_bytes"] = weight_bytes
    added = float(np.sum((weight_bytes - narrow.weight_bytes) * narrow.count))
    return replace(
        workload,
        kernels=Kernels(**columns),
        weight_bytes=workload.weight_bytes + round(added),
    )


def with_weight_bits(workload: Workload, *, bits: float | None, wide: Workload) -> Workload:
    """The same work with the weights of its products stored in so many bits, scales included.

    Args:
        workload: At a precision that stores weights in fewer bits than it computes in, or as many.
        bits: Of a weight; None leaves the workload as it is.
        wide: The same model in fp16: what differs are the weights that the precision narrows.
    """
    if bits is None:
        return workload
    kernels = workload.kernels
    nominal = float(PRECISIONS[workload.precision].weight_bits)
    factor = bits / nominal
    narrow = kernels.weight_bytes < wide.kernels.weight_bytes
    added = np.where(narrow, kernels.weight_bytes * (factor - 1.0), 0.0)
    stored = (wide.weight_bytes - workload.weight_bytes) * nominal / (16.0 - nominal)
    return replace(
        workload,
        kernels=replace(
            kernels,
            read_bytes=kernels.read_bytes + added,
            weight_bytes=kernels.weight_bytes + added,
        ),
        weight_bytes=round(workload.weight_bytes + stored * (factor - 1.0)),
    )
