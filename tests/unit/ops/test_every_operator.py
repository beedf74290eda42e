"""What holds for every operator of the table, whatever it is given."""

from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phantomgpu.errors import ShapeError
from phantomgpu.ops import demand
from phantomgpu.ops.lookup import RULES, rule_of
from tests.unit.ops.builders import UNKNOWN, a_call, asked

OPERATORS = sorted((domain, name) for domain, names in RULES.items() for name in names)
INTEGERS = (
    "axis", "group", "num_heads", "kv_num_heads", "q_num_heads", "transA", "transB",
    "layout", "hidden_size", "k", "K", "N", "bits", "size", "num_groups", "groups", "is_causal",
    "signal_ndim", "sampling_ratio", "local_window_size", "window", "expert_weight_bits", "Nq",
    "Nkv", "unidirectional", "left_window_size", "right_window_size", "do_rotary",
    "training_mode", "transBatchA", "channels_last",
)  # fmt: skip
LISTS = ("kernel_shape", "strides", "axes", "qkv_hidden_sizes", "tree_roots", "nodes_treeids")
TEXTS = {
    "mode": ["nearest", "linear", "cubic", "?"],
    "equation": ["ij,jk->ik", "...i,...j", "ii->i", "a,b,c->", "i->", "ijk", ","],
    "reduction": ["none", "add"],
    "activation": ["silu", "none", ""],
    "update_rule": ["linear", "gated_delta"],
}

shapes = st.one_of(
    st.none(), st.just(UNKNOWN), st.just("in0"), st.lists(st.integers(0, 5), max_size=5).map(tuple)
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.integers(-3, 5) for name in INTEGERS},
        **{name: st.lists(st.integers(-3, 5), max_size=4) for name in LISTS},
        **{name: st.sampled_from(texts) for name, texts in TEXTS.items()},
    },
)
values = st.dictionaries(st.integers(0, 7), st.lists(st.integers(-3, 6), min_size=1, max_size=2))


def counts(done):
    p = done.parallel
    return [
        done.matrix_flops, done.vector_flops, done.special_flops, *done.read, *done.written,
        p.m, p.n, p.k, p.batch, p.window, p.stride, p.kv_groups, p.steps,
    ]  # fmt: skip


def size_of(shaped, name):
    tensor = shaped.tensors.get(name)
    return prod(tensor.dims) if tensor and tensor.dims is not None else 0


@settings(max_examples=500, deadline=None)
@given(
    operator=st.sampled_from(OPERATORS),
    inputs=st.lists(shapes, max_size=8),
    outputs=st.lists(shapes, max_size=4),
    attributes=attributes,
    values=values,
    opset=st.sampled_from([7, 12, 18, 23]),
)
def test_whatever_it_is_given_it_counts_or_says_what_does_not_fit(
    operator, inputs, outputs, attributes, values, opset
):
    domain, name = operator
    node, shaped = a_call(
        name, inputs, outputs, domain=domain, values=values, opset=opset, **attributes
    )
    try:
        done = demand(node, shaped)
    except ShapeError:
        return

    assert all(type(count) is int and count >= 0 for count in counts(done))
    assert len(done.read) == len(node.inputs)
    assert len(done.written) == len(node.outputs)
    for read, tensor in zip(done.read, node.inputs, strict=True):
        assert read <= size_of(shaped, tensor)
    for written, tensor in zip(done.written, node.outputs, strict=True):
        assert written <= size_of(shaped, tensor)
    if done.family == "view":
        assert not any((*done.read, *done.written))


def test_an_unknown_operator_is_counted_by_its_bytes_and_named():
    done = asked("Frobnicate", [(2, 3), (4,)], [(5, 6)])

    assert done.family == "approximate"
    assert (done.read, done.written) == ((6, 4), (30,))
    assert "Frobnicate" in done.approximation


