"""A profile from a link reads like the one in the catalogue, but for what was changed."""

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from phantomgpu.report.delta import REMOVED, delta, patched
from phantomgpu.report.edited import edited

TEXT = """\
name = "Round"  # a board "of #1" round numbers

[spec]
memory_gb = 16  # GDDR6
note = "# no comment"   # but this is one
tags = ["a",
        "b"]

[spec.peak_tflops]
fp16 = 100
"""


def changed(**spec):
    return {"spec": spec}


def test_a_changed_value_leaves_every_other_line_and_its_comment_as_they_are():
    lines = edited(TEXT, changed(memory_gb=24)).splitlines()

    assert lines[3] == "memory_gb = 24  # GDDR6"
    assert lines[:3] + lines[4:] == TEXT.splitlines()[:3] + TEXT.splitlines()[4:]


def test_a_mark_within_a_text_is_no_comment():
    line = edited(TEXT, changed(note="new")).splitlines()[4]

    assert line == 'note = "new"   # but this is one'


def test_what_cannot_be_written_over_is_written_anew():
    for difference in (
        changed(bandwidth=1000),
        changed(tags=["c"]),
        changed(peak_tflops={REMOVED: ["fp16"]}),
        {"spec": 3},
    ):
        wanted = patched(tomli.loads(TEXT), difference)

        assert tomli.loads(edited(TEXT, difference)) == wanted


values = st.integers(-99, 99) | st.floats(-9, 9) | st.booleans() | st.text("a#\"'= ", max_size=6)
tables = st.dictionaries(st.sampled_from(["memory_gb", "note", "tags", "new"]), values)


@settings(max_examples=50)
@given(tables, st.text("Rond #\"'\n", max_size=8))
def test_the_edited_text_says_what_the_change_says(spec, name):
    original = tomli.loads(TEXT)
    wanted = {**original, "name": name, "spec": {**original["spec"], **spec}}

    assert tomli.loads(edited(TEXT, delta(original, wanted))) == wanted
