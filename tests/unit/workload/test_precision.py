import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.dtype import PRECISIONS
from phantomgpu.errors import UnknownNameError
from phantomgpu.workload.workload import PEAKS
from tests.unit.workload.builders import a_net, a_node, lowered, weights

NODES = [
    a_node("Conv", "x w", "a"), a_node("Relu", "a", "r"), a_node("Conv", "r u", "b"),
    a_node("Softmax", "b", "y"),
]  # fmt: skip
STORED = weights(w=(8, 8, 1, 1), u=(16, 8, 1, 1))
IMAGE = 2 * 8 * 6 * 6


@pytest.fixture(scope="module")
def schedule():
    return lowered(a_net(NODES, x=("N", 8, 6, 6), stored=STORED))


@pytest.mark.parametrize(
    ("precision", "operand", "vector", "weight"),
    [("fp32", 4, 4, 4), ("tf32", 4, 4, 4), ("fp16", 2, 2, 2), ("bf16", 2, 2, 2),
     ("fp8", 1, 2, 1), ("int8", 1, 2, 1), ("int4", 2, 2, 0.5)],
)  # fmt: skip
def test_operands_of_products_run_low_and_everything_else_at_the_vector_width(
    schedule, precision, operand, vector, weight
):
    kernels = schedule.at(2, precision).kernels

    assert kernels.read_bytes.tolist() == [
        IMAGE * operand + 64 * weight, IMAGE * vector, IMAGE * operand + 128 * weight,
        2 * IMAGE * vector,
    ]  # fmt: skip
    assert kernels.write_bytes.tolist() == [
        IMAGE * vector, IMAGE * operand, 2 * IMAGE * vector, 2 * IMAGE * vector,
    ]  # fmt: skip
    assert schedule.at(2, precision).weight_bytes == 192 * weight
    assert kernels.element_bytes.tolist() == [operand, vector, operand, vector]


def test_a_runtime_may_keep_everything_between_int8_operators_in_int8():
    net = a_net(NODES, x=("N", 8, 6, 6), stored=STORED)
    narrow = lowered(net, ["int8-activations"])
    usual = lowered(net, [])

    assert narrow.at(2, "int8").kernels.write_bytes.tolist() == [IMAGE, IMAGE, 2 * IMAGE, 2 * IMAGE]
    assert np.array_equal(
        narrow.at(2, "fp8").kernels.write_bytes, usual.at(2, "fp8").kernels.write_bytes
    )


@pytest.mark.parametrize("precision", PRECISIONS)
def test_products_run_at_the_precisions_peak(schedule, precision):
    kernels = schedule.at(2, precision).kernels

    is_conv = kernels.matrix_flops > 0
    assert {PEAKS[peak] for peak in kernels.peak[is_conv]} == {PRECISIONS[precision].matrix_peak}


def test_indices_keep_their_width():
    nodes = [a_node("Gather", "table ids", "y")]
    fed = {"ids": ("int64", ("N", 5))}
    schedule = lowered(a_net(nodes, inputs=fed, stored=weights(table=(100, 8))))

    full = schedule.at(3, "fp32")
    half = schedule.at(3, "fp16")

    assert full.input_bytes == half.input_bytes == 3 * 5 * 8
    assert full.kernels.read_bytes[0] == 15 * 8 + 15 * 8 * 4
    assert half.kernels.read_bytes[0] == 15 * 8 + 15 * 8 * 2


def a_half_graph():
    nodes = [a_node("MatMul", "x w", "y")]
    fed = {"x": ("float16", ("N", 8))}
    return a_net(nodes, inputs=fed, stored={"w": np.zeros((8, 8), np.float16)})


@pytest.mark.parametrize(
    ("precision", "peak", "width"),
    [("fp32", "fp16", 2), ("tf32", "fp16", 2), ("fp16", "fp16", 2), ("int8", "int8", 1)],
)
def test_a_half_precision_graph_gets_no_wider_and_narrower_only_where_asked(precision, peak, width):
    workload = lowered(a_half_graph()).at(4, precision)

    assert PEAKS[workload.kernels.peak[0]] == peak
    assert workload.weight_bytes == 64 * width


def test_an_unknown_precision_names_those_there_are(schedule):
    with pytest.raises(UnknownNameError, match="no precision 'fp12'") as caught:
        schedule.at(1, "fp12")

    assert "fp16" in caught.value.fix


@given(st.integers(1, 1000))
def test_half_the_width_is_half_the_bytes(batch):
    schedule = lowered(a_net(NODES, x=("N", 8, 6, 6), stored=STORED))

    full, half = schedule.at(batch, "fp32"), schedule.at(batch, "fp16")

    assert np.array_equal(full.kernels.read_bytes, 2 * half.kernels.read_bytes)
    assert np.array_equal(full.kernels.write_bytes, 2 * half.kernels.write_bytes)
    assert full.weight_bytes == 2 * half.weight_bytes
    assert full.peak_activation_bytes == 2 * half.peak_activation_bytes
    assert np.array_equal(full.kernels.matrix_flops, half.kernels.matrix_flops)
