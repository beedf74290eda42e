"""A link holds the whole comparison, and a damaged one is called damaged."""

import json
import subprocess
import sys
from pathlib import Path

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


def test_link_to_a_file_says_which_file_to_drop(live: Comparison, tmp_path: Path) -> None:
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


def test_own_model_travels_as_its_kernel_table_with_the_same_figures(
    live: Comparison, repository: Path
) -> None:
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    live.drop(repository / "profiles" / "models" / "resnet50.onnx.gz")
    shared = live.cells()
    live.page.get_by_label("with its kernel table").check()
    live.page.get_by_role("button", name="Copy link").click()
    expect(live.page.locator("#notice")).to_contain_text("without weights and names")
    link = str(live.page.evaluate("navigator.clipboard.readText()"))

    live.page.goto("about:blank")
    live.open(link)

    assert len(link.split("#")[1]) <= 1500
    assert live.error() == {}
    assert live.cells() == shared
    expect(live.page.locator("#model")).to_contain_text("Kernel table of a model")
    assert "resnet" not in live.page.locator("main").inner_text().lower()


def test_kernel_table_stays_at_home_unless_one_asks(live: Comparison, tmp_path: Path) -> None:
    assert live.page.get_by_label("with its kernel table").count() == 0

    live.drop(a_model(tmp_path / "own.onnx"))

    expect(live.page.get_by_label("with its kernel table")).not_to_be_checked()


def test_saved_comparison_opens_here_and_on_the_command_line(
    live: Comparison, tmp_path: Path
) -> None:
    live.add_batches("48")
    shown = live.cells()
    with live.page.expect_download() as download:
        live.page.get_by_role("button", name="Save", exact=True).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)

    live.page.goto(live.page.url.partition("#")[0])
    live.live()
    assert live.cells() != shown
    live.drop(saved)
    # A drop is read after the page has said that it has nothing left to do.
    expect(live.page.locator("#show-batch-48")).to_be_attached()
    live.settle()

    assert saved.name == "comparison.phantom.toml"
    assert live.cells() == shown
    command = [Path(sys.executable).with_name("phantomgpu"), "compare", saved, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cells = json.loads(done.stdout)["cells"]
    assert {(cell["gpu"], cell["batch"]): cell["latency_ms"] for cell in cells} == {
        (gpu, batch): figures["latency_ms"] for (gpu, _, _, batch), figures in shown.items()
    }


def test_file_that_is_no_saved_comparison_says_where(live: Comparison, tmp_path: Path) -> None:
    before = live.cells()
    saved = tmp_path / "bad.phantom.toml"
    saved.write_text("models = [")

    live.drop(saved)

    assert "bad.phantom.toml, line 1" in live.error()["where"]
    assert live.cells() == before
