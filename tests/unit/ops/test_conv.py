import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ops.builders import asked

FIRST_LAYER = [(1, 3, 224, 224), (64, 3, 7, 7), (64,)]


def test_a_convolution_is_an_implicit_matrix_product():
    done = asked("Conv", FIRST_LAYER, [(1, 64, 112, 112)], strides=[2, 2], pads=[3, 3, 3, 3])

    p = done.parallel
    assert (p.batch, p.m, p.n, p.k) == (1, 112 * 112, 64, 3 * 49)
    assert (p.window, p.stride) == (49, 2)
    assert done.macs == 112 * 112 * 64 * 147
    assert done.vector_flops == 64 * 112 * 112


def test_a_convolution_of_an_image_knows_its_size_unless_it_skips_taps():
    shapes = [(1, 3, 20, 30), (8, 3, 3, 3)], [(1, 8, 20, 30)]

    dense = asked("Conv", *shapes, pads=[1, 1, 1, 1]).parallel
    dilated = asked("Conv", *shapes, pads=[2, 2, 2, 2], dilations=[2, 2]).parallel

    assert (dense.height, dense.width) == (20, 30)
    assert (dilated.height, dilated.width) == (1, 1)


def test_a_depthwise_convolution_is_as_many_groups_as_channels():
    done = asked("Conv", [(2, 32, 56, 56), (32, 1, 3, 3)], [(2, 32, 56, 56)], group=32)

    p = done.parallel
    assert (p.batch, p.m, p.n, p.k, p.window) == (32, 2 * 56 * 56, 1, 9, 9)
    assert done.macs == 2 * 32 * 56 * 56 * 9


@settings(deadline=None)
@given(st.integers(1, 8), st.sampled_from([1, 2, 4]), st.integers(1, 5), st.integers(1, 20))
def test_convolution_flops_are_the_product_of_its_parallel_shape(batch, group, taps, width):
    inputs = [(batch, 8, width + taps - 1), (16, 8 // group, taps)]
    done = asked("Conv", inputs, [(batch, 16, width)], group=group)

    p = done.parallel
    assert done.matrix_flops == 2 * p.batch * p.m * p.n * p.k
    assert done.macs == batch * 16 * width * (8 // group) * taps


def test_a_transposed_convolution_counts_its_input_places():
    done = asked("ConvTranspose", [(1, 64, 16, 16), (64, 32, 2, 2)], [(1, 32, 32, 32)])

    assert done.macs == 16 * 16 * 64 * 32 * 4
    p = done.parallel
    assert (p.batch, p.m, p.n, p.k) == (1, 256, 128, 64)


def test_a_pointwise_convolution_of_stride_two_reads_every_other_place():
    done = asked("Conv", [(1, 64, 56, 56), (128, 64, 1, 1)], [(1, 128, 28, 28)], strides=[2, 2])

    assert done.read[0] == 64 * 28 * 28


def test_an_overlapping_window_reads_its_input_once():
    done = asked("Conv", FIRST_LAYER, [(1, 64, 112, 112)], strides=[2, 2])

    assert done.read == (3 * 224 * 224, 64 * 147, 64)


def test_a_quantised_convolution_finds_its_operands_among_the_scales():
    inputs = [(1, 8, 4, 4), (), (), (16, 8, 1, 1), (), (), (), (), (16,)]
    kinds = ("uint8", "float32", "uint8", "int8", "float32", "int8", "float32", "uint8", "int32")
    done = asked("QLinearConv", inputs, [(1, 16, 4, 4)], dtypes=kinds)

    assert (done.macs, done.matrix_dtype) == (16 * 8 * 16, "int8")
    assert done.vector_flops == 256 * 5


def test_an_integer_convolution_has_no_bias_and_runs_as_int8():
    inputs = [(1, 8, 4, 4), (16, 8, 1, 1), (), ()]
    done = asked("ConvInteger", inputs, [(1, 16, 4, 4)], dtypes=("uint8", "uint8"))

    assert (done.vector_flops, done.matrix_dtype) == (0, "int8")


def test_channels_last_counts_the_same():
    done = asked(
        "NhwcConv", [(1, 56, 56, 64), (128, 64, 1, 1)], [(1, 28, 28, 128)],
        domain="com.microsoft", strides=[2, 2],
    )  # fmt: skip

    assert done.macs == 28 * 28 * 64 * 128
    assert done.read[0] == 28 * 28 * 64


def test_a_convolution_with_state_is_depthwise_over_time():
    done = asked(
        "CausalConvWithState", [(2, 64, 100), (64, 1, 4), (64,), (2, 64, 3)],
        [(2, 64, 100), (2, 64, 3)], activation="silu",
    )  # fmt: skip

    assert done.macs == 2 * 64 * 100 * 4
    assert done.parallel.batch == 64
    assert done.special_flops == 2 * 2 * 64 * 100


@pytest.mark.parametrize("masked", [True, False])
def test_a_deformable_convolution_pays_for_its_samples(masked):
    mask = [(1, 9, 4, 4)] if masked else []
    done = asked(
        "DeformConv", [(1, 8, 4, 4), (16, 8, 3, 3), (1, 18, 4, 4), None, *mask], [(1, 16, 4, 4)]
    )

    assert done.macs == 16 * 16 * 72
    assert done.vector_flops == 16 * 72 * (9 if masked else 8)
