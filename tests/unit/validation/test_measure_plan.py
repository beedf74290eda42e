"""What would be measured can be predicted, and what is written can be read."""

import csv
import io

import pytest

from phantomgpu.comparison.library import read_library
from phantomgpu.validation.operators import COLUMNS, measured
from phantomgpu.validation.plan import (
    DTYPES,
    MODELS,
    OPERATOR_COLUMNS,
    Sampled,
    model_plan,
    model_row,
    operator_plan,
    operator_row,
    sampled,
)
from phantomgpu.validation.points import MODEL_COLUMNS
from phantomgpu.validation.rows import read_rows


def as_text(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_operator_of_the_plan_can_be_predicted(dtype):
    rows = [
        operator_row(case, Sampled(1e-3, 0.0, 5), gpu="t4", power_w=70.0, citation="here")
        for case in operator_plan([dtype])
    ]

    read = [measured(row) for row in read_rows(as_text(rows), origin="x", columns=COLUMNS)]

    assert all(each.kernels and not each.reason for each in read)
    assert {each.latency_s for each in read} == {1e-3}
    assert not any(each.timing.host for each in read)
    assert tuple(rows[0]) == OPERATOR_COLUMNS


def test_the_quick_plan_is_part_of_the_full_one():
    full, quick = operator_plan(), operator_plan(quick=True)

    assert all(case in full for case in quick)
    assert len(full) / 4 < len(quick) < len(full) / 2


def test_every_model_of_the_plan_is_built_in(repository):
    index = (repository / "profiles" / "models" / "index.toml").read_text(encoding="utf-8")
    known = {model.id for model in read_library(index)}

    assert set(MODELS.values()) <= known


def test_a_model_row_has_the_columns_that_validate_reads():
    (case, *_) = model_plan(["resnet50"], [8])
    row = model_row(
        case, Sampled(0.0123, 0.0, 5), gpu="t4", power_w=None, version="2", citation="x"
    )

    (read,) = read_rows(as_text([row]), origin="x", columns=MODEL_COLUMNS)

    assert read.number("value") == pytest.approx(12.3)
    assert (read.text("model"), read.text("batch"), read.text("input")) == (
        "resnet50", "8", "224x224",
    )  # fmt: skip


def test_samples_are_told_by_their_median_and_the_distance_of_their_quartiles():
    found = sampled([1.0, 2.0, 3.0, 4.0, 100.0])

    assert found.latency_s == 3.0
    assert found.samples == 5
    assert found.spread > 0.5


def test_one_sample_has_no_spread():
    assert sampled([2.0]) == Sampled(2.0, 0.0, 1)
