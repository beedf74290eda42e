"""What a profile changes of the catalogue's, and what a variant begins with."""

from phantomgpu.hardware.changes import changes_of, variant_of, variant_of_text


def change(catalog, name, text):
    edited = catalog.with_profile(name, text, f"{name}.toml")
    return {each["key"]: each for each in changes_of(catalog, name, edited)}


def test_changed_value_is_listed_with_both_figures_and_unit(catalog, profile_texts):
    text = profile_texts["profiles/gpus/t4.toml"].replace(
        "bandwidth_gb_per_s = 320", "bandwidth_gb_per_s = 400"
    )

    found = change(catalog, "t4", text)

    assert list(found) == ["spec.bandwidth_gb_per_s"]
    assert found["spec.bandwidth_gb_per_s"]["was"] == 320
    assert found["spec.bandwidth_gb_per_s"]["now"] == 400
    assert found["spec.bandwidth_gb_per_s"]["unit"] == "GB/s"


def test_profile_as_it_is_changes_nothing(catalog, profile_texts):
    assert change(catalog, "t4", profile_texts["profiles/gpus/t4.toml"]) == {}


def test_variant_is_held_against_the_profile_it_extends(catalog):
    text = 'extends = "t4"\nname = "Cool T4"\n[spec]\nl2_mb = 8\nidle_w = 9\n'

    found = change(catalog, "cool-t4", text)

    assert set(found) == {"name", "spec.l2_mb", "spec.idle_w"}
    assert found["name"]["now"] == "Cool T4"


def test_profile_of_its_own_is_all_new(catalog, profile_texts):
    found = change(catalog, "mine", profile_texts["profiles/gpus/t4.toml"])

    assert found["spec.memory_gb"]["was"] is None
    assert found["spec.memory_gb"]["now"] == 16


def test_variant_begins_with_three_lines_that_change_nothing_but_the_name(catalog):
    name, text = variant_of(catalog, "h100-sxm-80gb")

    assert name == "h100-sxm-80gb-variant"
    assert list(change(catalog, name, text)) == ["name"]


def test_second_variant_gets_an_id_of_its_own(catalog):
    taken = ["t4-variant", "t4-variant-2"]

    name, text = variant_of(catalog, "t4", taken=taken)

    assert name == "t4-variant-3"
    assert "variant 3" in text


def test_variant_stands_on_the_edited_profile_and_not_on_the_one_before(catalog, profile_texts):
    variant = 'extends = "t4"\nname = "Cool T4"\n[spec]\nl2_mb = 8\n'
    both = catalog.with_profile("cool-t4", variant, "cool-t4.toml")
    assert both.gpu("cool-t4").spec.memory_bytes == 15 * 2**30
    text = profile_texts["profiles/gpus/t4.toml"]
    text = text.replace("usable_memory_gb   = 15", "usable_memory_gb = 14")

    edited = both.with_profile("t4", text, "t4.toml")

    assert edited.gpu("cool-t4").spec.memory_bytes == 14 * 2**30
    assert both.gpu("cool-t4").spec.memory_bytes == 15 * 2**30


def test_boards_that_stand_on_nothing_are_not_read_again(catalog, profile_texts):
    other = catalog.gpu("l4")

    edited = catalog.with_profile("t4", profile_texts["profiles/gpus/t4.toml"], "t4.toml")

    assert edited.gpu("l4") is other


def test_choices_are_the_ids_that_a_profile_may_name(catalog):
    choices = catalog.choices()

    assert "t4" in choices["extends"]
    assert "turing" in choices["spec.architecture"]
    assert "default" not in choices["spec.architecture"]


def test_variant_of_a_variant_is_a_copy_that_stands_on_the_same_board(catalog):
    first, text = variant_of(catalog, "t4")
    text += "l2_mb = 8  # twice\n"

    second, copy = variant_of_text(catalog, text, taken=[first])

    assert second == "t4-variant-2"
    assert 'name    = "Tesla T4, variant 2"' in copy
    assert copy.splitlines()[3:] == text.splitlines()[3:]
    assert change(catalog, second, copy)["spec.l2_mb"]["now"] == 8


def test_copy_of_a_profile_without_a_name_gets_one(catalog):
    found, text = variant_of_text(catalog, "[spec]\n", taken=[])

    assert found == "profile-variant"
    assert text.startswith('name    = "Profile, variant"\n[spec]')
