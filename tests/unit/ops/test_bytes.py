"""What is read and written, where little or nothing is computed."""

import pytest

from tests.unit.ops.builders import asked


@pytest.mark.parametrize(
    "name", ["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape"]
)
def test_a_view_moves_nothing(name):
    done = asked(name, [(2, 3, 4), (2,)], [(6, 4)])

    assert (done.family, done.read, done.written) == ("view", (0, 0), (0,))


def test_a_transpose_reads_and_writes_everything_once():
    done = asked("Transpose", [(2, 3, 4)], [(4, 3, 2)])

    assert (done.family, done.read, done.written) == ("move", (24,), (24,))


def test_a_slice_reads_only_what_comes_out():
    done = asked("Slice", [(100, 64), (1,), (1,)], [(10, 64)])

    assert (done.read, done.written) == ((640, 0, 0), (640,))


def test_an_expansion_reads_its_input_once():
    done = asked("Expand", [(1, 64), (2,)], [(10, 64)])

    assert (done.read, done.written) == ((64, 0), (640,))


def test_a_split_reads_its_input_once():
    done = asked("Split", [(2, 96), (3,)], [(2, 32)] * 3)

    assert (done.read, done.written) == ((192, 0), (64, 64, 64))


def test_a_gather_reads_the_rows_it_takes():
    done = asked("Gather", [(30000, 768), (1, 128)], [(1, 128, 768)])

    assert done.read == (128 * 768, 128)


def test_a_gather_reads_no_more_than_the_table_has():
    done = asked("Gather", [(2, 768), (1, 128)], [(1, 128, 768)])

    assert done.read[0] == 2 * 768


def test_a_scatter_copies_the_data_and_puts_the_updates():
    done = asked("ScatterND", [(100, 8), (3, 1), (3, 8)], [(100, 8)])

    assert (done.read, done.written) == ((800, 3, 24), (800,))


def test_a_constant_of_a_shape_is_written_and_not_read():
    done = asked("ConstantOfShape", [(2,)], [(5, 6)])

    assert (done.read, done.written) == ((0,), (30,))


def test_resizing_reads_neighbours_only_where_an_axis_changes():
    nearest = asked("Resize", [(1, 8, 4, 4), None, (4,)], [(1, 8, 8, 8)])
    linear = asked("Resize", [(1, 8, 4, 4), None, (4,)], [(1, 8, 8, 8)], mode="linear")
    shrunk = asked("Resize", [(1, 1, 100, 4), None, (4,)], [(1, 1, 10, 4)])

    assert nearest.vector_flops == 0
    assert linear.vector_flops == 8 * 8 * 8 * 4 * 2
    assert linear.read == (128, 0, 0)
    assert shrunk.read[0] == 40


def test_a_broadcast_operand_is_read_at_its_own_size():
    done = asked("Add", [(2, 128, 768), (768,)], [(2, 128, 768)])

    assert done.read == (2 * 128 * 768, 768)
    assert done.vector_flops == 2 * 128 * 768


def test_a_tensor_given_twice_is_read_once():
    done = asked("Mul", [(4, 4), "in0"], [(4, 4)])

    assert done.read == (16, 0)


def test_the_type_giver_of_a_cast_is_not_read():
    assert asked("CastLike", [(4, 4), (9,)], [(4, 4)]).read == (16, 0)


@pytest.mark.parametrize(
    ("exponent", "vector", "special"), [(2.0, 16, 0), (3.0, 32, 0), (0.5, 0, 16), (None, 0, 16)]
)
def test_a_small_whole_power_is_products(exponent, vector, special):
    values = {} if exponent is None else {1: exponent}
    done = asked("Pow", [(4, 4), ()], [(4, 4)], values=values)

    assert (done.vector_flops, done.special_flops) == (vector, special)


@pytest.mark.parametrize(("divisor", "vector", "special"), [(3.0, 16, 0), (None, 0, 16)])
def test_a_known_divisor_is_a_product_with_its_reciprocal(divisor, vector, special):
    values = {} if divisor is None else {1: divisor}
    done = asked("Div", [(4, 4), ()], [(4, 4)], values=values)

    assert (done.vector_flops, done.special_flops) == (vector, special)


def test_a_formula_is_counted_as_written():
    sigmoid = asked("Sigmoid", [(8,)], [(8,)])

    assert (sigmoid.vector_flops, sigmoid.special_flops) == (16, 16)


def test_dropout_does_nothing_at_inference():
    done = asked("Dropout", [(4, 4), (), ()], [(4, 4), (4, 4)], values={2: False})

    assert (done.family, sum(done.written)) == ("view", 0)


def test_dropout_in_training_makes_random_numbers():
    done = asked("Dropout", [(4, 4), (), ()], [(4, 4), (4, 4)], values={2: True})

    assert done.family == "pointwise"
    assert done.vector_flops == 27 * 16


def test_a_rotary_embedding_reads_the_rows_of_its_tokens():
    done = asked("RotaryEmbedding", [(1, 8, 16, 64), (4096, 32), (4096, 32)], [(1, 8, 16, 64)])

    assert done.vector_flops == 3 * 8 * 16 * 64
    assert done.read[1] == 8 * 16 * 64


def test_quantising_divides_rounds_and_clips():
    done = asked("QuantizeLinear", [(8, 8), (), ()], [(8, 8)])

    assert (done.family, done.vector_flops, done.special_flops) == ("quantize", 256, 64)


def test_non_maximum_suppression_says_that_it_is_an_upper_bound():
    done = asked("NonMaxSuppression", [(1, 100, 4), (1, 5, 100), ()], [(50, 3)])

    assert done.special_flops == 5 * 100 * 100 // 2
    assert "all pairs" in done.approximation


def test_sampling_a_grid_mixes_the_neighbours_of_every_place():
    done = asked("GridSample", [(1, 8, 16, 16), (1, 4, 4, 2)], [(1, 8, 4, 4)], mode="bilinear")

    assert done.vector_flops == 128 * 4 * 2 + 2 * 32


def test_boxes_are_sampled_where_they_lie():
    done = asked("RoiAlign", [(1, 8, 100, 100), (2, 4), (2,)], [(2, 8, 2, 2)], sampling_ratio=2)

    assert done.read[0] == 64 * 4 * 4


def test_control_flow_that_was_not_spliced_in_says_so():
    assert "body" in asked("Loop", [(), (), (4,)], [(4,)]).approximation


def test_a_linear_model_multiplies_by_its_coefficients():
    done = asked(
        "LinearClassifier",
        [(10, 4)],
        [(10,), (10, 3)],
        domain="ai.onnx.ml",
        coefficients=[0.1] * 12,
    )

    assert done.macs == 10 * 4 * 3


def test_a_forest_is_one_path_of_every_tree():
    done = asked(
        "TreeEnsembleRegressor", [(10, 4)], [(10, 1)], domain="ai.onnx.ml",
        nodes_featureids=[0] * 14, nodes_treeids=[0] * 7 + [1] * 7,
    )  # fmt: skip

    assert done.vector_flops == 2 * 10 * 2 * 3
    assert "balanced" in done.approximation
