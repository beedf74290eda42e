"""Canonical TOML is TOML, is the same for the same values, and loses nothing."""

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from phantomgpu.report.canonical import canonical_toml
from phantomgpu.report.delta import REMOVED, delta, patched

keys = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(keys, values, max_size=5)
documents_without_marks = st.dictionaries(
    keys.filter(lambda key: key != REMOVED),
    values.filter(lambda value: REMOVED not in str(value)),
    max_size=5,
)


@settings(max_examples=40)
@given(documents)
def test_a_document_survives_its_text(document):
    assert tomli.loads(canonical_toml(document)) == document


@settings(max_examples=40)
@given(documents_without_marks, documents_without_marks)
def test_what_differs_makes_the_changed_document_of_the_original(original, changed):
    assert repr(sorted_keys(patched(original, delta(original, changed)))) == repr(
        sorted_keys(changed)
    )


@settings(max_examples=40)
@given(documents_without_marks)
def test_nothing_differs_from_an_equal_document(document):
    assert delta(document, document) == {}


def test_dates_are_written_as_toml_has_them():
    document = tomli.loads("day = 2026-11-22\nnow = 2026-11-22T10:00:00Z\n")

    assert tomli.loads(canonical_toml(document)) == document


def sorted_keys(value):
    """The same value with every table in one order, so that types show in its repr."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value
