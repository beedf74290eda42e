from tests.unit.workload.builders import a_net, a_node, lowered, ops_of, weights

STORED = weights(w=(8, 8), c=(8,), g=(8,), b=(8,), u=(8, 8))
LINEAR = [a_node("MatMul", "x w", "a"), a_node("Add", "a c", "y")]


def cast_labels(nodes, fusion=("linear",), **details):
    ops = ops_of(a_net(nodes, stored=STORED, **details), fusion, half=True, autocast=True)
    return [op.label for op in ops]


def test_a_product_casts_its_input_its_weight_and_its_bias():
    assert cast_labels(LINEAR) == ["Cast", "Cast", "Cast", "MatMul+Add"]


def test_a_weight_used_twice_is_cast_once_and_an_activation_each_time():
    nodes = [a_node("Exp", "x", "e"), a_node("MatMul", "e w", "a"), a_node("MatMul", "e w", "d"),
             a_node("Add", "a d", "y")]  # fmt: skip

    assert cast_labels(nodes).count("Cast") == 3


def test_a_norm_behind_a_product_runs_in_fp32_and_casts_before():
    nodes = [a_node("MatMul", "x w", "a"), a_node("LayerNormalization", "a g b", "y")]

    assert cast_labels(nodes) == ["Cast", "Cast", "MatMul", "Cast", "LayerNormalization"]


def test_a_softmax_reads_half_and_writes_fp32_without_a_cast():
    nodes = [
        a_node("MatMul", "x w", "a"),
        a_node("Softmax", "a", "p"),
        a_node("MatMul", "p u", "y"),
    ]
    graph = a_net(nodes, stored=STORED)

    workload = lowered(graph, casts="autocast").at(4, "fp16")

    softmax = [name.op for name in workload.names].index("Softmax")
    assert workload.kernels.read_bytes[softmax] == 4 * 8 * 2
    assert workload.kernels.write_bytes[softmax] == 4 * 8 * 4


def test_an_activation_keeps_the_width_of_its_input():
    nodes = [*LINEAR[:1], a_node("Add", "a c", "z"), a_node("Relu", "z", "y")]

    workload = lowered(a_net(nodes, stored=STORED), ["linear"], casts="autocast").at(4, "fp16")

    relu = [name.op for name in workload.names].index("Relu")
    assert workload.kernels.read_bytes[relu] == 4 * 8 * 2


def test_weights_stay_fp32_in_memory_and_are_read_twice():
    graph = a_net(LINEAR, stored=STORED)

    amp = lowered(graph, ["linear"], casts="autocast").at(4, "fp16")
    half = lowered(graph, ["linear"]).at(4, "fp16")

    assert amp.weight_bytes == 2 * half.weight_bytes == (64 + 8) * 4
    weight = amp.kernels.weight_bytes @ amp.kernels.count
    assert weight == (64 + 8) * (4 + 2)


def test_autocast_touches_no_fp32_run():
    graph = a_net(LINEAR, stored=STORED)

    amp = lowered(graph, ["linear"], casts="autocast").at(4, "fp32")

    assert [name.op for name in amp.names] == ["MatMul+Add"]


def test_a_compiler_puts_the_cast_of_an_activation_into_its_producer():
    nodes = [a_node("LayerNormalization", "x g b", "n"), a_node("MatMul", "n w", "y")]

    found = cast_labels(nodes, ("linear", "pointwise-reductions"))

    assert sorted(found) == ["Cast", "LayerNormalization+Cast", "MatMul"]
