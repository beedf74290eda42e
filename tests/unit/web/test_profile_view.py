"""What stands beside the editor: problems, changes, what runs."""

from web.profile_view import change_table, heading, problem_list, status_line


def a_problem(**fields):
    return {
        "severity": "error", "what": "spec.tdp_w is 7000", "where": "t4.toml, line 3, column 1",
        "fix": "check the data sheet", "line": 3, "column": 1,
    } | fields  # fmt: skip


def a_change(**fields):
    return {"key": "spec.l2_mb", "unit": "MB", "meaning": "Cache.", "was": 4, "now": 6000} | fields


def test_problem_is_shown_in_its_own_words_with_a_way_to_its_place():
    html = problem_list([a_problem()])

    assert "spec.tdp_w is 7000" in html
    assert "check the data sheet" in html
    assert "data-line='3' data-column='1'" in html
    assert "class='mistake'" in html


def test_problem_without_a_line_says_where_it_is():
    html = problem_list([a_problem(line=None, column=None, where="t4.toml, [spec]")])

    assert "t4.toml, [spec]" in html
    assert "button" not in html


def test_text_of_a_profile_is_never_markup():
    html = problem_list([a_problem(what="has <script>")]) + heading("<b>", True)
    html += change_table([a_change(now="<img>", key="<i>")], "<u>")

    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert "<i>" not in html
    assert "<u>" not in html


def test_no_problem_is_no_list():
    assert problem_list([]) == ""


def test_change_shows_both_figures_and_the_unit():
    html = change_table([a_change(), a_change(key="board.sockets", was=None)], "Catalogue")

    assert "<td>4</td><td><strong>6,000</strong></td>" in html
    assert "<small>MB</small>" in html
    assert "<td>–</td>" in html


def test_long_list_of_changes_says_how_many_more_there_are():
    assert "and 3 more" in change_table([a_change()] * 15, "Catalogue")


def test_profile_as_it_is_says_that_nothing_differs():
    assert "No value differs" in change_table([], "Catalogue")


def test_status_says_what_runs_while_there_is_a_mistake():
    mistake = [a_problem()]

    assert "last good" in status_line(mistake, True, True, True)
    assert "catalogue's profile keeps" in status_line(mistake, False, True, True)
    assert "Nothing runs" in status_line(mistake, False, False, True)


def test_status_says_whether_it_is_kept():
    warned = [a_problem(severity="warning")]

    assert "kept in this browser" in status_line(warned, True, True, True)
    assert "does not keep it" in status_line([], True, True, False)
    assert "catalogue's profile." in status_line([], False, True, True)
