"""A link holds the whole comparison, and a damaged one is called damaged."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import Comparison
from tests.browser.test_models import a_model


@pytest.fixture
def link(live: Comparison) -> str:
    """The link to a comparison that is not the first one."""
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    live.page.locator("#precisions").get_by_role("button", name="int8").click()
    live.add_batches("48")
    live.page.get_by_role("button", name="Copy link").click()
    expect(live.page.locator("#notice")).to_contain_text("Link copied")
    return str(live.page.evaluate("navigator.clipboard.readText()"))


def test_link_restores_the_comparison(live: Comparison, link: str) -> None:
    shared = live.cells()

    live.page.goto("about:blank")
    live.open(link)

    assert live.cells() == shared


def test_link_to_built_in_models_is_short(link: str) -> None:
    assert len(link.split("#")[1]) <= 200


def test_damaged_link_is_called_damaged(live: Comparison, link: str) -> None:
    live.page.goto("about:blank")
    live.open(link[:-3])

    assert "damaged" in live.error()["what"]


def test_link_to_a_file_says_which_file_to_drop(live: Comparison, tmp_path) -> None:
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    file = a_model(tmp_path / "own.onnx")
    live.drop(file)
    shared = live.cells()
    live.page.get_by_role("button", name="Copy link").click()
    expect(live.page.locator("#notice")).to_contain_text("own.onnx")
    link = live.page.evaluate("navigator.clipboard.readText()")

    live.page.goto("about:blank")
    live.open(link)
    assert "own.onnx" in live.error()["what"]

    live.drop(file)
    assert live.error() == {}
    assert live.cells() == shared
