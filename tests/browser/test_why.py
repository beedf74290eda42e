"""Why a point takes its time: charts that are linked, by pointer and by keyboard; files to save."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from phantomgpu.report.rounding import rounded
from tests.browser.driver import LIVE_MS, Comparison

WINNER = "resnet50/h100-sxm-80gb/tensorrt/fp16/32"
CHARTS = ("bars", "tree", "roof", "memory")


class Why:
    """The section as its readers use it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def explains(self, point: str) -> None:
        """Wait until that point is explained."""
        drawn = self.page.locator(f"#why[data-drawn='{point}']:not([aria-busy=true])")
        expect(drawn).to_be_attached(timeout=LIVE_MS)

    def kernel(self) -> int:
        """Number of the kernel on the card, once it is there."""
        expect(self.page.locator("#why-kernel[aria-busy=true]")).to_have_count(0, timeout=LIVE_MS)
        name = self.page.locator("#why-kernel-name").inner_text()
        return int(name.split(".")[0])

    def expect_kernel(self, number: int) -> None:
        """Wait for the card of a kernel."""
        name = self.page.locator("#why-kernel-name")
        expect(name).to_have_text(re.compile(rf"^{number}\. "), timeout=LIVE_MS)

    def saved(self, chart: str, kind: str) -> tuple[Download, str]:
        """Save a chart: the download and its text."""
        button = f"#why [data-do=why-save][data-chart={chart}][data-kind={kind}]"
        with self.page.expect_download() as download:
            self.page.locator(button).click()
        content = Path(download.value.path()).read_bytes()
        return download.value, content.decode("utf-8", "replace")


@pytest.fixture
def why(live: Comparison) -> Why:
    section = Why(live.page)
    section.explains(WINNER)
    return section


