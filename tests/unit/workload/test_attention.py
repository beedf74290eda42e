import numpy as np
import pytest

from phantomgpu.workload.workload import FAMILIES
from tests.unit.workload.builders import a_net, a_node, labels, lowered, ops_of

HEADS = dict.fromkeys("qkv", ("float32", ("N", 4, 16, 8)))
SCALARS = {"c": 0.35, "lowest": -1e9}
K_TURNED = a_node("Transpose", "k", "kt", perm=[0, 1, 3, 2])
VALUES = [a_node("Softmax", "t", "p", axis=-1), a_node("MatMul", "p v", "y")]
MASK = {"mask": ("float32", ("N", 1, 1, 16))}
CHOICE = {"keep": ("bool", ("N", 1, 16, 16))}

ATTENTIONS = {
    "scale on the scores": (
        [K_TURNED, a_node("MatMul", "q kt", "s"), a_node("Mul", "s c", "t"), *VALUES], {},
    ),
    "scale on q and on k": (
        [K_TURNED, a_node("Mul", "q c", "qs"), a_node("Mul", "kt c", "ks"),
         a_node("MatMul", "qs ks", "t"), *VALUES], {},
    ),
    "mask added": (
        [K_TURNED, a_node("MatMul", "q kt", "s"), a_node("Div", "s c", "u"),
         a_node("Add", "u mask", "t"), *VALUES], MASK,
    ),
    "mask chosen": (
        [K_TURNED, a_node("MatMul", "q kt", "s"), a_node("Where", "keep s lowest", "t"), *VALUES],
        CHOICE,
    ),
}  # fmt: skip


def an_attention(written):
    nodes, more = ATTENTIONS[written]
    return a_net(nodes, inputs={**HEADS, **more}, scalars=SCALARS)


@pytest.mark.parametrize("written", ATTENTIONS)
def test_attention_is_one_kernel_however_it_is_written(written):
    ops = ops_of(an_attention(written), ["attention"])

    assert [op.kind for op in ops] == ["Attention"]
    assert ops[0].args[:3] == ("q", "k", "v")


def test_attention_keeps_the_flops_of_both_products_and_never_writes_the_scores():
    kernels = lowered(an_attention("scale on the scores"), ["attention"]).at(3, "fp16").kernels

    batch_heads, tokens, depth = 3 * 4, 16, 8
    one = batch_heads * tokens * depth * 2
    assert kernels.matrix_flops.tolist() == [2 * 2 * batch_heads * tokens * tokens * depth]
    assert kernels.read_bytes.tolist() == [3 * one + 2]
    assert kernels.write_bytes.tolist() == [one]
    assert FAMILIES[kernels.family[0]] == "attention"
    assert [kernels.batch[0], kernels.m[0], kernels.n[0], kernels.k[0]] == [12, 16, 16, 8]


def test_flash_attention_needs_sixteen_bits():
    schedule = lowered(an_attention("scale on the scores"), ["flash-attention"])

    assert len(schedule.at(2, "fp16").kernels) == 1
    assert [name.op for name in schedule.at(2, "fp32").names] == [
        "Transpose", "MatMul", "Mul", "Softmax", "MatMul",
    ]  # fmt: skip


def test_repeated_heads_are_read_once_and_counted_as_a_group():
    nodes = [
        a_node("Unsqueeze", "k two", "k1"), a_node("Expand", "k1 wide", "k2"),
        a_node("Reshape", "k2 heads", "k3"), a_node("Unsqueeze", "v two", "v1"),
        a_node("Expand", "v1 wide", "v2"), a_node("Reshape", "v2 heads", "v3"),
        a_node("Transpose", "k3", "kt", perm=[0, 1, 3, 2]), a_node("MatMul", "q kt", "t"),
        a_node("Softmax", "t", "p", axis=-1), a_node("MatMul", "p v3", "y"),
    ]  # fmt: skip
    fed = {
        "q": ("float32", ("N", 8, 16, 8)),
        "k": ("float32", ("N", 2, 16, 8)),
        "v": ("float32", ("N", 2, 16, 8)),
    }
    stored = {
        "two": np.array([2]),
        "wide": np.array([1, 1, 4, 1, 1]),
        "heads": np.array([-1, 8, 16, 8]),
    }

    kernels = lowered(a_net(nodes, inputs=fed, stored=stored), ["attention"]).at(2, "fp16").kernels

    assert kernels.kv_groups.tolist() == [4]
    assert kernels.read_bytes.tolist() == [2 * 16 * 8 * (8 + 2 + 2) * 2]


