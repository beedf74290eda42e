"""A model's work at one batch and precision, as arrays over its distinct kernels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FAMILIES: Final[tuple[str, ...]] = (
    "matmul", "conv", "attention", "norm", "pool", "reduce", "pointwise", "move", "gather",
    "quantize", "recurrent", "approximate",
)  # fmt: skip
"""Kernel families; ``Kernels.family`` holds indices into this. Views are no kernels."""

PEAKS: Final[tuple[str, ...]] = (
    "fp32", "tf32", "fp16", "bf16", "fp8", "int8", "int4", "fp64", "fp4", "fp16_accumulate",
)  # fmt: skip
"""Peaks a matrix operator can run at; ``Kernels.peak`` holds indices into this. The last is that
of fp16 with sums in fp16."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """Columns over distinct kernels, each of shape ``[kernel]``.

    Attributes:
        family: Index into ``FAMILIES``.
        peak: Index into ``PEAKS``: the rate its ``matrix_flops`` run at.
        matrix_flops: FLOPs for the tensor cores.
        vector_flops: FLOPs for the ordinary units.
        special_flops: Transcendental operations.
        read_bytes: Everything read from memory, weights included.
        weight_bytes: The part of ``read_bytes`` that is weights.
        write_bytes: Everything written.
        m, n, k, batch, window, stride, kv_groups, steps, causal, height, width: See
            ``ops.work.Parallel``.
        element_bytes: Width of the main operand.
        count: How many equal kernels of this kind one run of the model launches.
    """

    family: NDArray[np.int64]
    peak: NDArray[np.int64]
    matrix_flops: FloatArray
    vector_flops: FloatArray
    special_flops: FloatArray
    read_bytes: FloatArray
    weight_bytes: FloatArray
    write_bytes: FloatArray
    m: FloatArray
    n: FloatArray
    k: FloatArray
    batch: FloatArray
    window: FloatArray
    stride: FloatArray
    kv_groups: FloatArray
    steps: FloatArray
    causal: FloatArray
    height: FloatArray
    width: FloatArray
    element_bytes: FloatArray
    count: FloatArray

    def __len__(self) -> int:
        return len(self.family)


@dataclass(frozen=True, slots=True)
class KernelNames:
    """Where one distinct kernel comes from.

    Attributes:
        op: What it does: ``"Conv+Relu"``.
        nodes: For each of the ``count`` equal kernels, the graph nodes fused into it.
        shape: As people read it: ``"[1, 64, 56, 56] x [64, 64, 3, 3]"``.
        approximation: Why it is only approximate, or empty.
    """

    op: str
    nodes: tuple[tuple[str, ...], ...]
    shape: str
    approximation: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """All that the cost model needs to know of a model.

    Attributes:
        kernels: The work.
        names: One for each distinct kernel, in the order of ``kernels``.
        batch: Samples per run.
        precision: A key of ``dtype.PRECISIONS``.
        runtime: Id of the runtime whose fusion was applied.
        weight_bytes: Resident weights at this precision.
        peak_activation_bytes: Most activation bytes alive at once over the fused schedule.
        input_bytes: Fed per run.
        output_bytes: Fetched per run.
    """

    kernels: Kernels
    names: tuple[KernelNames, ...]
    batch: int
    precision: str
    runtime: str
    weight_bytes: int
    peak_activation_bytes: int
    input_bytes: int
    output_bytes: int
