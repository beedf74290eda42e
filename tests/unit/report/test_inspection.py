"""An inspection counts what is in the model, and an explanation loses none of the time."""

import pytest

from phantomgpu.cost import predict
from phantomgpu.onnx.graph import Tensor
from phantomgpu.report.inspection import inspection_json, parameter_count
from phantomgpu.report.kernels import kernel_times, kernel_work
from phantomgpu.workload import lower
from tests.unit.comparison.builders import a_catalog, a_graph


def inspected(batch=8, **graph):
    model = a_graph(**graph)
    schedule = lower(model, fusion=(), casts="none", runtime="plain", dims={})
    return inspection_json(model, schedule.shaped, schedule.at(batch, "fp16"), name="chain")


def test_macs_are_those_of_the_products():
    assert inspected(layers=3, width=64)["macs"] == 3 * 8 * 64 * 64


def test_flops_are_two_for_each_mac_where_there_is_nothing_else():
    found = inspected()

    assert found["flops"] == 2 * found["macs"]


def test_weights_are_counted_as_they_are_in_the_file_and_on_the_gpu():
    found = inspected(layers=3, width=64)

    assert found["parameters"] == 3 * 64 * 64
    assert found["weight_bytes"] == 4 * 3 * 64 * 64
    assert found["run"]["weight_bytes"] == 2 * 3 * 64 * 64


def test_equal_kernels_share_a_row_that_counts_them():
    rows = inspected(layers=12)["kernels"]

    assert {row["op"] for row in rows} == {"MatMul"}
    assert sum(row["count"] for row in rows) == 12
    assert len(rows) < 4


def test_an_input_says_what_its_free_dimensions_were_set_to():
    free = inspected()["inputs"][0]["free"]

    assert [(dim["symbol"], dim["axis"], dim["is_batch"]) for dim in free] == [("batch", 0, True)]


def test_operators_are_counted_the_most_frequent_first():
    assert inspected(layers=3)["operators"] == {"MatMul": 3}


def test_indices_are_no_parameters_and_quantised_weights_are():
    graph = a_graph(layers=1, width=4)
    for name, dtype in (("indices", "int64"), ("quantised", "int8")):
        graph.tensors[name] = Tensor(name, (10,), dtype, is_weight=True)

    assert parameter_count(graph) == 4 * 4 + 10


def test_kernels_come_with_the_longest_first_and_their_times_add_up():
    schedule = lower(a_graph(width=512), fusion=(), casts="none", runtime="plain", dims={})
    workload = schedule.at(64, "fp16")
    catalog = a_catalog()
    estimate = predict([workload], [catalog.gpu("round")], catalog.runtime("tensorrt"))[0]

    rows = kernel_times(workload, estimate)

    shares = [row["share"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert {row["op"] for row in rows} == {row["op"] for row in kernel_work(workload)}
    assert all(row["intensity"] > 0 and row["flops_per_s"] > 0 for row in rows)
