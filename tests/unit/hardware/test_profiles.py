"""The built-in profiles: complete, sourced, and equal to the published figures they cite."""

import csv

import pytest

from phantomgpu.workload.fusion import check_rules

COLUMNS = {
    "sm_or_cu": "sm_count", "boost_clock_mhz": "boost_clock_mhz", "mem_gb": "memory_gb",
    "mem_bw_gbs": "bandwidth_gb_per_s", "l2_mb": "l2_mb", "smem_per_sm_kb": "shared_kb_per_sm",
    "tdp_w": "tdp_w", "fp64_tflops": "peak_tflops.fp64", "fp32_tflops": "peak_tflops.fp32",
    "tf32_tensor_tflops": "peak_tflops.tf32", "fp16_tensor_tflops_fp32acc": "peak_tflops.fp16",
    "bf16_tensor_tflops": "peak_tflops.bf16", "fp8_tensor_tflops": "peak_tflops.fp8",
    "int8_tops": "peak_tflops.int8", "int4_tops": "peak_tflops.int4",
}  # fmt: skip

CORRECTED = {
    # What the arithmetic of the vendor's own whitepaper contradicts.
    ("p4", "boost_clock_mhz"), ("p4", "peak_tflops.fp64"),
    ("v100-pcie-16gb", "peak_tflops.int8"), ("v100-pcie-32gb", "peak_tflops.int8"),
    ("a10", "peak_tflops.fp64"), ("a10g", "peak_tflops.fp64"), ("a16", "peak_tflops.fp64"),
    ("l4", "peak_tflops.fp64"), ("arc-b580", "peak_tflops.fp32"),
    # The matrix units' figure where the vector units' belongs.
    ("mi250", "peak_tflops.fp32"),
}  # fmt: skip


@pytest.fixture(scope="module")
def published(shared_data):
    with (shared_data / "gpu_specs.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def written(catalog, name):
    spec = catalog.entry("gpus", name).document["spec"]
    peaks = {f"peak_tflops.{key}": value for key, value in spec["peak_tflops"].items()}
    return spec | peaks


def test_every_published_board_has_a_profile(catalog, published):
    assert set(catalog.gpu_ids) == set(published)


def test_every_value_is_the_published_one(catalog, published):
    different = {
        (name, key): (row[column], written(catalog, name).get(key))
        for name, row in published.items()
        for column, key in COLUMNS.items()
        if row[column] and float(row[column]) != written(catalog, name).get(key)
    }

    assert set(different) == CORRECTED


def test_every_profile_keeps_the_mark_of_how_far_it_was_checked(catalog, published):
    assert {name: catalog.gpu(name).status for name in published} == {
        name: row["status"] for name, row in published.items()
    }


def test_every_value_of_every_profile_has_a_source(catalog):
    for name in catalog.gpu_ids:
        entry = catalog.entry("gpus", name)
        stated = [f"spec.{key}" for key in entry.document["spec"] if not key.startswith("peak")]
        stated += [f"spec.peak_tflops.{key}" for key in entry.document["spec"]["peak_tflops"]]

        assert {key for key in stated if not entry.sources.get(key)} == set()


def test_every_cost_of_every_runtime_has_a_source(catalog):
    for name in catalog.runtime_ids:
        document = catalog.entry("runtimes", name).document
        stated = {f"{t}.{key}" for t in ("cost", "memory") for key in document[t]}

        assert stated <= set(catalog.runtime(name).sources)


def test_every_runtime_names_only_fusion_rules_that_there_are(catalog):
    for name in catalog.runtime_ids:
        check_rules(catalog.runtime(name).fusion)


def test_every_line_of_sources_names_a_value(catalog):
    for kind, names in (("gpus", catalog.gpu_ids), ("runtimes", catalog.runtime_ids)):
        for name in names:
            entry = catalog.entry(kind, name)
            used = set(entry.sources.values())

            assert set(entry.document["sources"].values()) <= used, name


def test_a_board_never_has_more_than_its_memory(catalog):
    for name in catalog.gpu_ids:
        spec = catalog.entry("gpus", name).document["spec"]

        assert spec.get("usable_memory_gb", 0) <= spec["memory_gb"]


def test_capacity_of_an_a100_is_eighty_binary_gigabytes(catalog):
    assert catalog.gpu("a100-sxm-80gb").spec.memory_bytes == 85_899_345_920


def test_geforce_boards_halve_the_rate_with_fp32_accumulation(catalog):
    spec = catalog.gpu("rtx-4090").spec

    assert spec.fp16_accumulate_flops_per_s == pytest.approx(
        2 * spec.peak_flops_per_s["fp16"], rel=1e-3
    )


def test_v100_has_no_bf16(catalog):
    assert "bf16" not in catalog.gpu("v100-sxm2-16gb").spec.peak_flops_per_s