def test_the_transpose_that_merges_heads_is_done_by_strides():
    nodes = [*ATTENTIONS["scale on the scores"][0][:-1], a_node("MatMul", "p v", "o"),
             a_node("Transpose", "o", "y", perm=[0, 2, 1, 3])]  # fmt: skip

    assert len(ops_of(a_net(nodes, inputs=HEADS, scalars=SCALARS), ["attention"])) == 1


def test_scores_that_are_fetched_keep_their_kernel():
    nodes, more = ATTENTIONS["scale on the scores"]
    graph = a_net(nodes, inputs={**HEADS, **more}, out="y p", scalars=SCALARS)

    assert "Softmax" in labels(graph, ["attention"])


def test_a_softmax_over_a_product_with_a_weight_is_no_attention():
    nodes = [
        a_node("MatMul", "x w", "t"),
        a_node("Softmax", "t", "p"),
        a_node("MatMul", "p u", "y"),
    ]
    graph = a_net(nodes, stored={"w": np.zeros((8, 8), np.float32),
                                 "u": np.zeros((8, 8), np.float32)})  # fmt: skip

    assert labels(graph, ["attention"]) == ["MatMul", "Softmax", "MatMul"]


def test_heads_repeated_by_a_copy_are_a_group_too():
    nodes = [
        a_node("Unsqueeze", "k two", "k1"), a_node("Expand", "k1 wide", "k2"),
        a_node("Reshape", "k2 heads", "k3"), a_node("Transpose", "k3", "kt", perm=[0, 1, 3, 2]),
        a_node("MatMul", "q kt", "t"), a_node("Softmax", "t", "p", axis=-1),
        a_node("MatMul", "p v", "y"),
    ]  # fmt: skip
    fed = {**HEADS, "k": ("float32", ("N", 2, 16, 8))}
    stored = {
        "two": np.array([2]),
        "wide": np.array([1, 1, 2, 1, 1]),
        "heads": np.array([-1, 4, 16, 8]),
    }

    ops = ops_of(a_net(nodes, inputs=fed, stored=stored), ["strided-views", "attention"])

    assert [(op.kind, op.kv_groups, op.args[:3]) for op in ops] == [
        ("Attention", 2, ("q", "k", "v"))
    ]


def windows_of(dims, wide=8):
    """Attention with heads of these dimensions; values ``wide`` elements wide."""
    nodes = [
        a_node("Transpose", "k", "kt", perm=[*range(len(dims) - 2), len(dims) - 1, len(dims) - 2]),
        a_node("MatMul", "q kt", "s"), a_node("Softmax", "s", "p", axis=-1),
        a_node("MatMul", "p v", "y"),
    ]  # fmt: skip
    fed = dict.fromkeys("qk", ("float32", dims)) | {"v": ("float32", (*dims[:-1], wide))}
    return a_net(nodes, inputs=fed)


@pytest.mark.parametrize(
    ("graph", "kernels"),
    [
        (windows_of(("N", 4, 16, 8)), 1),
        (windows_of(("N", 9, 4, 16, 8)), 3),
        (windows_of(("N", 4, 16, 8), wide=16), 3),
    ],
    ids=["four dimensions", "windows as a fifth", "values wider than keys"],
)
def test_pytorch_has_a_kernel_for_four_dimensions_and_one_width_of_head(graph, kernels):
    schedule = lowered(graph, ["strided-views", "torch-attention"])

    assert len(schedule.at(2, "fp16").kernels) == kernels


def test_autocast_leaves_the_softmax_of_windows_in_sixteen_bits():
    rules = ["strided-views", "torch-attention"]
    windows, written_out = (
        lowered(graph, rules, casts="autocast").at(2, "fp16")
        for graph in (windows_of(("N", 9, 4, 16, 8)), windows_of(("N", 4, 16, 8), wide=16))
    )

    def casts_behind(workload):
        names = [name.op for name in workload.names]
        return names[names.index("Softmax") :].count("Cast")

    assert (casts_behind(windows), casts_behind(written_out)) == (0, 1)
