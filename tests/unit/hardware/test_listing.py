"""One GPU in full: each value with its unit, its meaning and its source."""

import json

from phantomgpu.hardware import load_catalog
from phantomgpu.hardware.listing import gpu_as_dict
from tests.unit.hardware.builders import FIRST, GPU, a_profile, files, fitted, value


def rows_of(text=GPU):
    listing = gpu_as_dict(load_catalog(files(text)), "round-1")
    return {row["key"]: row for row in listing["values"]}


def test_value_stands_beside_its_unit_meaning_and_source():
    assert rows_of()["spec.l2_mb"] == {
        "key": "spec.l2_mb",
        "value": 10,
        "unit": "MB",
        "meaning": "Last-level cache on the die; x 2^20 bytes.",
        "source": "a microbenchmark",
    }


def test_calibration_names_the_file_it_comes_from():
    row = rows_of(GPU + fitted("round boards", **{FIRST: 0.5}))[f"calibration.{FIRST}"]

    assert row["value"] == value(FIRST, 0.5)
    assert row["source"] == "gpus/round-1.toml: round boards"


def test_value_without_a_source_says_so():
    assert (
        rows_of(GPU.replace('spec = "the data sheet"', ""))["spec.tdp_w"]["source"] == "not stated"
    )


def test_mark_is_spelled_out():
    listing = gpu_as_dict(load_catalog(files()), "round-1")

    assert listing["status_meaning"].startswith("data-sheet values")


def test_profile_without_a_mark_is_not_checked():
    listing = gpu_as_dict(load_catalog(files(a_profile(status=None))), "round-1")

    assert listing["status_meaning"] == "not checked"


def test_listing_of_every_gpu_is_json(catalog):
    for name in catalog.gpu_ids:
        listing = gpu_as_dict(catalog, name)

        assert json.loads(json.dumps(listing)) == listing
