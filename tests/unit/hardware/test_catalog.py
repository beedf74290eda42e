"""A catalogue finds what it was given, says what it has not, and stacks profiles on profiles."""

import pytest

from phantomgpu.errors import ProfileError, UnknownNameError
from phantomgpu.hardware import load_catalog
from tests.unit.hardware.builders import GPU, RUNTIME, a_profile, files

VARIANT = 'extends = "round-1"\nname = "Round Two"\n[spec]\nmemory_gb = 32\n'


def test_ids_are_the_names_of_the_files():
    catalog = load_catalog(files(round_2=VARIANT))

    assert catalog.gpu_ids == ("round-1", "round-2")
    assert catalog.runtime_ids == ("plain",)


@pytest.mark.parametrize("path", ["t4.toml", "boards/t4.toml", "gpus/t4.json"])
def test_path_that_is_no_place_for_a_profile_is_an_error(path):
    with pytest.raises(ProfileError) as caught:
        load_catalog({path: GPU})

    assert caught.value.where == path


def test_paths_of_windows_are_understood():
    assert load_catalog({"C:\\me\\gpus\\t4.toml": GPU}).gpu_ids == ("t4",)


def test_unknown_gpu_names_the_nearest_three_and_where_it_looked(profile_texts):
    catalog = load_catalog(profile_texts, looked_in=("the built-in profiles", "my/folder"))

    with pytest.raises(UnknownNameError) as caught:
        catalog.gpu("h100")
    assert caught.value.what == 'there is no GPU "h100"'
    assert caught.value.where == "looked in the built-in profiles, my/folder"
    assert caught.value.fix.startswith("the nearest are h100-")
    assert len(caught.value.fix.split(", ")) == 3


def test_unknown_runtime_names_the_nearest(catalog):
    with pytest.raises(UnknownNameError) as caught:
        catalog.runtime("tensort")

    assert caught.value.fix.startswith("the nearest are tensorrt")


def test_empty_catalogue_says_which_file_to_add():
    with pytest.raises(UnknownNameError) as caught:
        load_catalog({}).gpu("t4")

    assert caught.value.fix == "add gpus/t4.toml"


def test_unknown_architecture_is_named_where_the_profile_names_it():
    with pytest.raises(UnknownNameError) as caught:
        load_catalog(files(a_profile(architecture='"roundnes"'))).gpu("round-1")

    assert caught.value.where == "gpus/round-1.toml, line 6, column 1, spec.architecture"
    assert caught.value.fix == "the nearest are roundness"


def test_unknown_sm_is_named_where_the_profile_names_it():
    with pytest.raises(UnknownNameError) as caught:
        load_catalog(files(a_profile(sm='"square"'))).gpu("round-1")

    assert caught.value.where == "gpus/round-1.toml, line 7, column 1, spec.sm"


def test_broken_profile_disturbs_no_other():
    catalog = load_catalog(files(broken="name ="))

    assert catalog.gpu("round-1").name == "Round One"


def test_profile_is_read_once():
    catalog = load_catalog(files())

    assert catalog.gpu("round-1") is catalog.gpu("round-1")


def test_variant_takes_from_its_base_what_it_does_not_say():
    gpu = load_catalog(files(round_2=VARIANT)).gpu("round-2")

    assert gpu.name == "Round Two"
    assert gpu.spec.memory_bytes == 32 * 2**30
    assert gpu.spec.bandwidth_bytes_per_s == 1e12


def test_variant_does_not_inherit_the_source_of_a_value_it_changes():
    gpu = load_catalog(files(round_2=VARIANT)).gpu("round-2")

    assert "spec.memory_gb" not in gpu.sources
    assert gpu.sources["spec.l2_mb"] == "a microbenchmark"


def test_peaks_are_never_mixed_from_two_boards():
    base = GPU + "[spec.peak_tflops_fp16_accumulate]\nfp16 = 100\n"
    variant = 'extends = "round-1"\n[spec.peak_tflops]\nfp32 = 9\n'

    spec = load_catalog(files(base, round_2=variant)).gpu("round-2").spec
    assert spec.peak_flops_per_s == {"fp32": 9e12}
    assert spec.fp16_accumulate_flops_per_s == 0


