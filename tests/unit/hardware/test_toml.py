"""GB, TFLOPS and microseconds become bytes, FLOP/s and seconds, and here only."""

import pytest

from phantomgpu.hardware import load_catalog
from tests.unit.hardware.builders import GPU, RUNTIME, a_profile, files


def spec_of(text=GPU):
    return load_catalog(files(text)).gpu("round-1").spec


def test_sizes_are_binary_as_memory_is_built():
    spec = spec_of()

    assert spec.memory_bytes == 16 * 2**30
    assert spec.l2_bytes == 10 * 2**20
    assert spec.shared_bytes_per_sm == 100 * 2**10


def test_rates_are_decimal_as_data_sheets_mean_them():
    spec = spec_of()

    assert spec.bandwidth_bytes_per_s == 1e12
    assert spec.peak_flops_per_s == {"fp32": 1e13, "fp16": 1e14}
    assert spec.boost_clock_hz == 1e9


def test_capacity_is_what_the_driver_leaves_of_it():
    spec = spec_of(a_profile(memory_gb="16\nusable_memory_gb = 15"))

    assert spec.memory_bytes == 15 * 2**30


def test_sixteenth_that_is_missing_is_ecc_kept_in_the_memory():
    with_ecc, without, other = (
        spec_of(a_profile(memory_gb=f"16{usable}"))
        for usable in ("\nusable_memory_gb = 15", "", "\nusable_memory_gb = 12")
    )

    assert with_ecc.ecc_in_memory
    assert not without.ecc_in_memory
    assert not other.ecc_in_memory


def test_what_a_profile_does_not_say_is_zero():
    spec = spec_of()

    assert (spec.base_clock_hz, spec.tensor_clock_hz, spec.idle_w) == (0, 0, 0)
    assert spec.fp16_accumulate_flops_per_s == spec.fp8_accumulate16_flops_per_s == 0


def test_peaks_with_fp16_accumulation_are_apart():
    spec = spec_of(GPU + "[spec.peak_tflops_fp16_accumulate]\nfp16 = 200\nfp8 = 400\n")

    assert spec.fp16_accumulate_flops_per_s == 2e14
    assert spec.fp8_accumulate16_flops_per_s == 4e14
    assert spec.peak_flops_per_s["fp16"] == 1e14


def test_facts_about_the_board_stay_in_their_units():
    gpu = load_catalog(files(GPU + "[board]\nmsrp_usd = 999\n")).gpu("round-1")

    assert gpu.board == {"msrp_usd": 999}


def test_runtime_costs_are_seconds_and_its_memory_bytes():
    runtime = load_catalog({"runtimes/plain.toml": RUNTIME}).runtime("plain")

    assert runtime.launch_s == pytest.approx(1.5e-6)
    assert runtime.dispatch_s == pytest.approx(20e-6)
    assert runtime.start_s == pytest.approx(30e-6)
    assert runtime.context_bytes == 500 * 2**20
    assert runtime.workspace_bytes == 64 * 2**20
    assert runtime.fusion == ("bias",)


def test_source_of_a_table_covers_its_values_and_a_line_of_its_own_wins():
    sources = load_catalog(files()).gpu("round-1").sources

    assert sources["spec.tdp_w"] == sources["spec.peak_tflops.fp16"] == "the data sheet"
    assert sources["spec.l2_mb"] == "a microbenchmark"
    assert "name" not in sources
