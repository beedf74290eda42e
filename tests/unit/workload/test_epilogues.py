import numpy as np
import pytest

from tests.unit.workload.builders import a_net, a_node, labels, lowered, weights

IMAGE = ("N", 8, 10, 10)
CONV = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
STORED = weights(
    w=(8, 8, 3, 3), u=(8, 8, 3, 3), c=(8,), s=(8, 1, 1), g=(8,), h=(8,), mean=(8,), var=(8,)
)
BN = "g h mean var"


def image_labels(nodes, rules, **details):
    return labels(a_net(nodes, x=IMAGE, stored=STORED, **details), rules)


def test_batch_norm_goes_into_the_convolution_before_it():
    nodes = [a_node("Conv", "x w", "a", **CONV), a_node("BatchNormalization", f"a {BN}", "y")]

    assert image_labels(nodes, ["conv-bn"]) == ["Conv+BatchNormalization"]


def test_a_product_and_a_sum_with_constants_are_a_batch_norm_too():
    nodes = [a_node("Conv", "x w", "a", **CONV), a_node("Mul", "a s", "b"),
             a_node("Add", "b s", "c1"), a_node("Relu", "c1", "y")]  # fmt: skip

    assert image_labels(nodes, ["conv-bn", "conv-activation"]) == ["Conv+Mul+Add+Relu"]


def test_the_activation_goes_into_the_convolution_only_where_nobody_else_needs_its_input():
    alone = [a_node("Conv", "x w", "a", **CONV), a_node("Relu", "a", "y")]
    shared = [*alone[:1], a_node("Relu", "a", "b"), a_node("Add", "a b", "y")]

    assert image_labels(alone, ["conv-activation"]) == ["Conv+Relu"]
    assert image_labels(shared, ["conv-activation"]) == ["Conv", "Relu", "Add"]
    assert image_labels(alone, ["conv-activation"], out="a y") == ["Conv", "Relu"]


def test_silu_goes_into_the_convolution_where_the_runtime_can():
    nodes = [a_node("Conv", "x w", "a", **CONV), a_node("Sigmoid", "a", "p"),
             a_node("Mul", "a p", "y")]  # fmt: skip

    assert image_labels(nodes, ["silu", "conv-gated"]) == ["Conv+Silu"]
    assert image_labels(nodes, ["silu", "conv-activation"]) == ["Conv", "Silu"]


def test_of_two_convolutions_that_are_added_one_takes_the_sum():
    nodes = [a_node("Conv", "x w", "a", **CONV), a_node("Conv", "x u", "b", **CONV),
             a_node("Add", "a b", "s1"), a_node("Relu", "s1", "y")]  # fmt: skip

    found = image_labels(nodes, ["conv-add-activation"])

    assert sorted(found) == ["Conv", "Conv+Add+Relu"]


def test_an_add_to_another_shape_is_no_residual():
    nodes = [a_node("GlobalAveragePool", "x", "p"), a_node("Conv", "p w", "a", **CONV),
             a_node("Add", "a x", "y")]  # fmt: skip

    assert image_labels(nodes, ["conv-add-activation"]) == ["GlobalAveragePool", "Conv", "Add"]


def test_a_fused_convolution_reads_and_writes_what_crosses_its_border():
    nodes = [
        a_node("Conv", "x w", "a", **CONV),
        a_node("Add", "a x", "b"),
        a_node("Relu", "b", "y"),
    ]
    graph = a_net(nodes, x=IMAGE, stored=STORED)

    apart = lowered(graph).at(2, "fp32").kernels
    fused = lowered(graph, ["conv-add-activation"]).at(2, "fp32").kernels

    image, weight = 2 * 8 * 10 * 10 * 4, 8 * 8 * 3 * 3 * 4
    assert fused.read_bytes.tolist() == [image + weight]
    assert fused.write_bytes.tolist() == [image]
    assert fused.weight_bytes.tolist() == [weight]
    assert fused.matrix_flops.sum() == apart.matrix_flops.sum() == 2 * 2 * 100 * 8 * 8 * 9
    assert fused.vector_flops.sum() == apart.vector_flops.sum()