def test_a_known_name_in_an_unknown_domain_is_unknown():
    done = asked("Conv", [(1, 3, 8, 8), (4, 3, 3, 3)], [(1, 4, 8, 8)], domain="my.company")

    assert (done.family, done.matrix_flops) == ("approximate", 0)
    assert "my.company.Conv" in done.approximation


def test_names_of_onnx_runtime_in_the_standard_domain_are_known():
    done = asked("SkipLayerNormalization", [(1, 8, 32), (1, 8, 32)], [(1, 8, 32)])

    assert done.family == "norm"


def test_the_standard_meaning_of_a_name_comes_first():
    assert rule_of("", "Attention") is not rule_of("com.microsoft", "Attention")


def test_an_operator_whose_shapes_are_unknown_is_counted_by_the_rest():
    done = asked("MatMul", [(4, 8), UNKNOWN], [(4, 6)])

    assert (done.family, done.read, done.written) == ("approximate", (32, 0), (24,))
    assert "in1" in done.approximation


def test_an_unknown_operand_beside_the_count_keeps_the_count():
    done = asked("Gemm", [(4, 8), (8, 6), UNKNOWN], [(4, 6)])

    assert done.macs == 4 * 8 * 6
    assert "in2" in done.approximation


def test_a_view_of_something_unknown_is_no_approximation():
    assert asked("SequenceAt", [UNKNOWN, ()], [(3,)]).approximation == ""


def test_an_attribute_of_the_wrong_type_is_an_error_that_names_it():
    with pytest.raises(ShapeError, match="group"):
        asked("Conv", [(1, 3, 8, 8), (4, 3, 3, 3)], [(1, 4, 8, 8)], group="two")


def batched(name, inputs, outputs, **details):
    """FLOPs of a call at batch 1, 2 and 3; ``N`` stands for the batch."""

    def at(batch):
        def put(shape):
            return shape and tuple(batch if dim == "N" else dim for dim in shape)

        done = asked(name, [put(s) for s in inputs], [put(s) for s in outputs], **details)
        return done.matrix_flops, done.vector_flops, done.special_flops, sum(done.written)

    return [at(batch) for batch in (1, 2, 3)]


IMAGE, TOKENS = ("N", 8, 16, 16), ("N", 10, 64)


@pytest.mark.parametrize(
    ("name", "inputs", "outputs", "details"),
    [
        ("Conv", [IMAGE, (8, 8, 3, 3), (8,)], [IMAGE], {}),
        ("ConvTranspose", [IMAGE, (8, 8, 1, 1)], [IMAGE], {}),
        ("MatMul", [TOKENS, (64, 32)], [("N", 10, 32)], {}),
        ("Einsum", [TOKENS, (64, 32)], [("N", 10, 32)], {"equation": "bij,jk->bik"}),
        ("Attention", [("N", 4, 10, 16)] * 3, [("N", 4, 10, 16)], {"opset": 23}),
        ("LSTM", [(7, "N", 16), (1, 128, 16), (1, 128, 32)], [(7, 1, "N", 32)], {}),
        ("Softmax", [TOKENS], [TOKENS], {}),
        ("LayerNormalization", [TOKENS, (64,)], [TOKENS], {}),
        ("MaxPool", [IMAGE], [("N", 8, 8, 8)], {"kernel_shape": [2, 2]}),
        ("ReduceSum", [IMAGE], [("N", 8)], {}),
        ("Gelu", [TOKENS], [TOKENS], {}),
        ("Resize", [IMAGE], [("N", 8, 32, 32)], {"mode": "linear"}),
        ("QuantizeLinear", [TOKENS, ()], [TOKENS], {}),
        ("Frobnicate", [TOKENS], [TOKENS], {}),
    ],
)
def test_work_grows_in_proportion_to_the_batch(name, inputs, outputs, details):
    one, two, three = batched(name, inputs, outputs, **details)

    assert two == tuple(2 * count for count in one)
    assert three == tuple(3 * count for count in one)
