"""What kind of kernel a row is, and which terms make up its time."""

from dataclasses import fields, replace

import numpy as np
import pytest

from phantomgpu.cost.columns import Boards, boards_of
from phantomgpu.cost.kernels import activities
from phantomgpu.cost.kinds import KINDS, kinds_of
from phantomgpu.cost.predict import host_of
from phantomgpu.hardware.calibration import KERNEL_KINDS, PARAMETERS
from tests.unit.cost.builders import a_copy, a_gpu, a_kernel, a_runtime, kernels_of


def kind(**columns):
    return KINDS[int(kinds_of(kernels_of(a_kernel(**columns)))[0])]


def variants_of(table, **runtime):
    return host_of(a_runtime(**runtime), kinds_of(table), 1).variants


def work_of(*rows, gpu=None, weights_in_use=None, **runtime):
    table = kernels_of(*rows)
    in_use = table.weight_bytes if weights_in_use is None else np.array([weights_in_use])
    boards = boards_of([gpu or a_gpu()])
    return activities(table, kinds_of(table), boards, in_use, variants_of(table, **runtime))


def test_profiles_and_cost_name_the_same_kinds():
    assert set(KERNEL_KINDS) == set(KINDS)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, "matmul"),
        ({"family": "conv", "batch": 64.0, "n": 1.0}, "depthwise"),
        ({"family": "conv", "batch": 8.0, "n": 16.0}, "grouped"),
        ({"family": "conv"}, "conv"),
        ({"family": "attention", "m": 1.0}, "decode"),
        ({"family": "attention", "k": 128.0}, "attention"),
        ({"family": "attention"}, "wide"),
        ({"peak": "int8", "weight_bytes": 4096.0**2}, "matmul"),
        ({"peak": "int8", "weight_bytes": 4096.0**2 / 2}, "weight_only"),
        ({"family": "norm", "special_flops": 4096.0**2}, "softmax"),
        ({"family": "norm", "special_flops": 4096.0}, "norm"),
        ({"weight_bytes": 4096.0**2 / 2}, "weight_only"),
        ({"weight_bytes": 4096.0**2 * 2}, "matmul"),
        ({"m": 1.0, "weight_bytes": 4096.0**2 / 2}, "gemv"),
    ],
)
def test_kernel_is_told_apart_by_its_shape(columns, expected):
    assert kind(**columns) == expected


def test_copy_has_traffic_and_no_arithmetic():
    work = work_of(a_copy(traffic_bytes=1e9))

    assert work.core_s[0, 0] == 0.0
    assert work.memory_s[0, 0] == pytest.approx(1e-3, rel=1e-6)


def test_small_activations_come_from_the_cache():
    work = work_of(a_copy(traffic_bytes=1e3), gpu=a_gpu(calibration={"cache_share": 1.0}))

    assert work.memory_s[0, 0] < 1e-15
    assert work.cache_s[0, 0] > 0.0


def test_weights_of_a_large_model_are_cold():
    row = a_kernel(m=1.0, weight_bytes=4096.0**2 * 2, read_bytes=4096.0**2 * 2 + 8192)
    gpu = a_gpu(calibration={"cache_share": 1.0}, l2_bytes=10**8)

    alone, in_a_model = (work_of(row, gpu=gpu, weights_in_use=size) for size in (3e7, 1e10))

    assert alone.memory_s[0, 0] < in_a_model.memory_s[0, 0] / 10


def test_weights_push_activations_out_of_the_cache():
    small = {"m": 64.0, "n": 64.0, "read_bytes": 64.0 * 4096 * 2 * 2}
    gpu = a_gpu(calibration={"cache_share": 1.0}, l2_bytes=10**7)
    weights = a_kernel(m=64.0, n=8192.0, weight_bytes=8192.0 * 4096 * 2)

    assert work_of(a_kernel(**small), gpu=gpu).memory_s[0, 0] < 1e-9
    assert work_of(weights, gpu=gpu).memory_s[0, 0] > weights["read_bytes"] / 1e12


