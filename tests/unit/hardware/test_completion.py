"""What the editor offers at a place of a profile, finished or not."""

import pytest

from phantomgpu.hardware.completion import completions, value_range
from phantomgpu.hardware.schema import Key

BASE = {"name": "Round", "spec": {"vendor": "nvidia", "bandwidth_gb_per_s": 1000, "sm_count": 8}}
CHOICES = {"extends": ("h100", "t4"), "spec.architecture": ("ampere", "hopper")}


def at(text):
    """Completions at the mark ``|``."""
    before, _, after = text.partition("|")
    line = before.count("\n") + 1
    column = len(before.rpartition("\n")[2]) + 1
    return completions(before + after, line, column, base=BASE, choices=CHOICES)


def named(text):
    return {option.text: option for option in at(text).options}


def test_key_is_offered_with_unit_range_and_meaning():
    option = named("[spec]\nband|")["bandwidth_gb_per_s"]

    assert option.apply == "bandwidth_gb_per_s = "
    assert option.detail == "GB/s, 10 to 50,000"
    assert option.info.startswith("Peak of the board's memory")
    assert option.info.endswith("The catalogue has 1000.")
    assert option.is_required


def test_key_starts_where_the_word_that_is_typed_starts():
    assert at("[spec]\n  band|").column == 3


def test_keys_of_another_table_are_not_offered():
    assert "fp16" in named("[spec]\nsm_count = 8\n\n[spec.peak_tflops]\n|")
    assert "fp16" not in named("[spec]\n|")


def test_key_that_is_written_already_is_not_offered_again():
    offered = named("[spec]\ntdp_w = 3\n|\nl2_mb = 4\n[board]\nbus_bits = 32")

    assert "tdp_w" not in offered
    assert "l2_mb" not in offered
    assert "memory_gb" in offered


def test_key_of_a_table_further_up_does_not_count_as_written():
    assert "fp16" in named("[spec.peak_tflops_fp16_accumulate]\nfp16 = 1\n[spec.peak_tflops]\n|")


def test_tables_are_offered_at_the_top_and_as_headers():
    assert named("na|")["[spec]"].apply == "[spec]"
    assert named("[spec|")["spec.peak_tflops"].apply == "spec.peak_tflops]"


def test_free_names_are_not_offered_but_their_keys_are():
    assert named("[measured]\n|") == {}
    assert "factor" in named("[measured.anything]\n|")


def test_value_that_is_one_of_several_is_offered_in_quotes():
    assert list(named("[spec]\nvendor = |")) == ['"nvidia"', '"amd"', '"intel"', '"apple"']
    assert named("[spec]\nvendor = |")['"nvidia"'].detail == "as in the catalogue"


def test_ids_of_the_catalogue_are_offered():
    assert list(named('extends = "h|')) == ['"h100"', '"t4"']
    assert list(named("spec.architecture = |")) == ['"ampere"', '"hopper"']


def test_number_of_the_catalogue_is_offered_with_its_unit():
    found = at("[spec]\nbandwidth_gb_per_s = |")

    assert [option.text for option in found.options] == ["1000"]
    assert found.options[0].detail == "GB/s as in the catalogue"
    assert found.column == 22
    assert list(named("name = |")) == ['"Round"']


@pytest.mark.parametrize(
    "text", ["# ba|", "[spec]\nl2_mb = 5  # ba|", "[spec]\ncolour = |", "[nothing]\n|"]
)
def test_nothing_is_offered_where_nothing_is_known(text):
    assert at(text).options == ()


def test_place_below_the_text_is_no_error():
    assert completions("", 9, 1, base=BASE, choices=CHOICES).options


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Key("a", "text", "", one_of=("x", "y")), "x, y"),
        (Key("a", "text", ""), "text"),
        (Key("a", "texts", ""), "list of texts"),
        (Key("a", "integer", "", "", 1, 4096), "whole, 1 to 4,096"),
        (Key("a", "number", "", "1", 0, 2), "0 to 2"),
    ],
)
def test_range_says_what_a_value_may_be(key, words):
    assert value_range(key) == words
