"""Every operator that anybody defines has a rule, or is approximate on purpose."""

import pytest

from phantomgpu.ops.lookup import rule_of


def missing(operators):
    return sorted({(domain, name) for domain, name in operators if rule_of(domain, name) is None})


def test_every_operator_of_onnx_has_a_rule_whatever_its_version():
    onnx = pytest.importorskip("onnx", reason="the list of operators is the onnx package's")
    schemas = onnx.defs.get_all_schemas_with_history()

    assert missing((schema.domain, schema.name) for schema in schemas) == []


def test_every_operator_of_onnx_runtime_has_a_rule():
    pytest.importorskip("onnxruntime", reason="the list of operators is ONNX Runtime's")
    from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

    own = {"com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"}
    schemas = [schema for schema in get_all_operator_schema() if schema.domain in own]

    assert missing((schema.domain, schema.name) for schema in schemas) == []