def test_depthwise_convolution_runs_on_the_vector_units():
    row = a_kernel(family="conv", batch=64.0, n=1.0, k=9.0)

    work = work_of(row, gpu=a_gpu(calibration={"depthwise_efficiency": 0.5}))

    assert work.core_s[0, 0] == pytest.approx(row["matrix_flops"] / 0.5e13)


def test_fp32_convolution_of_three_by_three_may_use_winograd():
    plain = {"family": "conv", "peak": "fp32", "n": 512.0, "k": 4608.0, "element_bytes": 4.0}
    fast = a_gpu(calibration={"winograd_efficiency": 1.0})
    image = {"height": 64.0, "width": 64.0, "window": 9.0}

    direct = work_of(a_kernel(**plain, **image, stride=2.0), gpu=fast)
    winograd = work_of(a_kernel(**plain, **image), gpu=fast)

    assert winograd.core_s[0, 0] < direct.core_s[0, 0] / 2


def test_a_normalisation_by_given_statistics_has_no_blocks_of_rows():
    plain = {"family": "norm", "peak": "fp32", "m": 1e6, "n": 10.0, "element_bytes": 4.0}
    plain |= {"matrix_flops": 0.0, "read_bytes": 4e7, "write_bytes": 4e7}
    slow = a_gpu(calibration={"norm_row_cycles": 1e4})

    given = work_of(a_kernel(**plain, vector_flops=2e7), gpu=slow).core_s[0, 0]
    own = work_of(a_kernel(**plain, vector_flops=7e7), gpu=slow).core_s[0, 0]

    assert own > 10.0 * given


def test_rows_that_a_normalisation_reads_again_are_traffic():
    plain = {"family": "norm", "peak": "fp32", "m": 1e5, "n": 1e4, "element_bytes": 4.0}
    plain |= {"matrix_flops": 0.0, "read_bytes": 4e9, "write_bytes": 4e9}

    given = work_of(a_kernel(**plain, vector_flops=2e9))
    own = work_of(a_kernel(**plain, vector_flops=7e9))

    assert own.memory_s[0, 0] + own.cache_s[0, 0] > given.memory_s[0, 0] + given.cache_s[0, 0]


def test_rows_that_no_vector_load_divides_are_slower():
    slow = a_gpu(calibration={"misalignment": 2.0})

    assert work_of(a_kernel(n=4095.0), gpu=slow).core_s[0, 0] == pytest.approx(
        2 * work_of(a_kernel(n=4096.0), gpu=slow).core_s[0, 0], rel=0.01
    )


def test_matrix_units_run_at_the_clock_the_board_boosts_to():
    stated_lower = a_gpu(tensor_clock_hz=0.8e9)

    assert work_of(a_kernel(), gpu=stated_lower).core_s[0, 0] == pytest.approx(
        0.8 * work_of(a_kernel()).core_s[0, 0], rel=1e-3
    )


def test_rows_with_scales_of_their_own_cost_a_block_each():
    slow = a_gpu(calibration={"quantize_row_cycles": 2000.0})
    tensor, rows = (
        a_kernel(family="quantize", m=m, n=n, matrix_flops=0.0) for m, n in ((1e6, 1.0), (1e4, 1e2))
    )

    assert work_of(tensor, gpu=slow).core_s[0, 0] == 0.0
    assert work_of(rows, gpu=slow).core_s[0, 0] == pytest.approx(1e4 * 2000 / 100 / 1e9)


def test_small_tiles_cost_more_on_tensor_cores_than_on_vector_units():
    small, fed = {"m": 32.0, "n": 32.0, "k": 64.0, "batch": 100.0}, {"tile_overhead": 1024.0}
    time = {
        (peak, overhead["tile_overhead"]): work_of(
            a_kernel(peak=peak, **small), gpu=a_gpu(calibration=overhead)
        ).core_s[0, 0]
        for peak in ("fp16", "fp32")
        for overhead in (fed, {"tile_overhead": 0.0})
    }

    assert time["fp16", 1024.0] == pytest.approx(2 * time["fp16", 0.0], rel=0.01)
    assert time["fp32", 1024.0] == time["fp32", 0.0]


