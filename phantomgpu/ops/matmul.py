"""Matrix products: MatMul, Gemm and their fused and quantised kin."""

from dataclasses import replace
from math import prod

from phantomgpu.dtype import BITS
from phantomgpu.ops.call import Call, Dims, share
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand, Parallel

REQUANTIZE_VECTOR = 4
"""Operations to bring an int32 sum back to 8 bits: scale, round, add the zero point, clip."""


def shape_of_product(a: Dims, b: Dims) -> Parallel:
    """``[*batch, m, k]`` by ``[*batch, k, n]`` as few and large products as the operands allow.

    Batch axes over which ``b`` is shared, innermost first, fold into ``m``: activations times a
    weight are one product whatever the batch. One-dimensional operands are a row and a column.

    >>> found = shape_of_product((8, 128, 768), (768, 3072))
    >>> found.m, found.n, found.k, found.batch
    (1024, 3072, 768, 1)
    """
    k = a[-1] if a else 1
    m = a[-2] if len(a) > 1 else 1
    n = b[-1] if len(b) > 1 else 1
    a_batch, b_batch = list(a[:-2]), list(b[:-2])
    while a_batch and (not b_batch or b_batch[-1] == 1):
        m *= a_batch.pop()
        if b_batch:
            b_batch.pop()
    longer = max(len(a_batch), len(b_batch))
    a_batch = [1] * (longer - len(a_batch)) + a_batch
    b_batch = [1] * (longer - len(b_batch)) + b_batch
    batch = prod(y if x == 1 else x for x, y in zip(a_batch, b_batch, strict=True))
    return Parallel(m=m, n=n, k=k, batch=batch)


def operand_dtype(a: str, b: str) -> str:
    """The type a product runs at when its operands fix it; empty where the precision decides.

    Two 8-bit integers, signed or not, multiply as ``int8``; 8- and 4-bit floats as themselves;
    ``float64`` stays. A 4-bit weight meeting a float is widened to it.
    """
    if a.startswith(("float8", "float4")):
        return a
    if a in _EIGHT_BITS and b in _EIGHT_BITS | _FOUR_BITS:
        return "int8"
    if a in _FOUR_BITS and b in _FOUR_BITS:
        return "int4"
    return "float64" if a == "float64" else ""


def product_demand(
    call: Call,
    parallel: Parallel,
    *,
    operands: tuple[int, int] = (0, 1),
    dtype: str | None = None,
    vector_each: int = 0,
    special_each: int = 0,
) -> Demand:
    """``2·batch·m·n·k`` FLOPs and what is done to each of the ``batch·m·n`` results.

    Integers wider than 8 bits have no tensor-core path, so their products are vector work.
    """
    a, b = (call.dtype(position) for position in operands)
    flops = 2 * parallel.batch * parallel.m * parallel.n * parallel.k
    results = parallel.batch * parallel.m * parallel.n
    wide = a.lstrip("u").startswith("int") and BITS[a] > 8
    return call.demand(
        "matmul",
        parallel,
        matrix=0 if wide else flops,
        vector=(flops if wide else 0) + vector_each * results,
        special=special_each * results,
        matrix_dtype=operand_dtype(a, b) if dtype is None else dtype,
    )


def matmul(call: Call) -> Demand:
    """Multiply ``[*batch, m, k]`` by ``[*batch, k, n]``: ``2·batch·m·n·k`` FLOPs."""
    return product_demand(call, shape_of_product(call.dims(0), call.dims(1)))


def gemm(call: Call) -> Demand:
    """Multiply ``[m, k]`` by ``[k, n]``, either transposed, and add ``C``: ``2·m·n·k`` FLOPs."""
    return product_demand(call, _gemm_shape(call, 1), vector_each=1 if call.has(2) else 0)


def _gemm_shape(call: Call, b_position: int) -> Parallel:
    a, b = call.dims(0, rank=2), call.dims(b_position, rank=2)
    m, k = (a[1], a[0]) if call.integer("transA") else (a[0], prod(a[1:]))
    n = b[0] if call.integer("transB") else b[1]
    return Parallel(m=m, n=n, k=k)


def fused_gemm(call: Call) -> Demand:
    """Gemm with an activation: one more operation for each result."""
    return product_demand(call, _gemm_shape(call, 1), vector_each=2 if call.has(2) else 1)


def quantized_gemm(call: Call) -> Demand:
    """QGemm ``a, a_scale, a_zero, b, b_scale, b_zero, C``: int8 product, requantised."""
    return product_demand(
        call, _gemm_shape(call, 3), operands=(0, 3), vector_each=1 + REQUANTIZE_VECTOR
    )


def fused_matmul(call: Call) -> Demand:
    """MatMul of operands that may be transposed, scaled by ``alpha``, maybe activated.

    ``transBatchA`` says that the second last axis of ``a`` is the row and the first the batch, as
    in ``[m, *batch, k]``; likewise for ``b``.
    """
    a = _untransposed(call.dims(0), call.integer("transA"), call.integer("transBatchA"))
    b = _untransposed(call.dims(1), call.integer("transB"), call.integer("transBatchB"))
    activated = 1 if call.text("activation") else 0
    return product_demand(call, shape_of_product(a, b), vector_each=1 + activated)


def _untransposed(dims: Dims, transposed: int, batch_transposed: int) -> Dims:
    if len(dims) < 2:
        return dims
    if batch_transposed:
        dims = (*dims[1:-1], dims[0], dims[-1])
    return (*dims[:-2], dims[-1], dims[-2]) if transposed else dims


def quantized(*, a: int, b: int, vector_each: int = 0) -> Rule:
    """A MatMul whose operands, at positions ``a`` and ``b``, carry scales and zero points."""

    def rule(call: Call) -> Demand:
        """Product at the operands' own type."""
        shape = shape_of_product(call.dims(a), call.dims(b))
        return product_demand(call, shape, operands=(a, b), vector_each=vector_each)

    return rule


def with_gelu(call: Call) -> Demand:
    """GemmFastGelu: a product and the tanh form of GELU, nine operations and a tanh a result."""
    shape = shape_of_product(call.dims(0), call.dims(1))
    return product_demand(call, shape, vector_each=9, special_each=1)


def dynamic_quantized(call: Call) -> Demand:
    """Quantise the float activations (find their range, scale, round), then an int8 product."""
    shape = shape_of_product(call.dims(0), call.dims(1))
    done = product_demand(call, shape, dtype="int8", vector_each=2)
    quantising = 6 * call.size(0)
    return replace(done, vector_flops=done.vector_flops + quantising)


def weight_only(call: Call) -> Demand:
    """MatMulNBits, MatMulBnb4, MatMulFpQ4: ``[*, K]`` by a weight of ``K x N`` stored in few bits.

    The weight is widened on the way in (two
    operations an element) and multiplied as the activations are, so the precision decides the
    type, unless ``accuracy_level`` 4 asks for int8 arithmetic.
    """
    a = call.dims(0, rank=1)
    k = a[-1]
    n = call.out_dims(0, rank=1)[-1]
    shape = Parallel(m=share(prod(a), a[-1]), n=n, k=k)
    dtype = "int8" if call.integer("accuracy_level") == 4 else None
    done = product_demand(call, shape, dtype=dtype)
    return replace(done, vector_flops=done.vector_flops + 2 * n * k)


_EIGHT_BITS = frozenset({"int8", "uint8"})
_FOUR_BITS = frozenset({"int4", "uint4"})
