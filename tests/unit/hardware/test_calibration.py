"""Calibration is merged field by field, the most specific last, and says what it stands on."""

import pytest

from phantomgpu.hardware import load_catalog
from phantomgpu.hardware.calibration import PARAMETERS, RUNTIME_PARAMETERS
from tests.unit.hardware.builders import (
    ARCHITECTURE,
    FIRST,
    GPU,
    RUNTIME,
    SECOND,
    THIRD,
    files,
    fitted,
    value,
)

DEFAULT = 'name = "Any"\n' + fitted("guesses", **{FIRST: 0.1, SECOND: 0.1, THIRD: 0.1})
MEASURED = GPU + fitted("20 rows", **{FIRST: 0.8})
TYPICAL = ARCHITECTURE + fitted("round boards", **{SECOND: 0.5})


def gpu_of(name="round-1", gpu=GPU, architecture=TYPICAL, mine=None, **more):
    texts = files(gpu, **more) | {
        "architectures/default.toml": DEFAULT,
        "architectures/roundness.toml": architecture,
    }
    return load_catalog(texts | ({"/home/me/gpus/round-1.toml": mine} if mine else {})).gpu(name)


def test_each_field_comes_from_the_most_specific_layer_that_has_it():
    values = gpu_of(gpu=MEASURED).calibration.values

    assert values == {
        FIRST: value(FIRST, 0.8),
        SECOND: value(SECOND, 0.5),
        THIRD: value(THIRD, 0.1),
    }


def test_measured_board_is_calibrated():
    calibration = gpu_of(gpu=MEASURED).calibration

    assert (calibration.basis, calibration.fitted_on) == ("calibrated", "20 rows")


def test_board_without_measurements_has_its_architectures_calibration_and_says_so():
    calibration = gpu_of().calibration

    assert (calibration.basis, calibration.fitted_on) == ("architecture", "round boards")


def test_board_of_an_architecture_without_measurements_stands_on_its_spec():
    calibration = gpu_of(architecture=ARCHITECTURE).calibration

    assert (calibration.basis, calibration.fitted_on) == ("spec", "guesses")
    assert calibration.values[SECOND] == value(SECOND, 0.1)


def test_board_may_name_the_default_architecture():
    gpu = GPU.replace("roundness", "default").replace('sm = "round"', "")

    assert gpu_of(gpu=gpu).calibration.basis == "spec"


def test_catalogue_without_any_calibration_gives_none():
    calibration = load_catalog(files()).gpu("round-1").calibration

    assert (calibration.values, calibration.basis) == ({}, "spec")


def test_users_file_lies_on_top():
    mine = 'extends = "round-1"\n' + fitted("my 5 rows", **{SECOND: 0.7})

    calibration = gpu_of(gpu=MEASURED, mine=mine).calibration
    assert calibration.values[FIRST] == value(FIRST, 0.8)
    assert calibration.values[SECOND] == value(SECOND, 0.7)
    assert (calibration.basis, calibration.fitted_on) == ("calibrated", "my 5 rows")


def test_what_another_board_measured_counts_no_more_than_its_architecture():
    variant = 'extends = "round-1"\nname = "Round Two"\n'

    calibration = gpu_of("round-2", gpu=MEASURED, round_2=variant).calibration
    assert calibration.values[FIRST] == value(FIRST, 0.8)
    assert calibration.basis == "architecture"


def test_source_of_a_fitted_value_is_its_file_and_data():
    sources = gpu_of(gpu=MEASURED).sources

    assert sources[f"calibration.{FIRST}"] == "gpus/round-1.toml: 20 rows"
    assert sources[f"calibration.{SECOND}"] == "architectures/roundness.toml: round boards"


def test_source_of_a_fitted_value_without_data_is_its_file():
    text = fitted("", **{FIRST: 0.8}).replace('fitted_on = ""\n', "")

    assert gpu_of(gpu=GPU + text).sources[f"calibration.{FIRST}"] == "gpus/round-1.toml"


@pytest.mark.parametrize("parameters", [PARAMETERS, RUNTIME_PARAMETERS])
def test_every_parameter_has_a_range_and_a_meaning(parameters):
    for name, parameter in parameters.items():
        assert parameter.name == name
        assert parameter.low < parameter.high
        assert parameter.meaning


def test_every_parameter_has_a_value_for_every_gpu(catalog):
    for name in catalog.gpu_ids:
        assert set(catalog.gpu(name).calibration.values) == set(PARAMETERS)


def test_runtime_carries_its_own_calibration():
    assert load_catalog({"runtimes/plain.toml": RUNTIME}).runtime("plain").calibration == {}