def test_attention_runs_on_the_matrix_units():
    row = a_kernel(family="attention", batch=100.0, m=1024.0, n=1024.0, k=128.0,
                   matrix_flops=4.0 * 100 * 1024 * 1024 * 128)  # fmt: skip

    assert work_of(row).core_s[0, 0] == pytest.approx(row["matrix_flops"] / 1e14, rel=1e-2)


def a_decoding_step(*, sequences=64.0, heads=16.0, keys=1024.0, **columns):
    return a_kernel(family="attention", m=1.0, n=keys, k=128.0, batch=sequences * heads,
                    matrix_flops=4.0 * sequences * heads * keys * 128, **columns)  # fmt: skip


def test_groups_too_large_for_a_block_read_the_keys_for_each_head():
    costs = a_gpu(calibration={"head_key_cycles": 1000.0, "decode_efficiency": 1.0})
    row = a_decoding_step(kv_groups=64.0)

    shared = work_of(row, gpu=costs, decode_groups=(2, 64)).core_s[0, 0]
    alone = work_of(row, gpu=costs, decode_groups=(2, 32)).core_s[0, 0]

    # 1024 blocks on 100 SMs: 11 rounds of 1024 keys.
    assert alone == pytest.approx(11 * 1024e-6, rel=0.05)
    assert alone > 5 * shared


def test_a_single_head_has_a_block_of_its_own_where_the_library_decodes_so():
    costs = a_gpu(calibration={"head_key_cycles": 1000.0, "decode_efficiency": 1.0})
    row = a_decoding_step()

    elsewhere, there = (
        work_of(row, gpu=costs, decode_groups=(2, 32), decodes_alone_on=on).core_s[0, 0]
        for on in (("squareness",), ("squareness", "Roundness"))
    )

    assert there == pytest.approx(11 * 1024e-6, rel=0.05)
    assert elsewhere < there / 5


@pytest.mark.parametrize(("element_bytes", "cycles"), [(2.0, 1e5), (1.0, 0.0)])
def test_block_of_grouped_heads_fills_an_sm_unless_its_keys_are_narrow(element_bytes, cycles):
    costs = a_gpu(calibration={"whole_block_cycles": 1e5, "decode_efficiency": 1.0})
    row = a_decoding_step(kv_groups=16.0, keys=2.0, element_bytes=element_bytes)

    there = work_of(row, gpu=costs, decodes_alone_on=("Roundness",)).core_s[0, 0]

    assert there - work_of(row, gpu=costs).core_s[0, 0] == pytest.approx(cycles * 1e-9, rel=0.05)


def test_keys_of_a_single_head_are_not_split_where_only_swapped_groups_are():
    costs = a_gpu(calibration={"decode_step_cycles": 100.0, "decode_efficiency": 1.0})
    rows = [a_decoding_step(sequences=1.0, heads=16.0, keys=65536.0, kv_groups=g)
            for g in (1.0, 16.0)]  # fmt: skip

    single, group = (
        [work_of(row, gpu=costs, swaps_groups_on=on).core_s[0, 0] for on in ((), ("Roundness",))]
        for row in rows
    )

    assert single[1] > 5 * single[0]
    assert group[1] == group[0]


def test_prompt_over_an_fp8_cache_is_multiplied_in_fp8_where_the_library_does():
    gpu = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "bf16": 1e14, "fp8": 2e14})
    row = a_kernel(family="attention", peak="bf16", m=1024.0, n=1024.0, k=128.0, batch=100.0,
                   element_bytes=1.0)  # fmt: skip

    in_fp8 = work_of(row, gpu=gpu, multiplies_fp8_on=("Roundness",)).core_s[0, 0]

    assert work_of(row, gpu=gpu).core_s[0, 0] == pytest.approx(2 * in_fp8, rel=0.01)


def test_a_single_token_of_a_prompt_shares_blocks_unless_the_prompt_kernel_takes_it():
    slow_blocks = a_gpu(calibration={"attention_block_cycles": 1e4})
    row = a_kernel(family="attention", m=1.0, n=1.0, k=128.0, batch=3200.0, kv_groups=8.0)

    packed, alone = (
        work_of(row, gpu=slow_blocks, prompt_group_most=1, prompt_least=least).core_s[0, 0]
        for least in (2, 1)
    )

    assert alone == pytest.approx(8 * packed, rel=0.01)


