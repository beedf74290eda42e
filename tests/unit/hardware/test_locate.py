"""Every key of a valid TOML text is found where it stands."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.hardware.check import leaves
from phantomgpu.hardware.locate import positions

TEXTS = {
    "bare": ("a = 1\nb = 2\n", ("b",), (2, 1)),
    "in a table": ("[t]\n a = 1\n", ("t", "a"), (2, 2)),
    "a table itself": ("\n[ t . u ]\n", ("t", "u"), (2, 3)),
    "a parent of a table": ("[t.u]\na = 1\n", ("t",), (1, 2)),
    "dotted": ("a.b . c = 1\n", ("a", "b", "c"), (1, 1)),
    "a parent of a dotted key": ("a.b.c = 1\na.b.d = 2\n", ("a", "b"), (1, 1)),
    "quoted": ("\"a b\" = 1\n'c.d' = 2\n", ("c.d",), (2, 1)),
    "quoted with an escape": ('"a\\u0062\\"\\t" = 1\n', ('ab"\t',), (1, 1)),
    "quoted with a bracket": ('["a]b"]\nc = 1\n', ("a]b", "c"), (2, 1)),
    "inline": ("t = { a = 1, b = { c = 2 } }\n", ("t", "b", "c"), (1, 20)),
    "after an equals sign in a text": ('a = "b = 1"\nb = 2\n', ("b",), (2, 1)),
    "after a hash in a text": ('a = "#"\nb = 2\n', ("b",), (2, 1)),
    "after a bracket in a list": ('a = ["]", "["]\nb = 2\n', ("b",), (2, 1)),
    "after a list over lines": ("a = [\n 1, # ]\n 2,\n]\nb = 2\n", ("b",), (5, 1)),
    "in a list of tables": ("a = [{ b = 1 }, { b = 2 }]\n", ("a", "1", "b"), (1, 19)),
    "in an array of tables": ("[[a]]\nb = 1\n[[a]]\nb = 2\n", ("a", "1", "b"), (4, 1)),
    "in a table of an array": ("[[a]]\n[a.c]\nb = 1\n", ("a", "0", "c", "b"), (3, 1)),
    "in an array in an array": (
        "[[a]]\n[[a.c]]\n[[a.c]]\nb = 1\n", ("a", "0", "c", "1", "b"), (4, 1)),
    "after a long text": ('a = """\nb = 1\n\\""" "" """\nb = 2\n', ("b",), (4, 1)),
    "after a long literal": ("a = '''\nb = 1\n\\'''\nb = 2\n", ("b",), (4, 1)),
    "after a long text that ends in quotes": ('a = """x"""""\nb = 2\n', ("b",), (2, 1)),
    "after a literal with a backslash": ("a = 'c:\\'\nb = 2\n", ("b",), (2, 1)),
    "after a date": ("a = 2022-10-12 07:00:00\nb = 2\n", ("b",), (2, 1)),
    "after Windows line ends": ("a = 1\r\nb = 2\r\n", ("b",), (2, 1)),
    "without a last line end": ("[t]\na = 1", ("t", "a"), (2, 1)),
    "after a comment at the end": ("a = 1 # b = 3", ("a",), (1, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "place"), TEXTS.values(), ids=TEXTS)
def test_key_is_found_where_it_stands(text, path, place):
    tomli.loads(text)

    assert positions(text)[path] == place


def test_every_key_of_every_profile_is_found(profile_texts):
    for text in profile_texts.values():
        found = positions(text)
        lines = text.splitlines()
        for path, _ in leaves(tomli.loads(text)):
            line, column = found[path]

            assert lines[line - 1][column - 1 :].lstrip('"').startswith(path[-1])


names = st.text(min_size=1, max_size=6)
values = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def written(value):
    """A value as TOML, tables inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08X}" for c in value) + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written(k)} = {written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(written, value)) + " ]"
    return str(value)


@given(st.dictionaries(names.filter(lambda n: all(ord(c) < 0xD800 for c in n)), values, max_size=4))
def test_scanner_finds_the_keys_that_tomli_finds(document):
    text = "\n".join(f"{written(key)} = {written(value)}" for key, value in document.items())
    try:
        parsed = tomli.loads(text)
    except tomli.TOMLDecodeError:  # a surrogate, which TOML cannot hold
        return

    found = positions(text)
    assert {path[0] for path in found} == set(parsed)
    assert all(path in found for path, _ in leaves(parsed))
