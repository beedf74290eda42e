"""Norms, reductions, pooling and recurrent layers."""

import pytest

from tests.unit.ops.builders import asked


def rows_of(done):
    return done.parallel.m, done.parallel.n


def test_softmax_reduces_its_axis():
    done = asked("Softmax", [(2, 8, 10, 64)], [(2, 8, 10, 64)], opset=13, axis=1)

    assert (done.family, rows_of(done)) == ("norm", (2 * 10 * 64, 8))


def test_softmax_before_opset_13_reduces_all_axes_behind():
    done = asked("Softmax", [(2, 8, 10)], [(2, 8, 10)], opset=11)

    assert rows_of(done) == (2, 80)


def test_layer_norm_reduces_all_axes_behind():
    done = asked("LayerNormalization", [(2, 10, 4, 8), (4, 8)], [(2, 10, 4, 8)], axis=-2)

    assert rows_of(done) == (20, 32)
    assert done.vector_flops == 8 * 640


def test_a_skip_norm_writes_the_sum_it_is_asked_for():
    size = (2, 10, 32)
    done = asked(
        "SkipLayerNormalization", [size, size, (32,)], [size, None, None, size],
        domain="com.microsoft",
    )  # fmt: skip

    assert done.written == (640, 0, 0, 640)


def test_batch_norm_at_inference_is_a_product_and_an_addition():
    done = asked("BatchNormalization", [(2, 8, 4, 4), (8,), (8,), (8,), (8,)], [(2, 8, 4, 4)])

    assert done.vector_flops == 2 * 256 + 3 * 8
    assert rows_of(done) == (16, 16)


def test_instance_norm_has_a_row_for_each_channel():
    done = asked("InstanceNormalization", [(2, 8, 4, 4), (8,), (8,)], [(2, 8, 4, 4)])

    assert rows_of(done) == (16, 16)


def test_group_norm_has_a_row_for_each_group():
    done = asked("GroupNormalization", [(2, 8, 4, 4), (8,), (8,)], [(2, 8, 4, 4)], num_groups=4)

    assert rows_of(done) == (8, 32)


def test_an_embedding_with_norm_reads_only_the_rows_it_takes():
    done = asked(
        "EmbedLayerNormalization",
        [(1, 16), (1, 16), (30000, 64), (512, 64), (2, 64), (64,), (64,)],
        [(1, 16, 64), (1,)],
        domain="com.microsoft",
    )

    assert done.read[2:5] == (1024, 1024, 128)


@pytest.mark.parametrize("opset", [11, 18])
def test_a_reduction_has_a_row_for_each_result(opset):
    axes = {"axes": [2, 3]} if opset == 11 else {}
    inputs = [(2, 8, 4, 4)] + ([(2,)] if opset == 18 else [])
    done = asked("ReduceMean", inputs, [(2, 8)], opset=opset, **axes)

    assert rows_of(done) == (16, 16)
    assert done.read == (256, 0)[: len(inputs)]


def test_a_running_sum_goes_along_its_axis():
    done = asked("CumSum", [(2, 30), ()], [(2, 30)], values={1: 1})

    assert rows_of(done) == (2, 30)


def test_top_k_compares_each_element_with_the_levels_of_a_heap():
    done = asked("TopK", [(2, 1000), (1,)], [(2, 8), (2, 8)])

    assert done.vector_flops == 2000 * 3
    assert done.read == (2000, 0)


def test_a_fourier_transform_of_real_points_costs_half():
    real = asked("DFT", [(1, 1024, 1)], [(1, 1024, 2)], opset=17)
    full = asked("DFT", [(1, 1024, 2)], [(1, 1024, 2)], opset=17)

    assert full.vector_flops == 5 * 1024 * 10
    assert real.vector_flops * 2 == full.vector_flops


def test_a_short_time_transform_is_one_for_each_frame():
    done = asked("STFT", [(1, 16000), (), (400,)], [(1, 98, 201, 2)], values={1: 160})

    assert rows_of(done) == (98, 400)


def test_pooling_costs_its_window_for_every_output():
    done = asked(
        "MaxPool", [(1, 64, 112, 112)], [(1, 64, 56, 56)], kernel_shape=[3, 3], strides=[2, 2]
    )

    assert done.vector_flops == 64 * 56 * 56 * 9
    assert (done.parallel.window, done.parallel.stride) == (9, 2)


def test_a_pool_with_gaps_reads_what_its_windows_cover():
    done = asked("AveragePool", [(1, 1, 8, 8)], [(1, 1, 2, 2)], kernel_shape=[2, 2], strides=[4, 4])

    assert done.read == (16,)


def test_global_pooling_is_a_reduction_of_each_channel():
    done = asked("GlobalAveragePool", [(2, 8, 7, 7)], [(2, 8, 1, 1)])

    assert (done.family, rows_of(done)) == ("reduce", (16, 49))


def test_an_lstm_is_a_chain_of_products():
    done = asked(
        "LSTM", [(50, 2, 128), (1, 1024, 128), (1, 1024, 256), (1, 2048)], [(50, 1, 2, 256)]
    )

    p = done.parallel
    assert (p.steps, p.batch, p.m, p.n, p.k) == (50, 1, 2, 1024, 384)
    assert done.macs == 50 * 2 * 1024 * 384


def test_a_layer_of_both_directions_is_two_chains():
    done = asked("GRU", [(5, 2, 8), (2, 48, 8), (2, 48, 16)], [(5, 2, 2, 16)])

    assert done.parallel.batch == 2
    assert done.macs == 2 * 5 * 2 * 48 * 24


def test_layout_one_puts_the_batch_first():
    done = asked("RNN", [(2, 5, 8), (1, 16, 8), (1, 16, 16)], [(2, 5, 1, 16)], layout=1)

    assert (done.parallel.steps, done.parallel.m) == (5, 2)


def test_a_quantised_lstm_multiplies_integers():
    done = asked(
        "DynamicQuantizeLSTM", [(5, 2, 8), (1, 8, 64), (1, 16, 64)], [(5, 1, 2, 16)],
        domain="com.microsoft", dtypes=("float32", "int8", "int8"),
    )  # fmt: skip

    assert (done.matrix_dtype, done.macs) == ("int8", 5 * 2 * 64 * 24)
