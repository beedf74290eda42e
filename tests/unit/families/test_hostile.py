"""Configurations that nobody published: an error that names the place, never a crash."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phantomgpu.errors import PhantomGPUError
from phantomgpu.families import Definition, build
from phantomgpu.families.config import Config

CONFIGS = json.loads(
    (Path(__file__).parents[2] / "golden" / "families.json").read_text(encoding="utf-8")
)
JUNK = st.sampled_from(
    [None, 0, 1, 3, -1, 1.5, "x", "", [], [1], {}, True, False, 2**30, 2**31, 2**60, 1e300]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(CONFIGS)), data=st.data())
def test_any_value_in_any_key_makes_a_model_or_an_error(name, data):
    config = dict(CONFIGS[name])
    for key in data.draw(st.lists(st.sampled_from(sorted(config)), min_size=1, max_size=3)):
        config[key] = data.draw(JUNK)

    outcome = definition_or_error(config, name)

    if isinstance(outcome, PhantomGPUError):
        assert outcome.where
        assert outcome.fix
    else:
        assert outcome.parameters > 0


def definition_or_error(config, name: str) -> Definition | PhantomGPUError:
    try:
        return build({"config.json": config}, name=name)
    except PhantomGPUError as error:
        return error


@pytest.mark.parametrize("layers", [0, 4097, 2**40])
def test_a_number_of_layers_that_no_model_has_is_refused(layers):
    config = CONFIGS["bert"] | {"num_hidden_layers": layers}

    with pytest.raises(PhantomGPUError, match="num_hidden_layers"):
        build({"config.json": config}, name="deep")


def test_a_nested_configuration_is_named_in_the_error():
    with pytest.raises(PhantomGPUError) as caught:
        Config({"text_config": {"hidden_size": "x"}}).part("text_config").count("hidden_size")

    assert caught.value.where == "config.json, text_config"
