import numpy as np

from phantomgpu.workload.workload import PEAKS
from tests.unit.workload.builders import a_net, a_node, labels, lowered

SCALE = {"s": np.float32(0.1), "zp": np.int8(0), "zw": np.int8(0)}
STORED = {
    **{name: np.asarray(value) for name, value in SCALE.items()},
    "w": np.zeros((8, 8, 3, 3), np.int8),
}
IN = [a_node("QuantizeLinear", "x s zp", "q"), a_node("DequantizeLinear", "q s zp", "d")]
WEIGHT = a_node("DequantizeLinear", "w s zw", "wf")
PADS = {"pads": [1, 1, 1, 1]}


def a_quantised_net(nodes, out="y"):
    return a_net([*IN, WEIGHT, *nodes], x=("N", 8, 6, 6), out=out, stored=STORED)


CONV = [a_node("Conv", "d wf", "c", **PADS), a_node("Relu", "c", "r"),
        a_node("QuantizeLinear", "r s zp", "o"),
        a_node("DequantizeLinear", "o s zp", "y")]  # fmt: skip


def test_a_convolution_between_pairs_is_one_int8_kernel():
    workload = lowered(a_quantised_net(CONV), ["quantised"]).at(1, "fp32")

    ops = [name.op for name in workload.names]
    conv = ops.index("DequantizeLinear+Conv+Relu+QuantizeLinear")
    kernels = workload.kernels
    assert len(ops) == 3
    assert PEAKS[kernels.peak[conv]] == "int8"
    assert kernels.write_bytes[conv] == 8 * 36
    assert kernels.read_bytes[conv] == 8 * 36 + 8 * 8 * 9 + sum((4, 1))


def test_weights_of_a_quantised_graph_stay_int8_in_memory():
    schedule = lowered(a_quantised_net(CONV), ["quantised"])

    assert schedule.at(1, "fp32").weight_bytes == 8 * 8 * 9 + 4 + 1
    assert schedule.at(1, "fp16").weight_bytes == 8 * 8 * 9 + 2 + 1


def test_a_runtime_without_the_rule_runs_the_pairs_as_written():
    found = labels(a_quantised_net(CONV), batch=1)

    assert found == ["QuantizeLinear", "DequantizeLinear", "Conv", "Relu", "QuantizeLinear",
                     "DequantizeLinear"]  # fmt: skip


def test_every_reader_of_a_dequantised_tensor_reads_the_narrow_one():
    nodes = [*CONV[:3], a_node("DequantizeLinear", "o s zp", "e"),
             a_node("Conv", "e wf", "f", **PADS), a_node("QuantizeLinear", "f s zp", "fq"),
             a_node("DequantizeLinear", "fq s zp", "fd"), a_node("Add", "e fd", "g"),
             a_node("QuantizeLinear", "g s zp", "y")]  # fmt: skip

    found = labels(a_quantised_net(nodes), ["quantised"], batch=1)

    assert found == [
        "QuantizeLinear",
        "DequantizeLinear+Conv+Relu+QuantizeLinear",
        "DequantizeLinear+Conv+QuantizeLinear",
        "DequantizeLinear+DequantizeLinear+Add+QuantizeLinear",
    ]


def test_what_is_not_quantised_again_keeps_its_own_kernel():
    nodes = [a_node("Softmax", "d", "y")]

    assert labels(a_quantised_net(nodes), ["quantised"], batch=1) == [
        "QuantizeLinear", "DequantizeLinear", "Softmax",
    ]  # fmt: skip