def test_rows_that_are_moved_with_their_length_have_a_block_each():
    slow = a_gpu(calibration={"quantize_row_cycles": 2000.0})
    row = a_kernel(family="move", m=1e4, n=1e2, matrix_flops=0.0)

    assert work_of(row, gpu=slow).core_s[0, 0] == pytest.approx(1e4 * 2000 / 100 / 1e9)


def test_heads_of_a_prompt_share_blocks_where_the_library_packs_them():
    slow_blocks = a_gpu(calibration={"attention_block_cycles": 1e4}, architecture="Roundness")
    row = a_kernel(family="attention", m=16.0, n=16.0, k=128.0, batch=3200.0, kv_groups=8.0)

    packed = work_of(row, gpu=slow_blocks).core_s[0, 0]

    for runtime, rounds in (
        ({"prompt_group_most": 1}, 32),
        ({"prompt_group_most": 1, "packs_prompts_on": "Roundness"}, 4),
    ):
        blocks_s = work_of(row, gpu=slow_blocks, **runtime).core_s[0, 0]
        assert blocks_s == pytest.approx(rounds * 1e-5, rel=0.2)
    assert packed == pytest.approx(4e-5, rel=0.2)


def test_fp8_unpacked_by_hand_is_slower_and_not_split():
    gpu = a_gpu(
        calibration={"unpack_cycles": 10.0, "unpack_block_cycles": 1e3, "decode_efficiency": 1.0},
        peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "bf16": 1e14, "fp8": 2e14},
    )
    row = a_decoding_step(sequences=1.0, heads=1.0, keys=65536.0, element_bytes=1.0)

    usual = work_of(row, gpu=gpu).core_s[0, 0]
    unpacked = work_of(row, gpu=gpu, unpacks_fp8_on="Roundness").core_s[0, 0]
    elsewhere = work_of(row, gpu=gpu, unpacks_fp8_on="Squareness").core_s[0, 0]

    assert elsewhere == usual
    assert unpacked == pytest.approx(65536 * 10 * 128 * 1e-9, rel=0.05)


@pytest.mark.parametrize(("width", "slower"), [(128.0, 1.0), (64.0, 2.0)])
def test_fp8_prompts_run_at_sixteen_bits_where_the_library_has_no_kernel(width, slower):
    gpu = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "bf16": 1e14, "fp8": 2e14})
    row = a_kernel(family="attention", peak="fp8", m=1024.0, n=1024.0, k=width, batch=100.0,
                   element_bytes=1.0)  # fmt: skip

    usual = work_of(row, gpu=gpu).core_s[0, 0]

    unpacked = work_of(row, gpu=gpu, unpacks_fp8_on="Roundness").core_s[0, 0]
    assert unpacked == pytest.approx(slower * usual, rel=0.05)


def test_old_keys_that_fit_the_cache_come_from_there():
    row = a_decoding_step(read_bytes=5e6)
    board = {"calibration": {"cache_share": 1.0, "cache_sharpness": 20.0}}

    assert work_of(row, gpu=a_gpu(**board)).memory_s[0, 0] < 1e-8
    assert work_of(row, gpu=a_gpu(**board, l2_bytes=10**6)).memory_s[0, 0] > 4e-6


def test_old_keys_of_a_model_are_cold_once_its_weights_passed():
    row = a_decoding_step(read_bytes=5e6)
    board = a_gpu(calibration={"cache_share": 1.0, "cache_sharpness": 20.0})

    assert work_of(row, gpu=board, weights_in_use=1e9).memory_s[0, 0] > 4e-6


def test_int8_without_a_fast_path_moves_the_bytes_of_fp16():
    slow_int8 = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "int8": 4e13})
    narrow = a_kernel(peak="int8", element_bytes=1.0)

    assert work_of(narrow, gpu=slow_int8).memory_s == pytest.approx(
        work_of(a_kernel(), gpu=slow_int8).memory_s
    )
    assert work_of(narrow).memory_s == pytest.approx(work_of(a_kernel()).memory_s / 2.0)


