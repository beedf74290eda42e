import numpy as np
import pytest

from phantomgpu.workload.workload import FAMILIES
from tests.unit.workload.builders import a_net, a_node, labels, lowered, ops_of, weights

SCALARS = {"two": 2.0, "eps": 1e-5, "one": 1.0}
AFFINE = weights(w=(8,), b=(8,))


def a_mean(name, output):
    return a_node("ReduceMean", name, output, axes=[-1])


LAYER_NORMS = {
    "power": [
        a_mean("x", "m"), a_node("Sub", "x m", "d"), a_node("Pow", "d two", "s"),
        a_mean("s", "v"), a_node("Add", "v eps", "e"), a_node("Sqrt", "e", "r"),
        a_node("Div", "d r", "n"), a_node("Mul", "n w", "k"), a_node("Add", "k b", "y"),
    ],
    "product": [
        a_mean("x", "m"), a_node("Sub", "x m", "d"), a_node("Mul", "d d", "s"),
        a_mean("s", "v"), a_node("Add", "v eps", "e"), a_node("Sqrt", "e", "r"),
        a_node("Div", "d r", "n"), a_node("Mul", "w n", "k"), a_node("Add", "b k", "y"),
    ],
    "two subtractions": [
        a_mean("x", "m"), a_node("Sub", "x m", "d"), a_node("Sub", "x m", "d2"),
        a_node("Pow", "d2 two", "s"), a_mean("s", "v"), a_node("Add", "v eps", "e"),
        a_node("Sqrt", "e", "r"), a_node("Div", "d r", "n"), a_node("Mul", "n w", "k"),
        a_node("Add", "k b", "y"),
    ],
    "reciprocal": [
        a_mean("x", "m"), a_node("Sub", "x m", "d"), a_node("Mul", "d d", "s"),
        a_mean("s", "v"), a_node("Add", "v eps", "e"), a_node("Sqrt", "e", "r"),
        a_node("Reciprocal", "r", "i"), a_node("Mul", "d i", "n"), a_node("Mul", "n w", "k"),
        a_node("Add", "k b", "y"),
    ],
    "scale on the root (Keras)": [
        a_mean("x", "m"), a_node("Sub", "x m", "d"), a_node("Mul", "d d", "s"),
        a_mean("s", "v"), a_node("Add", "v eps", "e"), a_node("Sqrt", "e", "r"),
        a_node("Reciprocal", "r", "i"), a_node("Mul", "i w", "iw"), a_node("Mul", "x iw", "xs"),
        a_node("Mul", "m iw", "ms"), a_node("Sub", "b ms", "sh"), a_node("Add", "xs sh", "y"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("written", LAYER_NORMS)
def test_layer_norm_is_one_kernel_however_it_is_written(written):
    graph = a_net(LAYER_NORMS[written], stored=AFFINE, scalars=SCALARS)

    ops = ops_of(graph, ["layer-norm"])

    assert [op.label for op in ops] == ["LayerNormalization"]
    assert ops[0].inputs[0] == "x"


def test_a_decomposed_norm_reads_its_input_once_and_writes_its_output_once():
    graph = a_net(LAYER_NORMS["power"], x=("N", 16, 8), stored=AFFINE, scalars=SCALARS)

    kernels = lowered(graph, ["layer-norm"]).at(4, "fp32").kernels

    activations = 4 * 16 * 8 * 4
    assert kernels.read_bytes.tolist() == [activations + 2 * 8 * 4 + 2 * 4]
    assert kernels.write_bytes.tolist() == [activations]
    assert FAMILIES[kernels.family[0]] == "norm"
    assert (kernels.m[0], kernels.n[0]) == (4 * 16, 8)


def test_rms_norm_is_one_kernel():
    nodes = [
        a_node("Pow", "x two", "s"), a_mean("s", "v"), a_node("Add", "v eps", "e"),
        a_node("Sqrt", "e", "r"), a_node("Div", "one r", "i"), a_node("Mul", "x i", "n"),
        a_node("Mul", "w n", "y"),
    ]  # fmt: skip

    graph = a_net(nodes, stored=weights(w=(8,)), scalars=SCALARS)

    assert labels(graph, ["layer-norm"]) == ["RMSNormalization"]


def test_a_norm_without_weights_is_found():
    assert labels(a_net(
        [*LAYER_NORMS["power"][:6], a_node("Div", "d r", "y")], scalars=SCALARS
    ), ["layer-norm"]) == ["LayerNormalization"]  # fmt: skip


def test_the_residual_behind_a_norm_is_not_part_of_it():
    nodes = [*LAYER_NORMS["power"][:-1], a_node("Add", "k b", "z"), a_node("Add", "z x", "y")]
    graph = a_net(nodes, stored=AFFINE, scalars=SCALARS)

    assert labels(graph, ["layer-norm"]) == ["LayerNormalization", "Add"]


def test_a_second_scale_behind_a_norm_is_not_part_of_it():
    nodes = [*LAYER_NORMS["power"][:-1], a_node("Add", "k b", "z"), a_node("Mul", "z w", "y")]
    graph = a_net(nodes, stored=AFFINE, scalars=SCALARS)

    assert labels(graph, ["layer-norm"]) == ["LayerNormalization", "Mul"]


def test_group_norm_takes_its_scale_and_shift_along():
    nodes = [
        a_node("Reshape", "x groups", "g"), a_node("InstanceNormalization", "g one4 zero4", "i"),
        a_node("Reshape", "i back", "j"), a_node("Mul", "j w", "k"), a_node("Add", "k b", "y"),
    ]  # fmt: skip
    stored = weights(one4=(4,), zero4=(4,), w=(8, 1, 1), b=(8, 1, 1)) | {
        "groups": np.array([0, 4, -1]),
        "back": np.array([-1, 8, 6, 6]),
    }

    graph = a_net(nodes, x=("N", 8, 6, 6), stored=stored)

    assert labels(graph, ["group-norm"]) == ["GroupNormalization"]


@pytest.mark.parametrize("with_maximum", [True, False])
def test_a_softmax_chain_is_one_kernel(with_maximum):
    before = [a_node("ReduceMax", "x", "m", axes=[-1]), a_node("Sub", "x m", "d")]
    nodes = [
        *(before if with_maximum else [a_node("Relu", "x", "d")]), a_node("Exp", "d", "e"),
        a_node("ReduceSum", "e axes", "s"), a_node("Div", "e s", "y"),
    ]  # fmt: skip

    graph = a_net(nodes, stored={"axes": np.array([-1])})

    assert labels(graph, ["softmax"]) == (["Softmax"] if with_maximum else ["Relu", "Softmax"])


def test_add_and_norm_are_one_kernel_where_nobody_else_needs_the_sum():
    post = [a_node("Add", "x x", "s"), a_node("LayerNormalization", "s w b", "y")]
    pre = [*post[:1], a_node("LayerNormalization", "s w b", "n"), a_node("Add", "s n", "y")]

    assert labels(a_net(post, stored=AFFINE), ["add-norm"]) == ["Add+LayerNormalization"]
    assert labels(a_net(pre, stored=AFFINE), ["add-norm"]) == ["Add", "LayerNormalization", "Add"]
