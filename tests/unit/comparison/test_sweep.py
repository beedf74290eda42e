"""Every point asked for is a cell: with figures, or with why it cannot run."""

import pytest

from phantomgpu.comparison import compare, compare_streaming
from phantomgpu.errors import BatchError, RequestError, UnknownNameError
from tests.unit.comparison.builders import a_catalog, a_gpu_text, a_graph, a_request

GIB = 2**30


def run(*, graph=None, catalog=None, **changes):
    return compare(a_request(**changes), {"chain": graph or a_graph()}, catalog or a_catalog())


def test_there_is_one_cell_for_each_point_in_the_order_of_the_request():
    comparison = run(precisions=("fp32", "fp16"), batches=(8, 1))

    assert [(c.gpu, c.precision, c.batch) for c in comparison.cells] == [
        (gpu, precision, batch)
        for gpu in ("round", "fast")
        for precision in ("fp32", "fp16")
        for batch in (8, 1)
    ]


def test_the_streamed_cells_are_those_of_the_comparison():
    request = a_request(precisions=("fp32", "fp16"), batches=(1, 8))
    models, catalog = {"chain": a_graph()}, a_catalog()

    streamed = list(compare_streaming(request, models, catalog))

    whole = compare(request, models, catalog).cells
    assert sorted(streamed, key=repr) == sorted(whole, key=repr)


def test_throughput_is_samples_over_latency():
    cell = run(batches=(8,)).cells[0]

    assert cell.throughput_per_s == 8 / cell.latency_s


def test_the_interval_holds_the_latency():
    cell = run().cells[0]

    assert cell.low_s <= cell.latency_s <= cell.high_s


def test_the_models_are_named_by_what_was_read():
    facts = run().models[0]

    assert (facts.id, facts.sha256, facts.nodes) == ("chain", "abc", 3)


def test_a_precision_that_no_board_can_run_is_cells_with_problems():
    cells = run(precisions=("fp8",)).cells

    assert [cell.problem.code for cell in cells] == ["precision", "precision"]
    assert cells[0].problem.what == "Round has no fp8 peak"
    assert "fp16" in cells[0].problem.fix
    assert cells[0].latency_s is None
    assert cells[0].memory_bytes > 0


def test_a_runtime_of_another_vendor_is_a_problem_that_names_those_that_run():
    cell = run(runtimes=("elsewhere",)).cells[0]

    assert cell.problem.code == "runtime"
    assert cell.problem.what == "Elsewhere does not run on NVIDIA boards"
    assert cell.problem.fix == "choose one of tensorrt"


def test_a_board_too_small_names_the_largest_batch_and_a_precision_that_fit():
    graph = a_graph(layers=2, width=1024)
    catalog = a_catalog(small=a_gpu_text(name="Small", memory_gb=1))

    cell = run(graph=graph, catalog=catalog, gpus=("small",), batches=(200_000,)).cells[0]

    assert cell.problem.code == "memory"
    assert not cell.fits
    assert cell.problem.what.endswith("of 1 GB")
    assert f"at batch {cell.problem.largest_batch} or less" in cell.problem.fix


def test_the_largest_batch_runs_and_the_next_one_does_not():
    graph = a_graph(layers=2, width=1024)
    catalog = a_catalog(small=a_gpu_text(name="Small", memory_gb=1))
    largest = (
        run(graph=graph, catalog=catalog, gpus=("small",), batches=(900_000,))
        .cells[0]
        .problem.largest_batch
    )

    fits, does_not = run(
        graph=graph, catalog=catalog, gpus=("small",), batches=(largest, largest + 1)
    ).cells

    assert fits.problem is None
    assert fits.memory_bytes <= GIB < does_not.memory_bytes
    assert does_not.problem.largest_batch == largest


def test_a_board_that_no_batch_fits_says_so():
    graph = a_graph(layers=1, width=60_000)
    catalog = a_catalog(small=a_gpu_text(memory_gb=1))

    problem = run(graph=graph, catalog=catalog, gpus=("small",)).cells[0].problem

    assert problem.largest_batch == 0
    assert "board with more memory" in problem.fix


def test_a_narrower_precision_that_fits_is_offered():
    graph = a_graph(layers=1, width=20_000)
    catalog = a_catalog(small=a_gpu_text(memory_gb=1))

    problem = run(graph=graph, catalog=catalog, gpus=("small",), precisions=("fp32",)).cells[0]

    assert "fp16" in problem.problem.fix


def test_a_custom_profile_wins_over_the_catalogue():
    slow = a_gpu_text(name="Slow", bandwidth=10)
    graph = a_graph(width=4096)

    before, after = (
        run(graph=graph, gpus=("round",), profiles=profiles).cells[0].latency_s
        for profiles in ({}, {"round": slow})
    )

    assert after > 3 * before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"gpus": ("h100",)}, "h100"),
        ({"runtimes": ("tenserrt",)}, "tenserrt"),
        ({"models": ("chian",)}, "chian"),
    ],
)
def test_an_unknown_name_is_an_error_before_any_cell(change, what):
    with pytest.raises(UnknownNameError) as caught:
        next(compare_streaming(a_request(**change), {"chain": a_graph()}, a_catalog()))

    assert what in caught.value.what


def test_a_batch_for_a_model_without_one_is_an_error():
    with pytest.raises(BatchError, match="no batch dimension"):
        run(graph=a_graph(batch=1), batches=(8,))


def test_a_batch_among_the_dimensions_is_an_error():
    with pytest.raises(BatchError, match="is the batch dimension"):
        run(dims={"batch": 4})


def test_a_dimension_that_no_model_has_is_an_error_that_names_those_there_are():
    with pytest.raises(RequestError) as caught:
        run(dims={"sequence": 4})

    assert "no model of this comparison has a dimension 'sequence'" in caught.value.what
    assert "batch" in caught.value.fix


def test_a_fixed_dimension_can_be_set_by_input_and_axis():
    cells = run(graph=a_graph(batch=1), dims={"x:0": 8}, batches=(8,)).cells

    assert cells[0].problem is None
