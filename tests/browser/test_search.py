"""The search for models understands any usual spelling, in the page's own MicroPython."""

import pytest
from playwright.sync_api import expect

from tests.browser.driver import LIVE_MS, Comparison


@pytest.mark.parametrize(
    ("typed", "name"),
    [("sd xl", "Stable Diffusion XL"), ("yolo v8 small", "YOLOv8s"), ("llama3 8b", "Llama 3 8B")],
)
def test_a_usual_spelling_chooses_the_model(live: Comparison, typed: str, name: str) -> None:
    search = live.page.get_by_role("combobox", name="Built-in models")
    search.fill(typed)
    first = live.page.locator("#models [role=option]").first
    expect(first).to_contain_text(name, timeout=LIVE_MS)
    search.press("Enter")
    live.settle()

    assert live.error() == {}
    assert name in live.page.locator("#answer").inner_text()
