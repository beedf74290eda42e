"""axe finds nothing to object to, in any state, light or dark, wide or narrow."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.driver import Comparison


@pytest.fixture(scope="session")
def axe(repository: Path) -> str:
    """The script of axe-core, as the build fetched it."""
    named = os.environ.get("PHANTOMGPU_AXE")
    path = Path(named) if named else repository / ".cache" / "browser-tests" / "axe.min.js"
    if not path.is_file():
        reason = "axe-core is not fetched: run `python build.py test --browser`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return path.read_text(encoding="utf-8")


def first(live: Comparison, tmp_path: Path) -> None:
    """The page as it opens."""


def searching(live: Comparison, tmp_path: Path) -> None:
    live.page.get_by_role("combobox", name="Built-in models").fill("bert")


def failing(live: Comparison, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no model")
    live.drop(file)


def too_large(live: Comparison, tmp_path: Path) -> None:
    live.add_batches("30000")
    live.page.locator("#show-batch-30000").click()


def pinned(live: Comparison, tmp_path: Path) -> None:
    live.page.locator(".pin").first.click()
    live.page.locator("#metric-latency_ms").click()
    live.page.locator(".figure:has(#curve) summary").click()


def with_free_dimensions(live: Comparison, tmp_path: Path) -> None:
    models = Path(__file__).resolve().parents[2] / "profiles" / "models"
    live.drop(models / "bert-base.onnx.gz")


def editing(live: Comparison, tmp_path: Path) -> None:
    live.page.locator("[data-do=profile-edit]").first.click()
    live.page.locator("#profile .cm-content").press("Control+End")
    live.page.keyboard.type("\nspec = 3")
    live.page.locator("#profile .problems").wait_for()


def choosing_a_second(live: Comparison, tmp_path: Path) -> None:
    live.page.locator("#model-add").click()


def two_models(live: Comparison, tmp_path: Path) -> None:
    search = live.page.get_by_role("combobox", name="Built-in models")
    search.fill("ViT-B/16")
    search.press("Enter")
    live.settle()


def language(live: Comparison, tmp_path: Path) -> None:
    search = live.page.get_by_role("combobox", name="Built-in models")
    search.fill("llama3 8b")
    search.press("Enter")
    live.settle()


STATES: tuple[Callable[[Comparison, Path], None], ...] = (
    first, searching, failing, too_large, pinned, with_free_dimensions, editing,
    choosing_a_second, two_models, language,
)  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 320)])
def test_axe_finds_nothing_in_any_state(
    scheme: str, width: int, browser: Browser, address: str, axe: str, tmp_path: Path
) -> None:
    dark = scheme == "dark"
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    live = Comparison(context.new_page())
    live.open(address)
    if live.page.locator("#reveal").is_visible():
        live.page.locator("#reveal").click()

    found = {}
    for bring_about in STATES:
        bring_about(live, tmp_path)
        live.page.screenshot(path=tmp_path / f"{bring_about.__name__}.png", full_page=True)
        assert live.page.evaluate("document.documentElement.scrollWidth") == width
        found[bring_about.__name__] = violations(live.page, axe)

    assert found == {state.__name__: [] for state in STATES}
    context.close()


def violations(page: Page, axe: str) -> list[str]:
    """What axe objects to: rule, and the first element it is about."""
    page.evaluate(axe)
    result = page.evaluate("axe.run()")
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in result["violations"]]
