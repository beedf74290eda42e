"""A broken profile is named with file, line, column and key, and with what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.errors import PhantomGPUError, ProfileError, TomlError
from phantomgpu.hardware import load_catalog
from phantomgpu.hardware.check import read_document
from tests.unit.hardware.builders import FIRST, GPU, RUNTIME, a_profile, files


def error_of(text, kind="gpus"):
    with pytest.raises(TomlError) as caught:
        read_document(text, kind=kind, origin="x.toml")
    return caught.value


def mistake(action):
    """The error of the documented tree that an action ends in, if any; others escape."""
    try:
        action()
    except PhantomGPUError as error:
        return error
    return None


SYNTAX = {
    "unclosed text": ('name = "x\nstatus = "V"\n', 1),
    "unclosed table header": ('name = "x"\n[spec\nsm_count = 1\n', 2),
    "no value": ("name =\n", 1),
    "no equals": ('name "x"\n', 1),
    "no quotes": ("name = Round One\n", 1),
    "a unit after a number": ('name = "x"\n[spec]\nmemory_gb = 80 GB\n', 3),
    "a key twice": ("[spec]\nsm_count = 1\nsm_count = 2\n", 3),
    "a table twice": ("[spec]\nsm_count = 1\n[spec]\nl2_mb = 2\n", 3),
    "a decimal comma": ("[spec]\nmemory_gb = 1,5\n", 2),
    "a thousands separator": ("[spec]\nbandwidth_gb_per_s = 3,350\n", 2),
    "unclosed list": ('vendors = ["nvidia"\n', 2),
    "unclosed inline table": ("spec = { sm_count = 1 l2_mb = 2\n", 1),
    "a colon for equals": ('name: "x"\n', 1),
    "a bad escape": ('name = "C:\\q"\n', 1),
    "a number with a leading zero": ("[spec]\nsm_count = 0132\n", 2),
    "a stray bracket": ('name = "x"]\n', 1),
    "a control character": ('name = "a\x01b"\n', 1),
    "junk before a key": ('name = "x"\n?? = 1\n', 2),
}


@pytest.mark.parametrize(("text", "line"), SYNTAX.values(), ids=SYNTAX)
def test_bad_syntax_is_named_with_line_and_column(text, line):
    error = error_of(text)

    assert error.where.startswith(f"x.toml, line {line}, column ")
    assert error.what.startswith("this is not valid TOML: ")


WRONG = {
    "unknown key": ("[spec]\nmemory_gbs = 80\n", (2, 1, "spec.memory_gbs"), "memory_gb"),
    "unknown table": ("[specs]\nsm_count = 1\n", (1, 2, "specs"), "spec"),
    "unknown key at the top": ('nmae = "x"\n', (1, 1, "nmae"), "name"),
    "a key in the wrong table": ("memory_gb = 80\n", (1, 1, "memory_gb"), "spec.memory_gb"),
    "a precision that is none": (
        "[spec.peak_tflops]\nfp15 = 1\n", (2, 1, "spec.peak_tflops.fp15"), "fp16"),
    "a dotted key": ("spec . memory_gbs = 80\n", (1, 1, "spec.memory_gbs"), "memory_gb"),
    "a quoted key": ('["spec"]\n"memory gb" = 80\n', (2, 1, "spec.memory gb"), "memory_gb"),
    "a key in an inline table": (
        "spec = { sm_count = 1, memory_gbs = 80 }\n", (1, 24, "spec.memory_gbs"), "memory_gb"),
    "an indented key": ("[spec]\n    sm_counts = 1\n", (2, 5, "spec.sm_counts"), "sm_count"),
    "a key after a long text": (
        'name = """a\n[spec]\nl3 = 1"""\n[spec]\nl3_mb = 1\n', (5, 1, "spec.l3_mb"), "l2_mb"),
    "a key after a comment": ("# [spec]\n# l2 = 1\n[spec] # l2\nl4_mb = 1 # l4_mb\n",
        (4, 1, "spec.l4_mb"), "l2_mb"),
    "a number as text": ('[spec]\nmemory_gb = "80"\n', (2, 1, "spec.memory_gb"), "a number in GB"),
    "a fraction of an SM": ("[spec]\nsm_count = 1.5\n", (2, 1, "spec.sm_count"), "a whole number"),
    "true as a number": ("[spec]\nsm_count = true\n", (2, 1, "spec.sm_count"), "a whole number"),
    "a list as a number": ("[spec]\ntdp_w = [1, 2]\n", (2, 1, "spec.tdp_w"), "a number in W"),
    "a table as a number": ("[spec.tdp_w]\nmax = 1\n", (1, 2, "spec.tdp_w"), "a number in W"),
    "a number as a table": ("spec = 3\n", (1, 1, "spec"), "[spec]"),
    "a number as a text": ("name = 3090\n", (1, 1, "name"), "a text in quotes"),
    "a date as a text": ("[board]\nlaunched = 2022-10-12\n", (2, 1, "board.launched"), "quotes"),
    "an unknown mark": ('status = "X"\n', (1, 1, "status"), "V, C, D, U"),
    "an unknown vendor": ('[spec]\nvendor = "NVIDIA"\n', (2, 1, "spec.vendor"), '"nvidia"'),
    "TB/s": ("[spec]\nbandwidth_gb_per_s = 3.35\n",
        (2, 1, "spec.bandwidth_gb_per_s"), "3.35 TB/s is 3350"),
    "bytes/s": ("[spec]\nbandwidth_gb_per_s = 3.35e12\n",
        (2, 1, "spec.bandwidth_gb_per_s"), "3350000000000.0 bytes/s is 3350"),
    "GB as bytes": ("[spec]\nmemory_gb = 85899345920\n",
        (2, 1, "spec.memory_gb"), "85899345920 bytes is 80"),
    "GB as MB": ("[spec]\nmemory_gb = 81920\n", (2, 1, "spec.memory_gb"), "81920 MB is 80"),
    "MHz as GHz": ("[spec]\nboost_clock_mhz = 1.41\n",
        (2, 1, "spec.boost_clock_mhz"), "1.41 GHz is 1410"),
    "MHz as Hz": ("[spec]\nboost_clock_mhz = 1.41e9\n",
        (2, 1, "spec.boost_clock_mhz"), "Hz is 1410"),
    "TFLOPS as FLOP/s": ("[spec.peak_tflops]\nfp16 = 312e12\n",
        (2, 1, "spec.peak_tflops.fp16"), "FLOP/s is 312"),
    "MB as bytes": ("[spec]\nl2_mb = 41943040\n", (2, 1, "spec.l2_mb"), "bytes is 40"),
    "W as kW": ("[spec]\ntdp_w = 0.7\n", (2, 1, "spec.tdp_w"), "0.7 kW is 700"),
    "nonsense": ("[spec]\ntdp_w = -5\n", (2, 1, "spec.tdp_w"), "check the data sheet"),
    "infinity": ("[spec]\ntdp_w = inf\n", (2, 1, "spec.tdp_w"), "check the data sheet"),
    "not a number": ("[spec]\ntdp_w = nan\n", (2, 1, "spec.tdp_w"), "check the data sheet"),
    "an unknown parameter": (f"[calibration]\n{FIRST}x = 0.5\n",
        (2, 1, f"calibration.{FIRST}x"), FIRST),
    "a parameter out of range": (f"[calibration]\n{FIRST} = -75\n",
        (2, 1, f"calibration.{FIRST}"), "check"),
    "a number as a source": ("[sources]\nspec = 3\n", (2, 1, "sources.spec"), "a text in quotes"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_key_is_named_with_its_place_and_what_to_write(text, place, hint):
    error = error_of(text)

    line, column, key = place
    assert error.where == f"x.toml, line {line}, column {column}, {key}"
    assert key in error.what
    assert hint in error.fix


def test_list_of_anything_but_texts_is_wrong():
    error = error_of('precisions = ["fp16", 8]\n', "runtimes")

    assert "a list of texts" in error.fix


def test_unknown_item_of_a_list_names_the_known_ones():
    error = error_of('precisions = ["fp16", "fp17"]\n', "runtimes")

    assert error.what == 'precisions has "fp17"'
    assert "fp32, tf32, fp16" in error.fix


def test_sources_may_be_written_quoted_or_nested():
    read_document('[sources]\n"spec.l2_mb" = "a"\nboard.msrp_usd = "b"\n', kind="gpus", origin="x")


@pytest.mark.parametrize("line", [line for line in GPU.splitlines() if " = " in line][2:11])
def test_profile_without_a_required_key_says_which_and_in_what_unit(line):
    name = line.split(" ")[0]

    if name == "sm":  # the one optional key among them
        assert load_catalog(files(a_profile(sm=None))).gpu("round-1").spec.sm_count == 100
        return
    with pytest.raises(ProfileError) as caught:
        load_catalog(files(a_profile(**{name: None}))).gpu("round-1")
    assert f"spec.{name} is missing" == caught.value.what
    assert caught.value.where == "gpus/round-1.toml, line 4, column 2, [spec]"
    assert caught.value.fix.startswith(f"add {name} = … to [spec]")


def test_missing_table_is_named_without_a_line():
    text = 'name = "Bare"\n'

    with pytest.raises(ProfileError) as caught:
        load_catalog(files(text)).gpu("round-1")

    assert caught.value.where == "gpus/round-1.toml, [spec]"


def test_missing_key_at_the_top_names_the_file():
    with pytest.raises(ProfileError) as caught:
        load_catalog(files(a_profile(name=None))).gpu("round-1")

    assert caught.value.where == "gpus/round-1.toml"
    assert caught.value.fix == "add name = … to the top: for people."


@given(st.text())
def test_junk_is_an_error_and_never_a_crash(text):
    error = mistake(lambda: read_document(text, kind="gpus", origin="x.toml"))

    assert error is None or error.where.startswith("x.toml")


@given(st.data())
def test_damaged_profile_is_an_error_or_a_profile(data):
    start = data.draw(st.integers(0, len(GPU)))
    end = data.draw(st.integers(start, min(len(GPU), start + 40)))
    damaged = GPU[:start] + data.draw(st.text(max_size=8)) + GPU[end:]

    error = mistake(lambda: load_catalog(files(damaged)).gpu("round-1"))

    assert error is None or (error.what and error.where and error.fix)


@given(st.integers(0, len(RUNTIME)))
def test_cut_runtime_is_an_error_or_a_runtime(length):
    cut = load_catalog({"runtimes/plain.toml": RUNTIME[:length]})
    error = mistake(lambda: cut.runtime("plain"))

    assert error is None or error.where.startswith("runtimes/plain.toml")
