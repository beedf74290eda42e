from tests.unit.comparison.models_page import page


def test_the_page_of_models_lists_the_index_beside_the_truth(repository):
    text = (repository / "docs" / "models.md").read_text(encoding="utf-8")

    assert page(text) == text, "run python tests/unit/comparison/models_page.py"
