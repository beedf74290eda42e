"""What holds for every graph, runtime, batch and precision."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phantomgpu.dtype import PRECISIONS
from phantomgpu.workload.fusion import RULES
from tests.unit.workload.builders import a_net, a_node, lowered, totals, weights
from tests.unit.workload.runtimes import FUSION

STORED = weights(w=(8, 8), c=(8,), g=(8,), b=(8,), w3=(4, 4, 3, 3), s=(1,))
UNARY = ("Relu", "Sigmoid", "Exp", "Neg", "Tanh")
BINARY = ("Add", "Mul")
NO_EXTRA_WORK = sorted(set(RULES) - {"conv-bias-apart", "weight-layout", "group-norm-contiguous"})
"""Rules that only join operations."""


@st.composite
def nets(draw):
    """A random net of products, norms, moves and arithmetic on rows of eight."""
    names, nodes = ["x"], []
    for index in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(("unary", "binary", "matmul", "norm", "softmax", "turn")))
        first = names[-1 - draw(st.integers(0, min(3, len(names) - 1)))]
        out = f"n{index}"
        if kind == "unary":
            nodes.append(a_node(draw(st.sampled_from(UNARY)), first, out))
        elif kind == "binary":
            second = draw(st.sampled_from([*names, "c", "s"]))
            nodes.append(a_node(draw(st.sampled_from(BINARY)), f"{first} {second}", out))
        elif kind == "matmul":
            nodes.append(a_node("MatMul", f"{first} w", out))
        elif kind == "norm":
            nodes.append(a_node("LayerNormalization", f"{first} g b", out))
        elif kind == "softmax":
            nodes.append(a_node("Softmax", first, out))
        else:
            nodes.append(a_node("Transpose", first, f"{out}t", perm=[0, 2, 1]))
            nodes.append(a_node("Transpose", f"{out}t", out, perm=[0, 2, 1]))
        names.append(out)
    outputs = sorted({names[-1], draw(st.sampled_from(names[1:]))})
    return a_net(nodes, x=("N", 8, 8), out=" ".join(outputs), stored=STORED)


rules = st.lists(st.sampled_from(NO_EXTRA_WORK), unique=True, max_size=8)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)


@quick
@given(nets(), rules, st.sampled_from(sorted(PRECISIONS)))
def test_fusion_keeps_all_flops_and_adds_no_bytes(graph, fusion, precision):
    apart = totals(lowered(graph).at(2, precision))
    fused = totals(lowered(graph, fusion).at(2, precision))

    for unit in ("matrix_flops", "vector_flops", "special_flops"):
        assert fused[unit] == apart[unit]
    if PRECISIONS[precision].activation_bits == PRECISIONS[precision].vector_bits:
        assert fused["read_bytes"] <= apart["read_bytes"]
        assert fused["write_bytes"] <= apart["write_bytes"]
    assert fused["count"] <= apart["count"]


@quick
@given(nets(), rules)
def test_fusion_keeps_every_node_once(graph, fusion):
    apart = lowered(graph).at(2, "fp32")
    fused = lowered(graph, fusion).at(2, "fp32")

    def nodes(workload):
        return sorted(node for name in workload.names for each in name.nodes for node in each)

    assert nodes(fused) == nodes(apart)


@quick
@given(nets(), st.sampled_from(sorted(FUSION)))
def test_every_kernel_runs_after_what_it_reads(graph, runtime):
    schedule = lowered(graph, FUSION[runtime])

    made = {"x"}
    for op in schedule.kernels:
        running = {name for name in op.inputs if name not in STORED}
        made |= {name for name in running if name.partition("\0")[0] in STORED}
        assert running <= made
        made |= set(op.outputs)


@quick
@given(nets(), st.sampled_from(sorted(FUSION)), st.sampled_from(["none", "autocast"]))
def test_flops_and_bytes_grow_with_the_batch(graph, runtime, casts):
    schedule = lowered(graph, FUSION[runtime], casts=casts)

    steps = [totals(schedule.at(batch, "fp16")) for batch in (2, 3, 8, 64)]

    for few, many in pairwise(steps):
        for name in ("matrix_flops", "vector_flops", "special_flops", "write_bytes"):
            assert few[name] <= many[name]


@quick
@given(nets(), st.sampled_from(sorted(FUSION)), st.integers(2, 200))
def test_interpolated_sizes_are_those_of_the_batch_itself(graph, runtime, batch):
    along_the_line = lowered(graph, FUSION[runtime]).at(batch, "fp16")
    fixed = lowered(graph, FUSION[runtime], dims={})
    variant = fixed._variant(PRECISIONS["fp16"])
    by_itself = fixed._point(variant, batch)

    totals_there = by_itself.at(batch).numbers @ by_itself.structure.traits.repeats
    kernels = along_the_line.kernels
    assert np.isclose(kernels.matrix_flops @ kernels.count, totals_there[0])
    assert np.isclose(kernels.vector_flops @ kernels.count, totals_there[1])


@pytest.mark.parametrize("runtime", sorted(FUSION))
@pytest.mark.parametrize("precision", sorted(PRECISIONS))
def test_every_runtime_lowers_at_every_precision(runtime, precision):
    nodes = [a_node("Conv", "x w3 k", "a", pads=[1, 1, 1, 1]), a_node("Relu", "a", "r"),
             a_node("GlobalAveragePool", "r", "y")]  # fmt: skip
    graph = a_net(nodes, x=("N", 4, 8, 8), stored={**STORED, **weights(k=(4,))})

    for casts in ("none", "autocast"):
        workload = lowered(graph, FUSION[runtime], casts=casts).at(3, precision)

        assert totals(workload)["matrix_flops"] == 2 * 3 * 64 * 4 * 4 * 9
