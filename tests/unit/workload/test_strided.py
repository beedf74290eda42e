import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.workload.strides import Layout, dense, multiplies_in_place, reshaped
from tests.unit.workload.builders import a_net, a_node, labels, lowered, ops_of, weights

STRIDED = ["strided-views"]
HEADS = np.array([-1, 16, 4, 2])
BACK = np.array([-1, 16, 8])

sizes = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple)


@given(sizes, st.data())
def test_a_reshape_needs_a_copy_exactly_where_numpy_makes_one(dims, data):
    order = data.draw(st.permutations(range(len(dims))))
    array = np.zeros(dims, np.int8).transpose(order)
    merged = data.draw(st.integers(0, max(len(dims) - 1, 0)))
    target = (*array.shape[:merged], -1)
    wanted = np.zeros(array.shape).reshape(target).shape

    found = reshaped(Layout(array.shape, array.strides), wanted)

    view = array.view()
    try:
        view.shape = wanted
    except AttributeError:
        assert found is None
    else:
        assert found is not None
        assert found.dims == wanted
        assert all(
            size == 1 or one == other
            for size, one, other in zip(wanted, found.strides, view.strides, strict=True)
        )


def test_a_batched_product_reads_a_transposed_matrix_but_not_interleaved_heads():
    turned = Layout((2, 3, 4), (12, 1, 3))
    heads = Layout((2, 4, 16, 8), (16 * 32, 8, 32, 1))

    assert multiplies_in_place(turned)
    assert not multiplies_in_place(heads)
    assert multiplies_in_place(Layout((1, 4, 16, 8), (16 * 32, 8, 32, 1)))
    assert multiplies_in_place(dense((2, 4, 16, 8)))


def test_transposes_slices_and_selections_are_no_kernels():
    nodes = [a_node("Transpose", "x", "t", perm=[0, 2, 1]),
             a_node("Slice", "t zero two one", "s"), a_node("Gather", "s first", "g", axis=1),
             a_node("Relu", "g", "y")]  # fmt: skip
    stored = {"zero": np.array([0]), "two": np.array([2]), "one": np.array([1]),
              "first": np.array(0)}  # fmt: skip
    graph = a_net(nodes, x=("N", 4, 8), stored=stored)

    assert labels(graph) == ["Transpose", "Slice", "Gather", "Relu"]
    assert labels(graph, STRIDED) == ["Relu"]


def test_merging_transposed_heads_copies_once():
    nodes = [a_node("Reshape", "x heads", "h"), a_node("Transpose", "h", "t", perm=[0, 2, 1, 3]),
             a_node("Relu", "t", "r"), a_node("Transpose", "r", "u", perm=[0, 2, 1, 3]),
             a_node("Reshape", "u back", "z"), a_node("MatMul", "z w", "y")]  # fmt: skip
    stored = {"heads": HEADS, "back": BACK, **weights(w=(8, 8))}
    graph = a_net(nodes, x=("N", 16, 8), stored=stored)

    kept_order = labels(graph, STRIDED)
    softmax = labels(
        a_net([*nodes[:2], a_node("Softmax", "t", "r"), *nodes[3:]], x=("N", 16, 8), stored=stored),
        STRIDED,
    )

    assert kept_order == ["Relu", "MatMul"]
    assert softmax == ["Softmax", "Contiguous", "MatMul"]


def test_a_copy_reads_and_writes_every_element_it_copies():
    nodes = [a_node("Transpose", "x", "t", perm=[0, 2, 1]), a_node("Reshape", "t flat", "z"),
             a_node("MatMul", "z w", "y")]  # fmt: skip
    stored = {"flat": np.array([-1, 32]), **weights(w=(32, 2))}

    workload = lowered(a_net(nodes, x=("N", 4, 8), stored=stored), STRIDED).at(4, "fp32")

    copy = [name.op for name in workload.names].index("Contiguous")
    assert workload.kernels.read_bytes[copy] == workload.kernels.write_bytes[copy] == 4 * 32 * 4


def test_heads_of_a_batch_are_copied_before_a_product_and_those_of_one_sequence_are_not():
    nodes = [a_node("Reshape", "x heads", "h"), a_node("Transpose", "h", "q", perm=[0, 2, 1, 3]),
             a_node("Transpose", "h", "k", perm=[0, 2, 3, 1]),
             a_node("MatMul", "q k", "y")]  # fmt: skip
    graph = a_net(nodes, x=("N", 16, 8), stored={"heads": HEADS})

    assert labels(graph, STRIDED, batch=1) == ["MatMul"]
    assert labels(graph, STRIDED, batch=2) == ["Contiguous", "Contiguous", "MatMul"]
    schedule = lowered(graph, STRIDED)
    assert schedule.at(1, "fp32").kernels.count.sum() == 1
    assert schedule.at(7, "fp32").kernels.count.sum() == 3


def test_a_convolution_keeps_channels_last_so_that_a_norm_over_channels_copies_once():
    nodes = [a_node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
             a_node("LayerNormalization", "t g b", "n"),
             a_node("Transpose", "n", "u", perm=[0, 3, 1, 2]), a_node("Conv", "u w", "c"),
             a_node("Transpose", "c", "v", perm=[0, 2, 3, 1]),
             a_node("LayerNormalization", "v g b", "y")]  # fmt: skip
    graph = a_net(nodes, x=("N", 8, 6, 6), stored=weights(g=(8,), b=(8,), w=(8, 8, 1, 1)))

    assert labels(graph, STRIDED) == [
        "Contiguous", "LayerNormalization", "Conv", "LayerNormalization",
    ]  # fmt: skip


def test_the_bias_of_a_convolution_is_a_kernel_of_its_own_in_pytorch():
    nodes = [a_node("Conv", "x w b", "a"), a_node("Relu", "a", "y")]
    graph = a_net(nodes, x=("N", 8, 6, 6), stored=weights(w=(8, 8, 1, 1), b=(8,)))

    whole = lowered(graph).at(2, "fp32").kernels
    apart = lowered(graph, ["conv-bias-apart"]).at(2, "fp32")

    assert [name.op for name in apart.names] == ["Conv", "Bias", "Relu"]
    image = 2 * 8 * 36 * 4
    assert apart.kernels.read_bytes.tolist() == [image + 256, image + 32, image]
    assert apart.kernels.vector_flops.sum() == whole.vector_flops.sum()
    assert apart.kernels.matrix_flops.sum() == whole.matrix_flops.sum()


def test_only_spatial_weights_are_put_into_channels_last_order():
    nodes = [a_node("Conv", "x w", "a", pads=[1, 1, 1, 1]), a_node("Conv", "a u", "b"),
             a_node("Conv", "b d", "y", group=8)]  # fmt: skip
    graph = a_net(
        nodes, x=("N", 8, 6, 6), stored=weights(w=(8, 8, 3, 3), u=(8, 8, 1, 1), d=(8, 1, 3, 3))
    )

    ops = ops_of(graph, ["weight-layout"])

    assert [op.label for op in ops] == ["Contiguous", "Conv", "Conv", "Conv"]
    assert ops[0].inputs == ("w",)


def test_parts_of_one_buffer_are_read_once_each():
    nodes = [a_node("Split", "x", "a b", axis=1), a_node("Mul", "a b", "y")]
    graph = a_net(nodes, x=("N", 8), opset=11)

    kernels = lowered(graph, STRIDED).at(4, "fp32").kernels

    assert kernels.read_bytes.tolist() == [4 * 8 * 4]
    assert kernels.write_bytes.tolist() == [4 * 4 * 4]
