"""What one operator demands of a GPU, whichever GPU that is."""

from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "matmul",  # MatMul, Gemm, Einsum: B independent M x K by K x N products
    "conv",  # as an implicit GEMM; B = groups
    "attention",  # fused scaled dot-product attention
    "norm",  # LayerNorm, softmax, batch norm: `rows` independent reductions of `cols`
    "pool",
    "reduce",
    "pointwise",
    "move",  # Transpose, Concat, Slice, Pad, Resize: bytes rearranged
    "gather",  # embedding look-up, scatter
    "quantize",
    "recurrent",  # LSTM, GRU, RNN: a chain of `steps` dependent matmuls
    "view",  # Reshape and friends: no kernel at all
    "approximate",  # unknown operator: counted by its bytes
]


@dataclass(frozen=True, slots=True)
class Parallel:
    """The shape of the work, as the field writes it.

    Matmul: ``batch`` products of ``[m, k]`` by ``[k, n]``.
    Convolution: ``batch`` groups, ``m`` = N·Hout·Wout, ``n`` = Cout/group,
    ``k`` = Cin/group·window; ``window``, ``stride`` tell Winograd and depthwise apart;
    ``height`` and ``width`` are the output's where it is an image and no tap is skipped.
    Attention: ``batch`` = sequences·heads, ``m`` query tokens, ``n`` tokens attended,
    ``k`` head dimension; ``kv_groups`` query heads share a KV head; ``causal``; ``height`` KV
    heads of a sequence where they are known.
    Norm, reduce: ``m`` rows of ``n`` elements. Pointwise and the rest: ``m`` elements, ``n`` 1.
    Recurrent: ``steps`` dependent steps of ``[m, k]`` by ``[k, n]``.
    """

    m: int = 1
    n: int = 1
    k: int = 1
    batch: int = 1
    window: int = 1
    stride: int = 1
    kv_groups: int = 1
    steps: int = 1
    causal: bool = False
    height: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True)
class Demand:
    """The work of one operator call.

    Attributes:
        family: Which kernel model it belongs to.
        matrix_flops: Multiply-adds times two that tensor cores can do.
        vector_flops: Operations for the ordinary floating-point units.
        special_flops: Exponentials, square roots, divisions and the like.
        read: Elements read of each input, by position; 0 for omitted ones and for inputs that
            only carry shapes.
        written: Elements written of each output, by position.
        parallel: The shape of the work.
        matrix_dtype: dtype of a product whose operands the graph itself fixes ("int8" for
            ConvInteger, "float8e4m3fn", ...); empty where it follows the requested precision.
        approximation: Why this is only an approximation; empty where it is not.
    """

    family: Family
    matrix_flops: int = 0
    vector_flops: int = 0
    special_flops: int = 0
    read: tuple[int, ...] = ()
    written: tuple[int, ...] = ()
    parallel: Parallel = Parallel()
    matrix_dtype: str = ""
    approximation: str = ""

    @property
    def macs(self) -> int:
        """Multiply-adds, as papers count them."""
        return self.matrix_flops // 2
