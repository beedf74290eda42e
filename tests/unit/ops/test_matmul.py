import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantomgpu.errors import ShapeError
from tests.unit.ops.builders import asked

sizes = st.integers(1, 64)
batches = st.lists(sizes, max_size=3).map(tuple)


def as_product(done):
    p = done.parallel
    return p.batch, p.m, p.n, p.k


@settings(deadline=None)
@given(batches, sizes, sizes, sizes)
def test_a_matmul_costs_two_flops_for_every_multiply_add(batch, m, n, k):
    done = asked("MatMul", [(*batch, m, k), (*batch, k, n)], [(*batch, m, n)])

    assert done.matrix_flops == 2 * done.macs
    b, rows, columns, depth = as_product(done)
    assert done.macs == b * rows * columns * depth
    expected = m * n * k
    for size in batch:
        expected *= size
    assert done.macs == expected


def test_a_weight_shared_over_the_batch_makes_one_large_product():
    done = asked("MatMul", [(8, 128, 768), (768, 3072)], [(8, 128, 3072)])

    assert as_product(done) == (1, 1024, 3072, 768)


def test_a_weight_with_leading_ones_is_shared_too():
    done = asked("MatMul", [(8, 128, 768), (1, 768, 3072)], [(8, 128, 3072)])

    assert as_product(done) == (1, 1024, 3072, 768)


def test_products_of_two_activations_stay_batched():
    done = asked("MatMul", [(2, 12, 128, 64), (2, 12, 64, 128)], [(2, 12, 128, 128)])

    assert as_product(done) == (24, 128, 128, 64)


def test_operands_shared_over_the_heads_fold_only_those():
    done = asked("MatMul", [(2, 12, 5, 64), (2, 1, 64, 7)], [(2, 12, 5, 7)])

    assert as_product(done) == (2, 60, 7, 64)


def test_a_first_operand_shared_over_the_batch_is_multiplied_for_each():
    done = asked("MatMul", [(5, 64), (3, 64, 7)], [(3, 5, 7)])

    assert as_product(done) == (3, 5, 7, 64)


def test_vectors_are_a_row_and_a_column():
    assert as_product(asked("MatMul", [(64,), (64,)], [()])) == (1, 1, 1, 64)
    assert as_product(asked("MatMul", [(64,), (64, 7)], [(7,)])) == (1, 1, 7, 64)
    assert as_product(asked("MatMul", [(3, 5, 64), (64,)], [(3, 5)])) == (1, 15, 1, 64)


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_gemm_knows_its_transposed_operands(trans_a, trans_b):
    a, b = ((9, 4) if trans_a else (4, 9)), ((6, 9) if trans_b else (9, 6))
    done = asked("Gemm", [a, b, (6,)], [(4, 6)], transA=trans_a, transB=trans_b)

    assert as_product(done) == (1, 4, 6, 9)
    assert done.vector_flops == 24


def test_a_product_of_wide_integers_is_no_tensor_core_work():
    done = asked("MatMul", [(4, 4), (4, 4)], [(4, 4)], dtypes=("int64", "int64"))

    assert done.matrix_flops == 0
    assert done.vector_flops == 2 * 4**3


@pytest.mark.parametrize(
    ("a", "b", "runs_at"),
    [
        ("float32", "float32", ""),
        ("float16", "float16", ""),
        ("float64", "float64", "float64"),
        ("uint8", "int8", "int8"),
        ("float8e4m3fn", "float8e4m3fn", "float8e4m3fn"),
    ],
)
def test_operands_that_fix_their_arithmetic_say_so(a, b, runs_at):
    done = asked("MatMul", [(4, 4), (4, 4)], [(4, 4)], dtypes=(a, b))

    assert done.matrix_dtype == runs_at


def test_integer_products_run_as_int8():
    done = asked("MatMulInteger", [(8, 16, 32), (32, 64)], [(8, 16, 64)], dtypes=("uint8", "int8"))

    assert done.matrix_dtype == "int8"
    assert as_product(done) == (1, 128, 64, 32)


def test_a_quantised_product_finds_its_operands_among_the_scales():
    done = asked(
        "QLinearMatMul",
        [(16, 32), (), (), (32, 64), (), (), (), ()],
        [(16, 64)],
        dtypes=("int8", "float32", "int8", "int8", "float32", "int8", "float32", "int8"),
    )

    assert (done.macs, done.matrix_dtype) == (16 * 64 * 32, "int8")
    assert done.vector_flops == 4 * 16 * 64


def test_four_bit_weights_are_read_packed_and_multiplied_as_the_activations_are():
    done = asked(
        "MatMulNBits",
        [(1, 64, 256), (1024, 8, 16), (8192,)],
        [(1, 64, 1024)],
        domain="com.microsoft",
        dtypes=("float16", "uint8", "float16"),
        K=256,
        N=1024,
        bits=4,
        block_size=32,
    )

    assert done.macs == 64 * 256 * 1024
    assert done.matrix_dtype == ""
    assert done.read[1] == 1024 * 8 * 16


def test_four_bit_weights_can_ask_for_integer_arithmetic():
    done = asked(
        "MatMulNBits",
        [(4, 32), (8, 1, 16), (8,)],
        [(4, 8)],
        domain="com.microsoft",
        accuracy_level=4,
    )

    assert done.matrix_dtype == "int8"


def test_a_dynamically_quantised_product_pays_for_quantising():
    done = asked(
        "DynamicQuantizeMatMul",
        [(16, 32), (32, 64), (1,)],
        [(16, 64)],
        domain="com.microsoft",
        dtypes=("float32", "int8", "float32"),
    )

    assert done.matrix_dtype == "int8"
    assert done.vector_flops == 6 * 16 * 32 + 2 * 16 * 64


def test_a_fused_matmul_transposes_the_batch_too():
    done = asked(
        "FusedMatMul",
        [(5, 2, 64), (2, 7, 64)],
        [(2, 5, 7)],
        domain="com.microsoft",
        transBatchA=1,
        transB=1,
    )

    assert as_product(done) == (2, 5, 7, 64)


def test_a_gemm_of_vectors_is_an_error_that_names_the_node():
    with pytest.raises(ShapeError) as caught:
        asked("Gemm", [(4,), (4, 4)], [(4, 4)])

    assert "a_node" in caught.value.where


def test_of_the_experts_those_are_read_that_tokens_are_expected_to_touch():
    done = asked(
        "MoE",
        [(1, 4, 32), (4, 8), (8, 128, 32), None, (8, 32, 64), None, None],
        [(1, 4, 32)],
        domain="com.microsoft",
        k=1,
        swiglu_fusion=1,
    )

    assert done.macs == 4 * 32 * (128 + 64)
    assert done.read[2] == round(8 * (1 - (7 / 8) ** 4) * 128 * 32)
    assert "evenly" in done.approximation
