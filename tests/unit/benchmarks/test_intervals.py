"""Spreads are those of the rows that tell how long kernels take."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fitting.intervals import FEWEST, spread_of, widths_of
from benchmarks.fitting.table import operator_runs, table
from phantomgpu.validation.operators import measured
from tests.unit.validation.builders import an_operator_row

RUNTIMES = ("pytorch-eager", "vllm")
KERNELS = {"op": "matmul", "M": 64, "N": 64, "K": 64}


def a_table(*cells, rows=FEWEST):
    """Rows of each kind, and one run of a model behind them."""
    each = [measured(an_operator_row(**KERNELS, **own)) for own in cells for _ in range(rows)]
    runs = operator_runs([*each, each[0]])
    found = table(runs, [runs[0].gpu], RUNTIMES)
    return replace(found, is_model=np.arange(len(runs)) == len(each))


def widths(rows, *, seen=0.05, by_gpu=0.1, by_architecture=0.3):
    ways = (seen, by_gpu, by_architecture)
    return widths_of(rows, *(np.log(rows.measured_s) + off for off in ways))


def test_a_lone_kernel_is_as_uncertain_as_on_left_out_boards():
    found = widths(a_table({"dtype": "fp32"}))

    assert found.kernels == {0: {"spread_matmul_fp32": pytest.approx(0.1)}}
    assert found.scale == {
        "calibrated": pytest.approx(0.5),
        "architecture": pytest.approx(1.0),
        "spec": pytest.approx(3.0),
    }


def test_few_rows_share_the_spread_of_the_kind():
    rows = a_table({"dtype": "fp16"}, rows=FEWEST - 1)
    found = widths(rows)

    assert found.kernels == {}
    assert spread_of(rows, found.kinds, found.kernels).tolist() == pytest.approx([0.1] * len(rows))


def test_rows_that_show_the_host_have_no_say():
    rows = a_table({"dtype": "fp16"}, {"dtype": "fp8_block", "runtime": "vllm-0.14.0"})
    off = np.where(rows.label[:, 2] == "fp8_block", 2.0, 0.1)

    assert max(widths(rows, by_gpu=off).kinds.values()) == pytest.approx(0.1)


@pytest.mark.parametrize(("rows", "expected"), [(FEWEST, {0: 0.2}), (FEWEST - 2, {})])
def test_runs_in_fp32_have_a_spread_of_their_own_where_there_are_enough(rows, expected):
    found = a_table({"dtype": "fp32"}, {"dtype": "fp16"}, {"dtype": "tf32"}, rows=rows)
    dtype = found.label[:, 2]
    models = replace(found, is_model=np.isin(dtype, ("fp32", "fp16")))

    spreads = widths(models, by_gpu=np.where(dtype == "fp32", 0.2, 0.05)).runtime_fp32

    assert spreads == pytest.approx(expected)


def test_runs_are_less_known_on_architectures_and_under_runtimes_that_were_not_measured():
    found = widths(a_table({"dtype": "fp16"}))

    assert found.runtime == {0: pytest.approx(0.1)}
    assert found.elsewhere == {0: pytest.approx(0.3)}
    assert found.run["unmeasured"] == pytest.approx(0.3)


def test_nothing_is_surer_where_less_is_known():
    found = widths(a_table({"dtype": "fp16"}), by_architecture=0.05)

    assert found.elsewhere == {0: pytest.approx(0.1)}
    assert found.run["unmeasured"] == pytest.approx(0.1)