def test_int8_without_a_fast_path_takes_the_energy_of_fp16():
    joules = {"joule_per_flop_fp16": 1e-12}
    slow_int8 = a_gpu(
        peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "int8": 4e13}, calibration=joules
    )

    assert work_of(a_kernel(peak="int8"), gpu=slow_int8).energy_j == pytest.approx(
        work_of(a_kernel(), gpu=slow_int8).energy_j
    )


def test_vector_work_behind_a_product_costs_a_share_of_what_it_does_alone():
    board = a_gpu(calibration={"epilogue_share": 0.25})
    behind = a_kernel(m=64.0, n=64.0, k=16.0, vector_flops=1e9)
    alone = a_kernel(family="pointwise", m=4096.0, n=1.0, matrix_flops=0.0, vector_flops=1e9)

    assert work_of(behind, gpu=board).core_s == pytest.approx(
        work_of(alone, gpu=board).core_s / 4.0
    )


def test_a_board_that_boosts_past_the_stated_clock_multiplies_as_much_faster():
    eager = a_gpu(calibration={"clock_headroom": 1.25})

    assert work_of(a_kernel(), gpu=eager).core_s == pytest.approx(work_of(a_kernel()).core_s / 1.25)


def test_int8_without_a_fast_path_runs_as_fp16():
    slow_int8 = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp16": 1e14, "int8": 4e13})

    assert work_of(a_kernel(peak="int8"), gpu=slow_int8).core_s[0, 0] == pytest.approx(
        work_of(a_kernel(), gpu=slow_int8).core_s[0, 0]
    )


def test_matrix_units_that_take_fp32_do_fp32_products():
    board = a_gpu(peak_flops_per_s={"fp32": 1e13, "fp32_matrix": 4e13, "fp16": 1e14})

    assert work_of(a_kernel(peak="fp32"), gpu=board).core_s[0, 0] == pytest.approx(
        2 * 4096**3 / 4e13, rel=0.02
    )


def fp32_batch(m, n, k=1024, batch=100):
    return a_kernel(peak="fp32", m=m, n=n, k=k, batch=batch, matrix_flops=2 * m * n * k * batch)


def test_small_products_of_an_fp32_batch_fill_the_librarys_one_tile():
    board = a_gpu(calibration={"batched_tile_m_fp32": 128.0, "batched_tile_n_fp32": 64.0})

    small, full = (
        work_of(fp32_batch(m, n), gpu=board).core_s[0, 0] for m, n in ((9, 9), (128, 64))
    )

    assert small == full == pytest.approx(2 * 128 * 64 * 1024 * 100 / 1e13)


def test_a_library_that_states_no_tile_looks_for_one():
    stated = a_gpu(calibration={"batched_tile_m_fp32": 128.0, "batched_tile_n_fp32": 128.0})

    assert work_of(fp32_batch(32, 32)).core_s[0, 0] < (
        work_of(fp32_batch(32, 32), gpu=stated).core_s[0, 0] / 4
    )


def test_half_precision_batches_look_for_a_tile_whatever_is_stated():
    stated = a_gpu(calibration={"batched_tile_m_fp32": 128.0, "batched_tile_n_fp32": 128.0})
    row = a_kernel(m=32, n=32, k=1024, batch=100)

    assert work_of(row, gpu=stated).core_s[0, 0] == work_of(row).core_s[0, 0]


def test_latency_of_an_fp32_step_hides_behind_the_work_of_other_blocks():
    board = a_gpu(calibration={"step_cycles_fp32": 100.0})
    large, small = a_kernel(peak="fp32"), fp32_batch(1, 1, k=64, batch=1)

    assert work_of(large, gpu=board).core_s[0, 0] == work_of(large).core_s[0, 0]
    assert work_of(small, gpu=board).core_s[0, 0] == pytest.approx(64 * 100e-9)


