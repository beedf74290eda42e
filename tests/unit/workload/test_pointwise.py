from tests.unit.workload.builders import a_net, a_node, labels, ops_of, weights

ALL = ["pointwise-reductions"]


def test_a_chain_of_pointwise_operations_is_one_kernel():
    nodes = [a_node("Relu", "x", "a"), a_node("Mul", "a a", "b"), a_node("Add", "b x", "y")]

    ops = ops_of(a_net(nodes), ["pointwise"])

    assert [(op.label, op.inputs, op.outputs) for op in ops] == [("Relu+Mul+Add", ("x",), ("y",))]


def test_a_result_that_others_need_is_written_on_the_way():
    nodes = [a_node("Relu", "x", "a"), a_node("Exp", "a", "b"), a_node("MatMul", "a w", "c"),
             a_node("Add", "b c", "y")]  # fmt: skip

    ops = ops_of(a_net(nodes, stored=weights(w=(8, 8))), ["pointwise"])

    assert [op.label for op in ops] == ["Relu+Exp", "MatMul", "Add"]
    assert set(ops[0].outputs) == {"a", "b"}


def test_no_kernel_waits_for_its_own_result():
    nodes = [a_node("Relu", "x", "a"), a_node("MatMul", "a w", "b"), a_node("Add", "a b", "y")]

    assert labels(a_net(nodes, stored=weights(w=(8, 8))), ["pointwise"]) == [
        "Relu",
        "MatMul",
        "Add",
    ]


def test_a_compiler_gives_a_softmax_its_neighbours():
    nodes = [a_node("Mul", "x c", "a"), a_node("Softmax", "a", "b"), a_node("Relu", "b", "y")]

    assert labels(a_net(nodes, scalars={"c": 2.0}), ALL) == ["Mul+Softmax+Relu"]
    assert labels(a_net(nodes, scalars={"c": 2.0}), ["pointwise"]) == ["Mul", "Softmax", "Relu"]


def test_a_sum_that_is_needed_twice_is_written_by_the_norm_that_reads_it():
    nodes = [a_node("Add", "x x", "s"), a_node("LayerNormalization", "s w b", "n"),
             a_node("MatMul", "n u", "m"), a_node("Add", "s m", "y")]  # fmt: skip

    ops = ops_of(a_net(nodes, stored=weights(w=(8,), b=(8,), u=(8, 8))), ALL)

    assert [op.label for op in ops] == ["Add+LayerNormalization", "MatMul", "Add"]
    assert set(ops[0].outputs) == {"s", "n"}


def test_norms_over_different_rows_stay_apart():
    nodes = [a_node("LayerNormalization", "x w b", "a"),
             a_node("Transpose", "a", "t", perm=[0, 2, 1]),
             a_node("LayerNormalization", "t u c", "y")]  # fmt: skip
    graph = a_net(nodes, x=("N", 16, 8), stored=weights(w=(8,), b=(8,), u=(16,), c=(16,)))

    assert labels(graph, ALL) == ["LayerNormalization+Transpose", "LayerNormalization"]


def test_a_mean_over_an_image_does_not_take_in_what_others_need():
    shared = [a_node("Relu", "x", "a"), a_node("ReduceMean", "a", "m", axes=[2, 3]),
              a_node("Conv", "m w", "g"), a_node("Mul", "a g", "y")]  # fmt: skip
    alone = [a_node("Relu", "x", "a"), a_node("ReduceMean", "a", "y", axes=[2, 3])]
    stored = weights(w=(8, 8, 1, 1))

    assert labels(a_net(shared, x=("N", 8, 6, 6), stored=stored), ALL) == [
        "Relu", "ReduceMean", "Conv", "Mul",
    ]  # fmt: skip
    assert labels(a_net(alone, x=("N", 8, 6, 6)), ALL) == ["Relu+ReduceMean"]


def test_what_is_broadcast_is_worked_out_inside_the_larger_loop():
    nodes = [a_node("Relu", "z", "a"), a_node("Mul", "x a", "y")]
    fed = {"x": ("float32", ("N", 8)), "z": ("float32", (1, 8))}

    assert labels(a_net(nodes, inputs=fed), ["pointwise"]) == ["Relu+Mul"]