def test_winner_is_explained_before_any_script_runs(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(address)

    for chart in CHARTS:
        assert page.locator(f"#why-svg-{chart}").count() == 1
    assert "H100" in page.locator("#why-head").inner_text()
    assert page.locator("#why-kernel-table tbody tr").count() > 10
    context.close()


def test_layers_on_the_page_add_up_to_the_latency_in_the_table(why: Why) -> None:
    latency_ms = float(
        why.page.locator("tr.explained .amount data").get_attribute("value") or "nan"
    )
    why.page.locator("#why-layer-table").locator("xpath=..").locator("summary").click()

    cells = why.page.locator("#why-layer-table tbody tr td:nth-child(3)").all_inner_texts()
    assert rounded(sum(map(float, cells)), digits=4) == rounded(latency_ms, digits=4)


def test_click_on_a_row_explains_it(why: Why) -> None:
    why.page.locator("tr[data-gpu=l4] td.col-memory_bytes").click()

    why.explains("resnet50/l4/tensorrt/fp16/32")
    expect(why.page.locator("tr.explained")).to_have_attribute("data-gpu", "l4")
    expect(why.page.locator("#why-head")).to_contain_text("L4")


def test_button_in_a_row_explains_it_and_goes_there(why: Why) -> None:
    why.page.locator("#explain-l40s-fp16-tensorrt").focus()
    why.page.keyboard.press("Enter")

    why.explains("resnet50/l40s/tensorrt/fp16/32")
    expect(why.page.locator("#why-head")).to_be_focused()


def test_another_batch_is_explained_at_once(why: Why) -> None:
    why.page.locator("#show-batch-8").click()

    why.explains("resnet50/h100-sxm-80gb/tensorrt/fp16/8")


@pytest.mark.parametrize("chart", CHARTS)
def test_arrows_go_from_part_to_part_of_every_chart(chart: str, why: Why) -> None:
    svg = why.page.locator(f"#why-svg-{chart}")
    svg.focus()
    for _ in range(3):
        why.page.keyboard.press("ArrowRight")

    active = svg.get_attribute("aria-activedescendant")
    option = why.page.locator(f"#{active}")
    place = svg.locator("[role=option]").evaluate_all(
        "(options, id) => options.findIndex((option) => option.id === id)", active
    )
    assert place == 2
    why.expect_kernel(int(option.get_attribute("data-k") or "-1") + 1)


def test_selected_kernel_is_marked_in_every_chart(why: Why) -> None:
    why.page.locator("#why-svg-tree [role=option]").nth(3).click()

    number = why.page.locator("#why-svg-tree .opt.active").get_attribute("data-k")
    for chart in ("tree", "roof", "memory"):
        marked = why.page.locator(f"#why-svg-{chart} [aria-selected=true]")
        assert marked.count() >= 1
        assert set(marked.evaluate_all("all => all.map((one) => one.dataset.k)")) == {number}
    assert why.page.locator(f"#why-svg-bars rect.chosen[data-k='{number}']").count() >= 1


def test_layer_under_the_pointer_is_lit_in_the_other_charts(why: Why) -> None:
    why.page.locator("#why-svg-bars [role=option]").nth(2).locator("text.layer").hover()

    lit = "all => all.filter((one) => getComputedStyle(one).opacity === '1').length"
    assert why.page.locator("#why-svg-bars [role=option]").evaluate_all(lit) == 1
    areas = why.page.locator("#why-svg-tree [role=option]")
    assert 1 <= areas.evaluate_all(lit) < areas.count()


def test_kernel_in_the_table_opens_its_card(why: Why) -> None:
    why.page.locator("#why-kernel-table").locator("xpath=..").locator("summary").click()
    why.page.locator("#why-row-4").click()

    why.expect_kernel(5)
    expect(why.page.locator("#why-kernel-name")).to_be_focused()


def test_card_has_terms_with_formulas_inputs_and_sources(why: Why) -> None:
    card = why.page.locator("#why-kernel")
    card.locator(".terms summary").first.click()

    assert card.locator(".terms > li").count() == 4
    assert "NVIDIA" in card.locator(".terms .sources").first.inner_text()
    assert "peak" in card.locator(".terms .inputs").first.inner_text()


def test_card_turns_to_the_next_kernel_by_keyboard(why: Why) -> None:
    why.page.locator("#why-on").focus()
    why.page.keyboard.press("Enter")

    why.expect_kernel(2)
    expect(why.page.locator("#why-on")).to_be_focused()


@pytest.mark.parametrize("chart", CHARTS)
def test_saved_picture_carries_its_own_colours(chart: str, why: Why) -> None:
    download, text = why.saved(chart, "svg")

    assert download.suggested_filename == f"resnet50-h100-sxm-80gb-batch-32-{chart}.svg"
    assert text.startswith("<svg")
    assert "--s0:" in text
    assert ".why-chart" in text


def test_saved_png_is_a_picture(why: Why) -> None:
    _, text = why.saved("roof", "png")

    assert "PNG" in text[:8]


def test_saved_figures_are_those_of_the_table(why: Why) -> None:
    _, text = why.saved("roof", "csv")

    why.page.locator("#why-kernel-table").locator("xpath=..").locator("summary").click()
    rows = why.page.locator("#why-kernel-table tbody tr").count()
    assert len(text.splitlines()) == 1 + rows
    assert text.startswith("op,shape,count,matrix_flops")


def test_file_for_netron_has_a_latency_for_nodes(why: Why) -> None:
    _, text = why.saved("netron", "json")

    attachment = json.loads(text)
    assert attachment["signature"] == "netron:attachment"
    latencies = [e for e in attachment["metrics"] if e["name"] == "latency (µs)"]
    assert len(latencies) > 50


def test_point_that_cannot_run_says_why(why: Why) -> None:
    live = Comparison(why.page)
    live.page.locator("#gpu-l4").focus()
    live.page.get_by_role("group", name="Precision").get_by_role("button", name="fp8").click()
    live.settle()
    row = live.page.locator("tr[data-gpu=a100-sxm-80gb][data-precision=fp8]")
    row.locator(".problem").click()

    why.explains("resnet50/a100-sxm-80gb/tensorrt/fp8/32")
    expect(live.page.locator("#why-head")).to_contain_text("fp8")
    expect(live.page.locator("#why-svg-bars")).not_to_be_visible()


def test_charts_fit_a_narrow_page(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page = context.new_page()
    Comparison(page).open(address)
    Why(page).explains(WINNER)

    expect(page.locator("#why-svg-roof")).to_be_visible(timeout=LIVE_MS)
    for chart in CHARTS:
        assert int(page.locator(f"#why-svg-{chart}").get_attribute("width") or 999) <= 320
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
