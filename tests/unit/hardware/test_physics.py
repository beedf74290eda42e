"""Every published peak is what its SMs can do: SMs x clock x dense FLOP per clock."""

import pytest

from phantomgpu.hardware import load_catalog
from phantomgpu.hardware.gpu import Sm
from phantomgpu.hardware.physics import arithmetic_peaks
from tests.unit.hardware.builders import ARCHITECTURE, a_profile, files


def test_peak_is_sms_times_clock_times_rate():
    spec = load_catalog(files()).gpu("round-1").spec

    assert arithmetic_peaks(spec, Sm({"fp16": 1000.0})) == {"fp16": 100 * 1e9 * 1000}


def test_matrix_peaks_use_the_tensor_clock_and_vector_peaks_the_boost_clock():
    text = a_profile(boost_clock_mhz="1000\ntensor_clock_mhz = 500")
    spec = load_catalog(files(text)).gpu("round-1").spec

    peaks = arithmetic_peaks(spec, Sm({"fp32": 1.0, "fp16": 1.0, "int8": 1.0}, vector=("int8",)))
    assert peaks == {"fp32": 1e11, "fp16": 0.5e11, "int8": 1e11}


def test_sparse_peak_warns_with_file_line_and_column():
    gpu = load_catalog(files(a_profile(fp16="200"))).gpu("round-1")

    (warning,) = gpu.warnings
    assert warning.startswith(
        "gpus/round-1.toml, line 18, column 1, spec.peak_tflops.fp16: 200 is 2 "
    )
    assert "sparsity" in warning


@pytest.mark.parametrize(("peak", "is_odd"), [("160", False), ("161", True)])
def test_peak_warns_above_one_point_six_times_what_the_sms_can_do(peak, is_odd):
    gpu = load_catalog(files(a_profile(fp16=peak))).gpu("round-1")

    assert bool(gpu.warnings) is is_odd


def test_profile_that_names_no_sm_is_held_against_the_fastest():
    texts = files(a_profile(sm=None, fp16="200")) | {
        "architectures/roundness.toml": (
            ARCHITECTURE + "[sm.fast]\nfp16 = 2000\n[sm.slow]\nfp16 = 500\n"
        )
    }

    assert load_catalog(texts).gpu("round-1").warnings == ()


def test_sparse_figure_of_an_h100_warns(catalog, profile_texts):
    text = profile_texts["profiles/gpus/h100-sxm-80gb.toml"]
    sparse = text.replace("989.4", "1979", 2)

    warnings = catalog.with_profile("mine", sparse, "mine.toml").gpu("mine").warnings
    assert any("spec.peak_tflops.fp16: 1979" in warning for warning in warnings)


def test_no_built_in_profile_warns(catalog):
    assert {
        name: catalog.gpu(name).warnings for name in catalog.gpu_ids if catalog.gpu(name).warnings
    } == {}


def test_every_built_in_peak_is_within_three_percent_of_the_arithmetic(catalog):
    odd = {}
    for name in catalog.gpu_ids:
        spec = catalog.gpu(name).spec
        kind = catalog.entry("gpus", name).document["spec"]["sm"]
        possible = arithmetic_peaks(spec, catalog.architecture(spec.architecture).sms[kind])
        stated = spec.peak_flops_per_s | {
            "fp16_accumulate": spec.fp16_accumulate_flops_per_s,
            "fp8_accumulate": spec.fp8_accumulate16_flops_per_s,
        }
        for precision, peak in stated.items():
            if peak and not 0.97 <= peak / possible[precision] <= 1.03:
                odd[name, precision] = peak / possible[precision]

    assert odd == {}


def test_fp32_accumulation_is_never_faster_than_fp16_accumulation(catalog):
    for name in catalog.gpu_ids:
        spec = catalog.gpu(name).spec
        fast = spec.fp16_accumulate_flops_per_s

        assert not fast or spec.peak_flops_per_s["fp16"] <= fast
