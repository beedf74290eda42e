"""Using the page: sort, pin, choose, search, by keyboard alone, on small screens."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driver import Comparison


def test_header_sorts_by_its_column_and_says_so(live: Comparison) -> None:
    header = live.page.get_by_role("columnheader", name="Throughput")

    header.get_by_role("button").click()

    expect(header).to_have_attribute("aria-sort", "descending")
    values = live.page.locator("td.col-throughput_per_s data").evaluate_all(
        "cells => cells.map(cell => Number(cell.value))"
    )
    assert values == sorted(values, reverse=True)


def test_pinned_gpu_turns_the_others_into_ratios(live: Comparison) -> None:
    live.page.get_by_role("button", name="Compare the others with L4", exact=True).click()

    expect(live.page.locator(".ratio")).to_have_count(3)
    expect(live.page.locator(".ratio").first).to_contain_text("faster")


def test_eight_gpus_are_the_most(live: Comparison) -> None:
    unchecked = live.page.locator("#gpus input:not(:checked):not(:disabled)")
    while len(live.gpus()) < 8:
        unchecked.first.click()
        live.settle()

    assert unchecked.count() == 0
    assert live.page.locator("#table tbody tr").count() == 8


def test_row_that_does_not_fit_stays_and_says_what_would(live: Comparison) -> None:
    live.add_batches("30000")
    live.page.locator("#show-batch-30000").click()

    problem = live.page.locator("tr[data-gpu=l4] .problem")
    expect(problem).to_contain_text("Needs")
    expect(problem).to_contain_text("at batch")


def test_model_is_found_and_chosen_by_keyboard_alone(live: Comparison) -> None:
    live.page.get_by_role("combobox", name="Built-in models").focus()
    live.page.keyboard.type("bert base")
    expect(live.page.get_by_role("option")).not_to_have_count(0)
    live.page.keyboard.press("Enter")
    live.settle()

    assert "BERT" in live.headline()
    expect(live.page.get_by_role("combobox", name="Built-in models")).to_be_focused()


def test_whole_page_is_reached_with_tab(live: Comparison) -> None:
    reached = set()
    for _ in range(140):
        live.page.keyboard.press("Tab")
        reached.add(live.page.evaluate("document.activeElement.id"))

    assert {"theme", "model-search", "choose", "gpu-search", "batch-text", "sort-latency_ms",
            "copy-csv", "metric-latency_ms"} <= reached  # fmt: skip


def test_ticking_a_box_keeps_the_focus_on_it(live: Comparison) -> None:
    live.page.locator("#gpu-l4").focus()
    live.page.keyboard.press("Space")
    live.settle()

    assert live.page.evaluate("document.activeElement.id") == "gpu-l4"


def test_chart_has_an_equal_table(live: Comparison) -> None:
    live.page.locator(".figure:has(#curve) summary").click()

    rows = live.page.locator("#curve-figures tbody tr")
    assert rows.count() == live.page.locator("#curve .line").count() == 4


def test_csv_is_the_csv_of_the_command_line(live: Comparison) -> None:
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    live.page.get_by_role("button", name="Copy CSV").click()
    expect(live.page.locator("#notice")).to_have_text("CSV copied.")

    text = live.page.evaluate("navigator.clipboard.readText()")
    assert text.splitlines()[0].startswith("model,gpu,runtime,precision,batch,latency_ms")
    assert len(text.splitlines()) == 1 + 4 * 3


def test_theme_is_switched_and_remembered(live: Comparison, address: str) -> None:
    live.page.get_by_role("button", name="Switch between light and dark").click()
    live.page.goto(address)

    expect(live.page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 360, 320])
def test_page_never_scrolls_sideways(
    width: int, theme: str, browser: Browser, address: str, tmp_path: Path
) -> None:
    scheme = "dark" if theme == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    Comparison(page).open(address)
    if page.locator("#reveal").is_visible():
        page.locator("#reveal").click()

    page.screenshot(path=tmp_path / f"{theme}-{width}.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


@pytest.mark.parametrize(
    ("kind", "begins"), [("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"model,")]
)
def test_batch_curve_is_saved(kind: str, begins: bytes, live: Comparison) -> None:
    buttons = live.page.get_by_role("group", name="Save the chart against batch size")

    with live.page.expect_download() as download:
        buttons.get_by_role("button", name=kind).click()

    name = f"resnet50-gpus-batch-curve-throughput_per_s.{kind.lower()}"
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes().startswith(begins)
