"""Channels-first images around tensor cores: transposed copies, and products of unaligned rows."""

import numpy as np
import pytest

from tests.unit.cost.builders import a_gpu, a_kernel, work_of

FIRST = {"transposes_convs_on": ("Roundness",)}


IMAGES_BYTES = 1000 * 64**2 * 64 * 2.0


def a_conv(*, side=64.0, window=9.0, **columns):
    """A convolution of 64 channels into 64, on a thousand images."""
    m = 1000.0 * side**2
    shape = {"m": m, "n": 64.0, "k": 64.0 * window, "height": side, "width": side}
    traffic = {"read_bytes": m * 64.0 * 2.0, "write_bytes": m * 64.0 * 2.0}
    return a_kernel(**{"family": "conv", "window": window, **shape, **traffic, **columns})


def test_a_window_of_several_elements_reads_and_writes_transposed_copies():
    work = work_of(a_conv(), **FIRST)

    assert work.transposing_s[0, 0] == pytest.approx(2 * 2 * IMAGES_BYTES / 1e12)
    assert work_of(a_conv()).transposing_s == 0.0


def test_a_tensor_that_is_added_to_the_result_is_read_as_it_lies():
    added = work_of(a_conv(read_bytes=2 * IMAGES_BYTES), **FIRST)

    assert added.transposing_s == work_of(a_conv(), **FIRST).transposing_s


@pytest.mark.parametrize(
    "conv",
    [
        a_conv(window=1.0),
        a_conv(peak="fp32", element_bytes=4.0),
        a_conv(n=1.0, k=9.0, batch=64.0),
        a_conv(side=1.0, window=1.0, stride=2.0),
    ],
    ids=["a plain product", "vector units", "depthwise", "a single position"],
)
def test_what_tensor_cores_do_not_multiply_or_take_as_it_lies_is_not_copied(conv):
    assert not np.any(work_of(conv, **FIRST).transposing_s)


def test_a_stride_makes_a_copy_of_what_would_be_a_plain_product():
    assert work_of(a_conv(window=1.0, stride=2.0), **FIRST).transposing_s[0, 0] > 0.0


def test_products_of_images_that_no_vector_load_divides_are_slower():
    slow = a_gpu(calibration={"image_misalignment": 1.5})
    odd = a_conv(side=62.0, window=1.0)

    first, last = work_of(odd, gpu=slow, **FIRST), work_of(odd, gpu=slow)
    even = a_conv(side=64.0, window=1.0)

    assert first.core_s[0, 0] == pytest.approx(1.5 * last.core_s[0, 0], rel=0.01)
    assert work_of(even, gpu=slow, **FIRST).core_s == work_of(even, gpu=slow).core_s


def test_architectures_that_are_not_listed_copy_nothing():
    assert not np.any(work_of(a_conv(), transposes_convs_on=("ampere",)).transposing_s)
