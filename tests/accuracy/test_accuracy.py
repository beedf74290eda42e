"""Errors on measured rows do not get worse unnoticed."""

import json

import pytest

from benchmarks.accuracy import EVERY, FIGURES
from benchmarks.fitting.check import model_errors, operator_errors

pytestmark = pytest.mark.accuracy

POINTS = 2.0
"""How much worse a group of rows may get, in percent points."""


@pytest.fixture(scope="module")
def committed():
    return json.loads(FIGURES.read_text(encoding="utf-8"))


def worse(now, committed):
    """Groups that are more than ``POINTS`` worse than committed, or gone."""
    return {
        key: (error, now.get(key))
        for key, error in committed.items()
        if key not in now or now[key] > error + POINTS
    }


def test_no_group_of_operators_is_predicted_worse_than_committed(
    shared_data, repository, committed
):
    now = operator_errors(shared_data, repository / "profiles")

    assert worse(now, committed["operators"]) == {}


def test_no_group_of_models_is_predicted_worse_than_committed(shared_data, repository, committed):
    now = model_errors(shared_data, repository / "profiles", every=EVERY)

    assert worse(now, committed["models"]) == {}


def test_a_worse_figure_would_be_noticed():
    assert worse({"a": 12.1}, {"a": 10.0}) == {"a": (10.0, 12.1)}
    assert worse({}, {"a": 10.0}) == {"a": (10.0, None)}
    assert worse({"a": 11.9}, {"a": 10.0}) == {}
