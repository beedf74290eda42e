"""Language models on the page: what their users wait for, as the command line tells it."""

import json
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.driver import Comparison


def choose(live: Comparison, typed: str) -> None:
    """Choose a built-in model by what one types."""
    search = live.page.get_by_role("combobox", name="Built-in models")
    search.fill(typed)
    search.press("Enter")
    live.settle()


def test_language_model_shows_what_the_command_line_tells(live: Comparison) -> None:
    choose(live, "llama3 8b")
    live.page.locator("#load-prompt_tokens").fill("2000")
    live.page.locator("#load-prompt_tokens").press("Enter")
    live.page.locator("#load-kv_precision").select_option("fp8")
    live.settle()

    assert live.error() == {}
    command = [
        Path(sys.executable).with_name("phantomgpu"), "compare", "llama-3-8b", "--runtime", "vllm",
        "--gpus", ",".join(live.gpus()), "--batch", "32", "--prompt", "2000",
        "--kv-precision", "fp8", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = {cell["gpu"]: cell for cell in json.loads(done.stdout)["cells"]}
    rows = live.page.locator("#table tbody tr:not(.fails)")
    assert rows.count() >= 3
    for row in rows.all():
        cell = told[str(row.get_attribute("data-gpu"))]
        served = cell["serving"]
        values = row.locator("data").evaluate_all("all => all.map(each => Number(each.value))")
        assert values == [
            served["ttft_ms"], served["ttft_low_ms"], served["ttft_high_ms"],
            served["tpot_ms"], served["tpot_low_ms"], served["tpot_high_ms"],
            served["tokens_per_s"], served["tokens_per_s_per_user"], cell["memory_bytes"],
        ]  # fmt: skip


def test_language_model_is_there_before_the_engine(page, address: str) -> None:
    page.route("**/pyodide.asm.wasm", lambda route: None)
    page.route("**/snapshot*", lambda route: None)
    live = Comparison(page)
    live.show(address)

    search = page.get_by_role("combobox", name="Built-in models")
    search.fill("mistral 7b")
    search.press("Enter")

    expect(page.locator("#headline")).to_contain_text("Mistral 7B")
    expect(page.locator("#headline")).to_contain_text("tokens/s")
    expect(page.locator("#engine")).not_to_have_text("Engine live")


def test_curve_of_a_language_model_is_against_requests_at_once(live: Comparison) -> None:
    choose(live, "llama3 8b")

    expect(live.page.locator("#curve-heading")).to_have_text("Against requests at once")
    live.page.get_by_role("button", name="First token").last.click()
    expect(live.page.locator("#curve title").first).to_have_text(
        "First token against concurrent requests"
    )


def test_images_are_counted_by_the_minute_and_steps_set(live: Comparison) -> None:
    choose(live, "sdxl")
    slow = live.headline()
    assert "/min" in live.page.locator("#table").inner_text()

    live.page.locator("#load-steps").fill("1")
    live.page.locator("#load-steps").press("Enter")
    live.settle()

    assert live.error() == {}
    assert live.headline() != slow


def test_image_model_after_a_language_model_has_latencies_again(live: Comparison) -> None:
    before = live.cells()
    choose(live, "llama3 8b")

    choose(live, "ResNet-50")

    assert live.cells() == before
    expect(live.page.locator("#load")).to_be_hidden()