@pytest.mark.parametrize(
    ("first", "second", "circle"),
    [
        ('extends = "round-2"', 'extends = "round-1"', "round-1 -> round-2 -> round-1"),
        ('extends = "round-1"', "", "round-1 -> round-1"),
    ],
)
def test_circle_of_profiles_is_an_error_that_shows_it(first, second, circle):
    with pytest.raises(ProfileError) as caught:
        load_catalog(files(first, round_2=second)).gpu("round-1")

    assert circle in caught.value.what
    assert caught.value.where == "gpus/round-1.toml, line 1, column 1, extends" or second


def test_base_that_does_not_exist_is_named_where_it_is_written():
    with pytest.raises(UnknownNameError) as caught:
        load_catalog(files(round_2='extends = "round-3"')).gpu("round-2")

    assert caught.value.where == "gpus/round-2.toml, line 1, column 1, extends"
    assert caught.value.fix.startswith("the nearest are ")


def test_mistake_in_a_base_is_reported_in_the_base():
    with pytest.raises(ProfileError) as caught:
        load_catalog(files(a_profile(tdp_w="0"), round_2=VARIANT)).gpu("round-2")

    assert caught.value.where.startswith("gpus/round-1.toml, line 14")


def test_later_file_of_the_same_id_replaces_the_earlier():
    texts = files() | {"/home/me/gpus/round-1.toml": a_profile(name='"Mine"')}

    gpu = load_catalog(texts).gpu("round-1")
    assert gpu.name == "Mine"
    assert gpu.origin == "/home/me/gpus/round-1.toml"


def test_file_that_extends_its_own_id_stands_on_the_earlier():
    texts = files() | {"/home/me/gpus/round-1.toml": 'extends = "round-1"\nstatus = "V"\n'}

    gpu = load_catalog(texts).gpu("round-1")
    assert gpu.name == "Round One"
    assert gpu.status == "V"


def test_profile_can_be_added_to_a_catalogue_that_stays_as_it_was():
    catalog = load_catalog(files())

    more = catalog.with_profile("round-2", VARIANT, "the editor")
    assert more.gpu("round-2").origin == "the editor"
    assert more.gpu("round-1") == catalog.gpu("round-1")
    assert catalog.gpu_ids == ("round-1",)


def test_profile_added_under_a_known_id_stands_on_top():
    catalog = load_catalog(files()).with_profile("round-1", 'extends="round-1"\nname="Hot"', "x")

    assert catalog.gpu("round-1").name == "Hot"


def test_runtime_variant_extends_too():
    fast = 'extends = "plain"\nname = "Fast"\n[cost]\nlaunch_us = 0.5\n'

    runtime = load_catalog(files() | {"runtimes/fast.toml": fast}).runtime("fast")
    assert runtime.launch_s == pytest.approx(0.5e-6)
    assert runtime.dispatch_s == pytest.approx(20e-6)
    assert "cost.launch_us" not in runtime.sources


def test_runtime_takes_anothers_attention_where_it_says_so():
    borrows = '\n[kernels]\nborrows_on = ["ada"]\nborrows_from = ["{}"]\ndecode_group_most = 8\n'
    texts = files() | {
        "runtimes/one.toml": RUNTIME + borrows.format("two"),
        "runtimes/two.toml": RUNTIME + borrows.format("one"),
    }
    one = load_catalog(texts).runtime("one")

    assert one.decode_groups == (1, 8)
    assert {on: lender.id for on, lender in one.attention_on.items()} == {"ada": "two"}
    assert one.attention_on["ada"].attention_on == {}


def test_runtime_that_takes_attention_from_nowhere_is_an_error():
    text = RUNTIME + '\n[kernels]\nborrows_on = ["ada"]\nborrows_from = ["nothing"]\n'

    with pytest.raises(UnknownNameError):
        load_catalog(files() | {"runtimes/one.toml": text}).runtime("one")


def test_runtime_knows_its_origin_and_sources():
    runtime = load_catalog({"runtimes/plain.toml": RUNTIME}).runtime("plain")

    assert runtime.origin == "runtimes/plain.toml"
    assert runtime.sources == dict.fromkeys(
        ("cost.launch_us", "cost.dispatch_us", "cost.start_us"), "measured"
    )


def test_architecture_gives_the_rates_of_its_sms():
    sm = load_catalog(files()).architecture("roundness").sms["round"]

    assert sm.flops_per_clock == {"fp32": 100, "fp16": 1000}
    assert sm.vector == ()


def test_architecture_without_calibration_or_sms_is_one():
    catalog = load_catalog({"architectures/plain.toml": 'name = "Plain"'})

    assert catalog.architecture("plain").sms == {}
