"""A kernel table says of a model what its kernels do, exactly, and nothing that names it."""

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.errors import BatchError, RequestError
from phantomgpu.onnx import BytesSource, read_model
from phantomgpu.report.canonical import canonical_toml
from phantomgpu.workload import Kernels, lower
from phantomgpu.workload.table import parts_of, table_graph, table_schedule
from phantomgpu.workload.tabulate import tabulated

MODELS = ("resnet50", "bert-base", "vit-b16")


def a_schedule(repository, model="resnet50"):
    path = repository / "profiles" / "models" / f"{model}.onnx.gz"
    graph = read_model(BytesSource(path.name, path.read_bytes()))
    return lower(graph, fusion=(), casts="none", runtime="tensorrt", dims={})


def reopened(table):
    parts = parts_of(json.loads(json.dumps(table)), where="tables")
    graph = table_graph("kernel-table", parts)
    return table_schedule(parts, graph, runtime="tensorrt", fusion=(), casts="none")


@pytest.fixture(scope="module")
def resnet(repository):
    return a_schedule(repository)


@pytest.fixture(scope="module")
def table(resnet):
    return tabulated([resnet], ["fp16"], [1, 8])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_table_has_the_very_kernels_of_the_model_at_every_batch(repository, model, precision):
    schedule = a_schedule(repository, model)
    found = reopened(tabulated([schedule], ["fp16"], [1, 8]))

    for batch in (1, 2, 8, 57):
        wanted, got = schedule.at(batch, precision), found.at(batch, precision)
        for column in fields(Kernels):
            assert np.array_equal(
                getattr(got.kernels, column.name), getattr(wanted.kernels, column.name)
            ), column.name
        assert got.weight_bytes == wanted.weight_bytes
        assert got.peak_activation_bytes == wanted.peak_activation_bytes
        assert (got.input_bytes, got.output_bytes) == (wanted.input_bytes, wanted.output_bytes)


def test_table_holds_no_name_of_the_model(resnet, table):
    text = canonical_toml({"parts": table}).lower()

    names = {
        name for kernel in resnet.at(1, "fp16").names for node in kernel.nodes for name in node
    }
    assert len(names) > 50
    assert not [name for name in names if name.lower() in text]
    assert "relu" not in text


def test_steps_of_a_table_are_its_launches(resnet, table):
    launches = sum(step.repeats for step in reopened(table).steps(8, "fp16"))

    assert launches == sum(step.repeats for step in resnet.steps(8, "fp16"))


def test_steps_of_a_table_hold_what_the_fullest_moment_does(resnet, table):
    alive = {step.alive_bytes for step in reopened(table).steps(8, "fp16")}

    assert alive == {resnet.at(8, "fp16").peak_activation_bytes}


def test_what_a_table_does_not_hold_is_said(table):
    with pytest.raises(RequestError, match="does not say what tensorrt launches at fp32"):
        reopened(table).at(1, "fp32")


def test_points_of_a_table_serve_their_batches_only(table):
    points = [
        {key: value for key, value in table[0].items() if not key.endswith("+")} | {"only": batch}
        for batch in (1, 8)
    ]
    schedule = reopened(points)

    assert schedule.batch_dim is None
    assert schedule.at(8, "fp16").batch == 8
    with pytest.raises(BatchError, match="does not hold batch 2") as error:
        schedule.at(2, "fp16")
    assert "1, 8" in error.value.fix


@pytest.mark.parametrize(
    "part",
    [
        7,
        {},
        {"kernels": 0},
        {"kernels": 10**9},
        {"kernels": 1, "money": 3},
        {"kernels": 1, "family": "magic"},
        {"kernels": 2, "family": ["conv"]},
        {"kernels": 1, "family": "conv", "m": "wide"},
        {"kernels": 1, "family": "conv", "m": 1e300},
        {"kernels": 1, "family": "conv", "m": float("nan")},
        {"kernels": 1, "family": "conv", "live": 3},
        {"kernels": 1, "family": "conv", "live": [[0] * 7], "ends": [[0] * 7]},
        {"kernels": 1, "family": "conv", "live": [[0] * 7], "ends": [[0] * 7] * 2,
         "weights": [0] * 7},
        {"kernels": 1, "family": "conv", "live": [[0] * 7], "ends": [[0] * 7] * 2,
         "weights": [0] * 7, "runtime": "tensorrt", "from": True},
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(part):
    with pytest.raises(RequestError, match="kernel table cannot be used"):
        parts_of([part], where="tables")


@pytest.mark.parametrize("document", [None, [], "text", {}, [{}] * 101])
def test_what_is_no_list_of_parts_is_refused(document):
    with pytest.raises(RequestError, match="kernel table cannot be used"):
        parts_of(document, where="tables")


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(
    st.dictionaries(
        st.sampled_from(
            ["kernels", "family", "peak", "m", "m+", "count", "live", "runtime", "cap"]
        ),
        values | st.lists(values, max_size=3) | st.lists(st.lists(values, max_size=7), max_size=2),
    )
)
def test_junk_is_a_table_or_a_request_error(junk):
    try:
        found = parts_of([junk], where="tables")
    except RequestError as error:
        found = error.fix

    assert found
