"""The fit finds what made the rows, and leaves alone what no row tells."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.fitting import plan
from benchmarks.fitting.load import boards_in, catalog_in
from benchmarks.fitting.solve import (
    fit,
    heavy_slope,
    heavy_tailed,
    robust,
    robust_slope,
    slopes_of,
)
from benchmarks.fitting.write import number, replace_sections, section


def solve(measured, *, sigma=(10.0, 10.0), touches=(None, None), noise=0.1, slopes=None):
    x = np.linspace(0.0, 1.0, len(measured))
    return fit(
        lambda at: at[0] + at[1] * x,
        np.asarray(measured, dtype=float),
        prior=np.zeros(2),
        sigma=np.array(sigma),
        start=np.zeros(2),
        touches=touches,
        noise=np.full(len(measured), noise),
        rounds=30,
        slopes=slopes,
    )


def test_fit_finds_the_line():
    assert solve(2.0 + 3.0 * np.linspace(0, 1, 50)) == pytest.approx([2.0, 3.0], abs=0.02)


def test_slopes_of_another_fit_lead_to_the_same_line():
    rows = 2.0 + 3.0 * np.linspace(0, 1, 50)
    x = np.linspace(0.0, 1.0, 50)
    slopes = slopes_of(
        lambda at: at[0] + at[1] * x, np.zeros(2), np.zeros(50), np.ones(2), (None, None)
    )

    assert slopes == pytest.approx(np.stack([np.ones(50), x], axis=1))
    assert solve(rows, slopes=1.1 * slopes) == pytest.approx([2.0, 3.0], abs=0.02)


@pytest.mark.parametrize("residual", [-20.0, -1.0, 0.0, 0.3, 5.0])
@pytest.mark.parametrize(("value", "slope"), [(robust, robust_slope), (heavy_tailed, heavy_slope)])
def test_slope_of_a_robust_residual_is_its_difference(value, slope, residual):
    at, step = np.array([residual]), 1e-5

    assert slope(at) == pytest.approx((value(at + step) - value(at - step)) / (2 * step), rel=1e-4)


def test_most_machines_tell_where_the_usual_one_is():
    rows = np.array([1.0, 1.01, 0.99, 1.5])

    found = fit(
        lambda at: at[0] + at[1:],
        rows,
        prior=np.zeros(5),
        sigma=np.array([10.0, 0.03, 0.03, 0.03, 0.03]),
        start=np.zeros(5),
        touches=(None,) * 5,
        noise=np.full(4, 0.01),
        rounds=60,
        heavy=np.array([False, True, True, True, True]),
    )

    assert found[0] == pytest.approx(1.0, abs=0.03)
    assert found[4] == pytest.approx(0.5, abs=0.05)


def test_outliers_hardly_move_it():
    rows = 2.0 + 3.0 * np.linspace(0, 1, 100)
    rows[::10] += 5.0

    assert solve(rows) == pytest.approx([2.0, 3.0], abs=0.2)


def test_a_sure_prior_holds_against_few_rows():
    assert abs(solve([1.0, 1.0], sigma=(0.01, 0.01))[0]) < 0.1


def test_calibration_is_replaced_and_the_rest_is_kept(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('name = "A"\n\n[calibration]\nold = 1.0\n\n[sources]\nspec = "x"\n')

    for _ in range(2):
        replace_sections(path, [section("calibration", {"new": 2.0}, "3 rows")])

    assert path.read_text() == (
        'name = "A"\n\n[sources]\nspec = "x"\n\n[calibration]\nfitted_on = "3 rows"\nnew = 2.0\n'
    )


@pytest.mark.parametrize(
    ("value", "text"), [(2.0, "2.0"), (1e-12, "1e-12"), (0.12345678, "0.1235")]
)
def test_numbers_are_floats_in_toml(value, text):
    assert number(value) == text


@pytest.mark.parametrize("group", plan.SIBLINGS)
def test_a_kind_of_sm_without_rows_stands_on_the_measured_one_most_like_it(group):
    profiles = Path(__file__).parents[3] / "profiles"
    boards = boards_in(profiles, catalog_in(profiles))
    first = {board.group: board.profile.calibration.values for board in reversed(boards)}

    for name in ("start_cycles", "cache_bytes_per_cycle", "vector_efficiency"):
        assert first[group][name] == first[plan.SIBLINGS[group]][name]
