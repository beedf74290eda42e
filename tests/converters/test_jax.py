"""A JAX function becomes ONNX with the work that JAX counts."""

import pytest


@pytest.fixture(scope="module")
def made(models_of):
    return models_of("jax")


@pytest.mark.parametrize("way", ["source", "module"])
def test_multiply_adds_are_those_that_jax_counts(made, way, converted, inspected):
    function = f"{made / 'jax_small.py'}:small"

    found = inspected(converted(*([function] if way == "source" else ["--module", function])))

    assert found["macs"] == made.counted["small"]
    assert [dim["symbol"] for dim in found["inputs"][0]["free"]] == ["batch"]


def test_it_is_compared_without_converting_it_first(made, compared):
    (cell,) = compared(f"{made / 'jax_small.py'}:small", "--gpus", "t4", "--batch", "64")

    assert cell["problem"] is None


def test_a_function_that_is_not_there_is_one_error(made, phantomgpu):
    assert phantomgpu("convert", f"{made / 'jax_small.py'}:large").refused("no function", "small")


def test_a_free_dimension_is_fixed_where_it_is_asked_for(made, converted, inspected):
    out = converted(f"{made / 'jax_small.py'}:small", "--dim", "batch=4")

    assert inspected(out)["inputs"][0]["dims"] == [4, 16, 16, 3]


def test_a_dimension_that_is_not_there_is_one_error(made, phantomgpu):
    function = f"{made / 'jax_small.py'}:small"

    assert phantomgpu("convert", function, "--dim", "sequence=4").refused("sequence", "batch")