def test_a_bias_is_added_by_the_product_and_a_residual_is_not():
    bias = [a_node("MatMul", "x w", "a"), a_node("Add", "a c", "y")]
    residual = [a_node("MatMul", "x w", "a"), a_node("Add", "a x", "y")]
    stored = weights(w=(8, 8), c=(8,))

    assert labels(a_net(bias, stored=stored), ["linear"]) == ["MatMul+Add"]
    assert labels(a_net(residual, stored=stored), ["linear"]) == ["MatMul", "Add"]


@pytest.mark.parametrize("where", ["before", "behind"])
def test_a_scale_becomes_the_alpha_of_the_product(where):
    nodes = (
        [a_node("Mul", "x c", "a"), a_node("MatMul", "a w", "y")]
        if where == "before"
        else [a_node("MatMul", "x w", "a"), a_node("Div", "a c", "y")]
    )
    graph = a_net(nodes, stored=weights(w=(8, 8)), scalars={"c": 3.0})

    assert len(labels(graph, ["matmul-scale"])) == 1


def test_only_a_swap_of_the_last_two_dimensions_becomes_a_flag_of_the_product():
    fed = {"a": ("float32", ("N", 4, 6)), "b": ("float32", ("N", 8, 6))}
    swap = [a_node("Transpose", "b", "t", perm=[0, 2, 1]), a_node("MatMul", "a t", "y")]
    other = [a_node("Transpose", "a", "t", perm=[1, 0, 2]), a_node("MatMul", "t w", "y")]

    assert labels(a_net(swap, inputs=fed), ["transpose-matmul"]) == ["Transpose+MatMul"]
    assert labels(
        a_net(other, inputs={"a": fed["a"]}, stored=weights(w=(6, 3))), ["transpose-matmul"]
    ) == ["Transpose", "MatMul"]


def test_slices_that_make_up_a_tensor_are_one_split():
    starts = {f"s{i}": np.array([4 * i]) for i in range(3)} | {"axis": np.array([1])}
    nodes = [a_node("Slice", f"x s{i} s{i + 1} axis", f"y{i}") for i in range(2)]
    graph = a_net(nodes, out="y0 y1", stored=starts)
    part = a_net(nodes[:1], out="y0", stored=starts)

    assert labels(graph, ["split"]) == ["Split"]
    assert labels(part, ["split"]) == ["Slice"]


def test_a_convolution_pads_itself():
    nodes = [a_node("Pad", "x pads", "p"), a_node("Conv", "p w", "y", kernel_shape=[3, 3])]
    graph = a_net(nodes, x=IMAGE, stored={**STORED, "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1])})

    assert labels(graph, ["pad-conv"]) == ["Pad+Conv"]


def test_strided_slices_are_no_split():
    stored = {"zero": np.array([0]), "one": np.array([1]), "end": np.array([8]),
              "axis": np.array([1]), "two": np.array([2])}  # fmt: skip
    nodes = [
        a_node("Slice", "x zero end axis two", "a"), a_node("Slice", "x one end axis two", "b"),
    ]  # fmt: skip

    assert labels(a_net(nodes, out="a b", stored=stored), ["split"]) == ["Slice", "Slice"]


def test_a_transpose_moves_behind_a_split_and_into_those_that_are_there():
    nodes = [
        a_node("Transpose", "x", "t", perm=[1, 0, 2]), a_node("Split", "t", "a b", axis=0),
        a_node("Transpose", "a", "at", perm=[1, 0, 2]), a_node("Softmax", "at", "y"),
        a_node("Softmax", "b", "z"),
    ]  # fmt: skip
    graph = a_net(nodes, x=("N", 4, 8), out="y z", opset=11)

    assert labels(graph, batch=4) == ["Transpose", "Split", "Transpose", "Softmax", "Softmax"]
    assert sorted(labels(graph, ["split-transpose"], batch=4)) == [
        "Softmax", "Softmax", "Split", "Transpose", "Transpose",
    ]  # fmt: skip