def test_fp32_rows_far_apart_are_out_of_reach():
    board = a_gpu(calibration={"reach_bytes": 1e6, "reach_cost": 1.0})
    row = a_kernel(peak="fp32", k=65536)

    slower = work_of(row, gpu=board).core_s[0, 0] / work_of(row).core_s[0, 0]

    assert slower == pytest.approx(2.0, rel=1e-3)


def test_one_board_for_each_kernel_is_the_diagonal_of_all_for_all():
    convolution = a_kernel(family="conv", peak="fp32", k=4608.0, window=9.0, element_bytes=4.0)
    attention = a_kernel(family="attention", m=256.0, n=256.0, k=64.0, batch=8.0)
    table = kernels_of(convolution, a_copy(), attention)
    every = boards_of([a_gpu(), a_gpu(sm_count=20), a_gpu(bandwidth_bytes_per_s=1e11)])

    full, paired = (
        activities(table, kinds_of(table), boards, table.weight_bytes, variants_of(table))
        for boards in (every, one_for_each(every))
    )

    for name in ("core_s", "cache_s", "memory_s", "energy_j"):
        assert getattr(paired, name).tolist() == np.diagonal(getattr(full, name)).tolist()


def one_for_each(boards):
    tables = {f.name: getattr(boards, f.name) for f in fields(Boards)}
    columns = {
        name: table[:, 0] if table.shape[1] == 1 else table
        for name, table in tables.items()
        if isinstance(table, np.ndarray)
    }
    values = {name: value[:, 0] for name, value in boards.values.items()}
    return replace(boards, values=values, paired=True, **columns)


def test_every_value_is_asked_for_by_a_name_that_profiles_may_hold():
    assert set(boards_of([a_gpu()]).values) == set(PARAMETERS)


LONG = {"m": 32.0, "n": 32.0, "k": 65536.0}


def test_library_that_never_splits_a_peak_takes_one_sm_for_a_single_tile():
    eight_bits = a_kernel(peak="int8", element_bytes=1.0, **LONG)

    whole = work_of(eight_bits, whole_products=("int8",)).core_s[0, 0]

    assert whole == pytest.approx(work_of(eight_bits).core_s[0, 0] * 32)


def test_product_with_narrow_weights_is_cut_into_seven_parts_at_most():
    narrow = a_kernel(**LONG, weight_bytes=32.0 * 65536)

    work = work_of(narrow, gpu=a_gpu(calibration={"template_step_cycles": 0.0}))

    assert work.core_s[0, 0] == pytest.approx(2 * 32**2 * 65536 / 7 / 1e12, rel=1e-2)


def test_few_rows_of_int8_may_be_left_to_the_vector_units():
    few = a_kernel(peak="int8", element_bytes=1.0, m=4.0)
    more = a_kernel(peak="int8", element_bytes=1.0, m=5.0)

    work = work_of(few, more, vector_rows_most=4)

    assert work.core_s[0, 0] == few["matrix_flops"] / 4e13
    assert work.core_s[0, 1] == work_of(more).core_s[0, 0]


def test_template_takes_longer_for_each_element_than_cublas():
    eight_bits = a_kernel(peak="int8", element_bytes=1.0, **LONG)
    slower, free = (
        work_of(eight_bits, gpu=gpu, whole_products=("int8",)).core_s[0, 0]
        for gpu in (a_gpu(calibration={"template_step_cycles": 10.0}), a_gpu())
    )

    assert slower - free == pytest.approx(65536 * 10 / 1e9)


def test_more_shared_memory_takes_operands_in_faster():
    slow = {"fill_cycles": 1e5}
    small, large = (
        work_of(a_kernel(), gpu=a_gpu(calibration=slow, shared_bytes_per_sm=size)).core_s[0, 0]
        for size in (1e5, 2e5)
    )

    assert small == pytest.approx(2 * large, rel=1e-3)


def test_ecc_kept_in_the_memory_costs_bandwidth():
    free, paid = (
        work_of(a_copy(), gpu=a_gpu(calibration={"ecc_bandwidth": 0.8}, ecc_in_memory=ecc))
        for ecc in (False, True)
    )

    assert paid.memory_s[0, 0] == pytest.approx(free.memory_s[0, 0] / 0.8)
