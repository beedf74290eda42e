"""Bad input: what, where and what to do, with the last result still there."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.driver import LIVE_MS, Comparison


@pytest.fixture
def before(live: Comparison) -> dict[object, object]:
    return dict(live.cells())


def test_file_that_is_not_onnx_is_named_and_the_result_stays(
    live: Comparison, before: dict[object, object], tmp_path: Path
) -> None:
    file = tmp_path / "model.pt"
    file.write_bytes(b"PK\x03\x04" + bytes(64) + b"archive/data.pkl")

    live.drop(file)

    error = live.error()
    assert "model.pt" in error["what"] + error["where"]
    assert error["fix"]
    assert live.cells() == before


def test_cut_file_says_where_it_ends_and_the_result_stays(
    live: Comparison, before: dict[object, object], tmp_path: Path, repository: Path
) -> None:
    whole = (repository / "profiles" / "models" / "resnet50.onnx.gz").read_bytes()
    file = tmp_path / "cut.onnx.gz"
    file.write_bytes(whole[: len(whole) // 2])

    live.drop(file)

    assert "cut.onnx.gz" in str(live.error())
    assert live.cells() == before


@pytest.mark.parametrize("typed", ["0", "-3", "eight", "99999999999"])
def test_batch_that_cannot_be_is_refused_and_the_result_stays(
    typed: str, live: Comparison, before: dict[object, object]
) -> None:
    live.add_batches(typed)

    error = live.error()
    assert typed in error["what"]
    assert error["where"]
    assert error["fix"]
    assert live.cells() == before


def test_batch_of_a_file_that_fixes_it_is_refused(live: Comparison, tmp_path: Path) -> None:
    from tests.browser.test_models import a_model

    live.drop(a_model(tmp_path / "fixed.onnx", batch=1))
    alone = live.cells()

    live.page.locator("#batches").get_by_role("button", name="8", exact=True).click()
    live.settle()

    assert "batch" in live.error()["what"]
    assert live.cells() == alone


def test_dismissed_error_is_gone(live: Comparison, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no model")
    live.drop(file)

    live.page.get_by_role("button", name="Dismiss").click()

    assert live.error() == {}


def test_size_that_is_no_number_is_refused(live: Comparison, repository: Path) -> None:
    live.drop(repository / "profiles" / "models" / "bert-base.onnx.gz")
    field = live.page.locator("#dims input").first

    field.fill("long")
    field.press("Enter")
    live.settle()

    assert "long" in live.error()["what"]


def test_engine_that_dies_is_restarted_with_what_was_set(live: Comparison) -> None:
    live.page.locator("#gpu-a10").click()
    live.settle()
    before = live.cells()

    live.page.workers[0].evaluate("self.close()")

    expect(live.page.locator("#error h2")).to_contain_text("engine", timeout=LIVE_MS)
    assert live.cells() == before
    with live.page.expect_navigation():
        live.page.locator("#error").get_by_role("button", name="Restart").click()
    live.live()
    assert live.cells() == before
