"""What is on the page before and while the engine loads."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.driver import Comparison


def test_without_any_script_a_finished_comparison_is_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(address)

    assert "fastest" in Comparison(page).headline()
    assert page.locator("#table tbody tr").count() == 4
    assert page.locator("#curve svg .line").count() == 4
    context.close()


def test_engine_says_the_same_as_the_first_answer(live: Comparison) -> None:
    before = live.cells()

    live.page.locator("#gpu-l40s").click()
    live.settle()
    live.page.locator("#gpu-l40s").click()
    live.settle()

    assert live.page.locator("#progress").inner_text() == "Computed in this tab"
    assert live.cells() == before


def test_interface_can_be_used_while_the_engine_is_loading(page: Page, address: str) -> None:
    page.route("**/snapshot.wasm", lambda route: None)
    Comparison(page).show(address)

    page.locator("#sort-gpu").click()

    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("GPU")
    expect(page.locator("#engine")).to_contain_text("Python engine")


def test_engine_starts_without_its_snapshot_and_says_the_same(page: Page, address: str) -> None:
    empty = b"\0asm\1\0\0\0"
    page.route(
        "**/snapshot.wasm",
        lambda route: route.fulfill(body=empty, content_type="application/wasm"),
    )
    comparison = Comparison(page)
    comparison.open(address)
    before = comparison.cells()

    for _ in range(2):
        page.locator("#gpu-l40s").click()
        comparison.settle()

    assert page.locator("#progress").inner_text() == "Computed in this tab"
    assert comparison.cells() == before


def test_start_takes_nothing_from_the_archives(page: Page, address: str) -> None:
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))

    Comparison(page).open(address)

    assert any(url.endswith("snapshot.wasm") for url in asked)
    assert [url for url in asked if url.endswith(".zip")] == []


def test_page_says_that_nothing_leaves_it(page: Page, address: str) -> None:
    page.goto(address)

    assert "Nothing leaves this tab" in page.locator("footer").inner_text()


def test_engine_that_cannot_start_leaves_the_comparison_usable(
    browser: Browser, address: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    for part in ("snapshot.wasm", "numpy.zip"):
        page.route(f"**/{part}", lambda route: route.fulfill(status=404))

    page.goto(address)

    expect(page.locator("#error h2")).to_contain_text("engine is not running", timeout=30_000)
    assert page.locator("#table tbody tr").count() == 4
    page.locator("#sort-gpu").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("GPU")
    context.close()
