"""An editor gets mistakes with line and column as numbers, and where they concern the whole."""

from phantomgpu.errors import ProfileError
from phantomgpu.report.problems import profile_problems


def test_a_place_in_the_text_is_numbers():
    error = ProfileError("it is wrong", where="mine.toml, line 12, column 3, spec.sm", fix="do it")

    assert profile_problems(error) == [
        {
            "severity": "error",
            "code": "profile",
            "what": "it is wrong",
            "where": "mine.toml, line 12, column 3, spec.sm",
            "fix": "do it",
            "line": 12,
            "column": 3,
        }
    ]


def test_a_mistake_of_the_whole_has_no_line():
    error = ProfileError("a value is missing", where="mine.toml, [spec]", fix="add it")

    assert profile_problems(error)[0]["line"] is None


def test_warnings_come_after_the_error():
    error = ProfileError("it is wrong", where="mine.toml", fix="do it")
    found = profile_problems(error, ["mine.toml, line 3, column 1, x: looks sparse"])

    assert [(problem["severity"], problem["what"]) for problem in found] == [
        ("error", "it is wrong"),
        ("warning", "looks sparse"),
    ]
