"""The 1,900 models of onnx's own test suite: each operator in each of its variants.

They take as long as the corpus, so they run with it.
"""

import warnings

import pytest

from phantomgpu.onnx import BytesSource, infer_shapes, read_model
from phantomgpu.ops import demand

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def cases():
    pytest.importorskip("onnx", reason="the models are the onnx package's")
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflows that the cases provoke on purpose
        found = collect_testcases(None)
    return {case.name: case.model for case in found}


def counted(model):
    source = BytesSource("case.onnx", model.SerializeToString())
    shaped = infer_shapes(read_model(source), {})
    return [(node, demand(node, shaped)) for node in shaped.nodes]


def macs(model):
    return sum(done.macs for _, done in counted(model))


def test_every_variant_of_every_operator_is_counted(cases):
    negative = {
        name: node.op_type
        for name, model in cases.items()
        for node, done in counted(model)
        if min(done.matrix_flops, done.vector_flops, done.special_flops, *done.read, 0) < 0
    }

    assert len(cases) > 1500
    assert negative == {}


def test_attention_costs_what_its_definition_by_products_costs(cases):
    """Where a sliding window leaves keys out, the definition multiplies them all the same."""
    wrong = {}
    for name, model in cases.items():
        expanded = cases.get(f"{name}_expanded")
        if name.startswith("test_attention") and "window" not in name and expanded is not None:
            fused, spelled_out = macs(model), macs(expanded)
            if fused != spelled_out:
                wrong[name] = (fused, spelled_out)

    assert wrong == {}
