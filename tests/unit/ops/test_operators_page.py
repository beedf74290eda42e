from tests.unit.ops.operators_page import page


def test_the_page_of_operators_lists_what_the_code_covers(repository):
    text = (repository / "docs" / "operators.md").read_text(encoding="utf-8")

    assert page(text) == text, "run python tests/unit/ops/operators_page.py"
