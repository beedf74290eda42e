"""Which attention kernel a library takes, and what it keeps busy."""

import pytest

from tests.unit.cost.builders import a_gpu, a_kernel, work_of


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
    assert group[1] < group[0]  # two blocks to an SM, not one


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
