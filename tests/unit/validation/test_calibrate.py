"""A few measured rows help, and never hurt."""

from dataclasses import replace

import numpy as np
import pytest
import tomli

from phantomgpu.cost.columns import boards_of
from phantomgpu.errors import DataError
from phantomgpu.validation.bench import benches
from phantomgpu.validation.calibrate import calibrate, read_spreads
from phantomgpu.validation.models import model_outcomes, placed_rows
from phantomgpu.validation.operators import measured
from phantomgpu.validation.profile import calibrated_toml
from tests.unit.validation.builders import a_model_row, an_operator_row

SIZES = [(m, n, k) for m in (512, 2048, 8192) for n in (1024, 4096) for k in (1024, 4096)]


@pytest.fixture(scope="module")
def spreads(repository):
    return read_spreads((repository / "profiles" / "reference" / "spread.csv").read_text())


def with_values(gpu, values):
    return replace(
        gpu, calibration=replace(gpu.calibration, values={**gpu.calibration.values, **values})
    )


def uncalibrated(gpu):
    """The board as if only its architecture had been measured."""
    return replace(gpu, calibration=replace(gpu.calibration, basis="architecture"))


def true_bench(catalog, gpu, sizes=SIZES):
    """Products timed on a board that is as ``gpu`` says."""
    rows = [measured(an_operator_row(gpu=gpu.id, M=m, N=n, K=k)) for m, n, k in sizes]
    (bench,) = benches(rows, [], catalog.runtime)
    return replace(bench, measured_s=bench.measured_s * np.exp(bench.log_error(boards_of([gpu]))))


def error(bench, gpu):
    return float(np.mean(np.abs(np.expm1(bench.log_error(boards_of([gpu]))))))


def test_rows_of_a_slower_board_lower_its_efficiency(catalog, spreads):
    gpu = uncalibrated(catalog.gpu("t4"))
    usual = gpu.calibration.values["efficiency_fp16"]
    bench = true_bench(catalog, with_values(gpu, {"efficiency_fp16": 0.8 * usual}))

    found = calibrate([bench], gpu, spreads)

    assert found.values["efficiency_fp16"] < 0.95 * usual
    assert error(bench, with_values(gpu, found.values)) < 0.8 * error(bench, gpu)
    assert found.after < found.before


def test_more_rows_move_a_value_further(catalog, spreads):
    gpu = uncalibrated(catalog.gpu("t4"))
    usual = gpu.calibration.values["efficiency_fp16"]
    true = with_values(gpu, {"efficiency_fp16": 0.8 * usual})

    one, all_of_them = (
        calibrate([true_bench(catalog, true, sizes)], gpu, spreads).values["efficiency_fp16"]
        for sizes in (SIZES[-1:], SIZES)
    )

    assert all_of_them < one < usual


def test_a_board_that_was_fitted_already_moves_less(catalog, spreads):
    gpu = catalog.gpu("t4")
    usual = gpu.calibration.values["efficiency_fp16"]
    true = true_bench(catalog, with_values(gpu, {"efficiency_fp16": 0.8 * usual}))

    fitted, unfitted = (
        calibrate([true], each, spreads).values["efficiency_fp16"]
        for each in (gpu, uncalibrated(gpu))
    )

    assert gpu.calibration.basis == "calibrated"
    assert unfitted < fitted < usual


def test_rows_that_agree_with_the_profile_change_nothing(catalog, spreads):
    gpu = catalog.gpu("t4")

    assert calibrate([true_bench(catalog, gpu)], gpu, spreads).values == {}


def test_one_wild_row_among_many_moves_little(catalog, spreads):
    gpu = catalog.gpu("t4")
    bench = true_bench(catalog, gpu)
    wild = replace(bench, measured_s=np.where(np.arange(len(bench)) == 3, 10.0, 1.0)
                   * bench.measured_s)  # fmt: skip

    changed = with_values(gpu, calibrate([wild], gpu, spreads).values)

    assert error(bench, changed) < 0.05


def test_one_measured_model_is_predicted_better_on_every_gpu(catalog, builtin, spreads):
    def slower(rows):
        """What the rows would say if the model took 1.2 times as long everywhere."""
        done = model_outcomes(placed_rows(rows, catalog, [builtin]), catalog)
        return [
            a_model_row(o.row.line, **{**o.row.cells, "value": 1.2 * o.predicted}) for o in done
        ]

    there, elsewhere = slower([a_model_row(gpu="t4"), a_model_row(3, gpu="l4")])
    gpu = catalog.gpu("t4")
    placed = list(placed_rows([there], catalog, [builtin]))
    found = calibrate(benches([], placed, catalog.runtime), gpu, spreads)
    text = calibrated_toml(found, gpu, data="mine.csv")
    mine = catalog.with_profile("t4", text, "mine/gpus/t4.toml")

    def off(known):
        (outcome,) = model_outcomes(placed_rows([elsewhere], known, [builtin]), known)
        return abs(outcome.predicted / outcome.measured - 1.0)

    assert off(mine) < 0.75 * off(catalog)
    assert mine.gpu("t4").calibration.basis == "calibrated"


def test_the_profile_is_toml_that_tells_its_rows(catalog, spreads):
    gpu = uncalibrated(catalog.gpu("t4"))
    usual = gpu.calibration.values["efficiency_fp16"]
    bench = true_bench(catalog, with_values(gpu, {"efficiency_fp16": 0.8 * usual}))

    text = calibrated_toml(calibrate([bench], gpu, spreads), gpu, data='my "own".csv')
    document = tomli.loads(text)

    assert document["extends"] == "t4"
    assert document["calibration"]["fitted_on"] == '12 rows of my "own".csv'
    assert "measured" not in document


def test_rows_that_the_gpu_cannot_run_are_an_error_that_says_so(catalog, spreads):
    (bench,) = benches([measured(an_operator_row(gpu="p4", dtype="fp8"))], [], catalog.runtime)

    with pytest.raises(DataError, match="none of the rows can be predicted on p4"):
        calibrate([bench], catalog.gpu("p4"), spreads)


def test_a_measured_language_model_is_predicted_better_on_every_gpu(catalog, builtin, spreads):
    name = "Llama-3-8B"
    row = a_model_row(
        model=name, runtime="llama.cpp", gpu="rtx-4090", input="tg512", batch=1, metric="tokens/s",
        value=10,
    )  # fmt: skip

    placed = list(placed_rows([row], catalog, [builtin]))
    found = calibrate(benches([], placed, catalog.runtime), catalog.gpu("rtx-4090"), spreads)

    assert [each.subject.name for each in found.factors] == [name]
    assert found.factors[0].factor > 1.1
