"""How a library multiplies: whether it splits a product, how well it loads, on which units."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.kinds import FAMILY
from phantomgpu.cost.split import MOST
from phantomgpu.cost.variants import Variants
from phantomgpu.workload.workload import PEAKS, Kernels

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

MOST_NARROW: Final = 7.0
"""Parts at most of a product whose weights are narrower than what is multiplied: NVIDIA
TensorRT-LLM, ``cutlass_kernels/fpA_intB_gemm`` (SPLIT_K_LIMIT)."""

_DP4A: Final = 4.0
"""int8 multiply-adds that a vector unit does at once (CUDA C++ Programming Guide, ``__dp4a``)."""

_INT8: Final = PEAKS.index("int8")


@dataclass(frozen=True, slots=True)
class Making:
    """How each product is made. All [kernel].

    Attributes:
        is_template: By an instance of CUTLASS's templates rather than by cuBLAS, which has many
            more kernels to choose from: loads are further from what an SM could take in.
        most_parts: That the library cuts it into along the reduced dimension.
        on_vector: Whether it is left to the vector units.
    """

    is_template: NDArray[np.bool_]
    most_parts: FloatArray
    on_vector: NDArray[np.bool_]

    def at(self, rows: IndexArray) -> "Making":
        """That of some products."""
        return Making(self.is_template[rows], self.most_parts[rows], self.on_vector[rows])


def making_of(kernels: Kernels, kinds: IndexArray, variants: Variants) -> Making:
    """How a runtime's library makes each product.

    Args:
        kernels: Products.
        kinds: From ``kinds_of``. [kernel]
        variants: What the runtime's profile says of its kernels.

    Source:
        NVIDIA CUTLASS documentation, "Efficient GEMM in CUDA" (split-K is a kernel of its own);
        ``variants`` has each library's.
    """
    is_narrow = kinds == FAMILY["weight_only"]
    is_whole = ~variants.splits[np.arange(len(kernels)), kernels.peak] & ~is_narrow
    never = is_whole | (kernels.family == FAMILY["conv"])
    most = np.where(never, 1.0, np.where(is_narrow, MOST_NARROW, MOST))
    on_vector = (kernels.peak == _INT8) & (kernels.m <= variants.vector_rows)
    return Making(is_whole | is_narrow, most, on_vector)


def vector_product_time(*, flops: FloatArray, vector_flops_per_s: FloatArray) -> FloatArray:
    """Seconds of an int8 product on the vector units.

    Args:
        flops: Of the product. [kernel]
        vector_flops_per_s: fp32 peak of those units. [gpu, 1]

    Returns:
        Seconds. [gpu, kernel]

    Source:
        NVIDIA, "CUDA C++ Programming Guide", ``__dp4a``: four int8 multiply-adds at once.

    >>> float(vector_product_time(flops=np.float64(8), vector_flops_per_s=np.float64(1)))
    2.0
    """
    return np.asarray(flops / (_DP4A * vector_flops_per_s))
