"""Two models, or two versions of one, beside each other: what differs is said first."""

import base64
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.driver import LIVE_MS, Comparison
from tests.browser.test_models import a_model

_DROP_TWO = """([target, files]) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
    }
    document.querySelector(target).dispatchEvent(
        new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


def add(live: Comparison, name: str) -> None:
    """Hold a built-in model against the one that is compared, by keyboard."""
    live.page.locator("#model-add").press("Enter")
    search = live.page.get_by_role("combobox", name="Built-in models")
    expect(search).to_be_focused()
    search.fill(name)
    search.press("Enter")
    live.settle()


def rows(live: Comparison) -> list[tuple[str, str]]:
    """Model and GPU of every row."""
    found: list[tuple[str, str]] = live.page.locator("#table tbody tr").evaluate_all(
        "rows => rows.map(row => [row.dataset.model, row.dataset.gpu])"
    )
    return [(model, gpu) for model, gpu in found]


def test_second_model_stands_beside_the_first_with_what_differs(live: Comparison) -> None:
    add(live, "ViT-B/16")

    assert live.error() == {}
    assert {model for model, _ in rows(live)} == {"resnet50", "vit-b16"}
    assert len(rows(live)) == 2 * len(live.gpus())
    assert "times as long as ResNet-50" in live.headline()
    card = live.page.locator("#differences")
    expect(card).to_be_visible()
    expect(card).to_contain_text("more in matrix products")
    above = card.bounding_box()
    table = live.page.locator("#table").bounding_box()
    assert above is not None
    assert table is not None
    assert above["y"] < table["y"]


def test_differences_follow_the_row_that_is_chosen(live: Comparison) -> None:
    add(live, "ViT-B/16")

    live.page.locator("#table tr[data-gpu=l4][data-model=vit-b16] th").click()
    live.settle()

    expect(live.page.locator("#differences .at")).to_contain_text("L4", timeout=LIVE_MS)
    assert live.page.locator("#table tr.explained").get_attribute("data-model") == "vit-b16"


def test_two_versions_that_are_dropped_together_are_compared_layer_by_layer(
    live: Comparison, repository: Path, tmp_path: Path
) -> None:
    models = repository / "profiles" / "models"
    files = [
        ("before.onnx.gz", (models / "resnet18.onnx.gz").read_bytes()),
        ("after.onnx.gz", (models / "resnet50.onnx.gz").read_bytes()),
    ]
    packed = [[name, base64.b64encode(content).decode()] for name, content in files]

    live.page.evaluate(_DROP_TWO, ["#drop", packed])
    expect(live.page.locator("#differences")).to_contain_text("layer1.0", timeout=LIVE_MS)
    live.settle()

    assert live.error() == {}
    assert {model for model, _ in rows(live)} == {"before.onnx.gz", "after.onnx.gz"}
    assert "after takes" in live.headline()


def test_second_version_of_the_same_name_keeps_the_first(live: Comparison, tmp_path: Path) -> None:
    live.drop(a_model(tmp_path / "own.onnx"))
    live.page.locator("#model-add").click()
    live.drop(a_model(tmp_path / "own.onnx", weight_bytes=400_000))

    assert live.error() == {}
    assert {model for model, _ in rows(live)} == {"own.onnx", "own.onnx (2)"}


def test_model_that_is_taken_out_leaves_the_comparison_of_the_other(live: Comparison) -> None:
    before = live.cells()
    add(live, "ViT-B/16")

    live.page.locator("#remove-model-1").click()
    live.settle()

    assert live.cells() == before
    expect(live.page.locator("#differences")).to_be_hidden()


def test_link_restores_both_models(live: Comparison) -> None:
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    add(live, "ViT-B/16")
    shown = rows(live)
    live.page.get_by_role("button", name="Copy link").click()
    expect(live.page.locator("#notice")).to_contain_text("Link copied")
    link = live.page.evaluate("navigator.clipboard.readText()")

    live.page.goto("about:blank")
    live.open(link)

    assert rows(live) == shown


def test_chart_against_batch_shows_the_model_and_the_precision_that_are_chosen(
    live: Comparison,
) -> None:
    live.page.locator("#precisions").get_by_role("button", name="fp32").click()
    live.settle()
    assert live.page.locator("#curve-precision").input_value() == "fp32"
    slow = live.page.locator("#curve desc").text_content()

    live.page.locator("#curve-precision").select_option("fp16")
    live.settle()
    fast = live.page.locator("#curve desc").text_content()
    add(live, "ViT-B/16")
    live.page.locator("#curve-model").select_option("vit-b16")
    live.settle()

    assert fast != slow
    assert live.page.locator("#curve desc").text_content() not in (fast, slow)
    expect(live.page.locator("#curve-precision")).to_have_value("fp16")


def test_rows_come_while_others_are_worked_out(live: Comparison) -> None:
    live.page.evaluate("""() => {
        window.seen = [];
        const look = () => {
            const rows = [...document.querySelectorAll("#table tbody tr")];
            const waiting = rows.filter(row => row.classList.contains("awaited")).length;
            if (waiting) window.seen.push([rows.length, waiting]);
        };
        new MutationObserver(look).observe(
            document.getElementById("table"), {childList: true, subtree: true});
    }""")
    search = live.page.get_by_role("combobox", name="Built-in models")
    for precision in ("fp32", "int8", "bf16"):
        live.page.locator("#precisions").get_by_role("button", name=precision).click()
    search.fill("swin")
    search.press("Enter")
    for runtime in ("pytorch-eager", "pytorch-compile", "onnxruntime"):
        live.page.locator(f"#runtime-{runtime}").click()
    live.settle()

    # On a busy machine the table of fewer runtimes may show before the last one is chosen.
    seen = live.page.evaluate("window.seen")
    waiting = [awaited for rows, awaited in seen if rows == 4 * 4 * 4]
    assert waiting
    assert waiting == sorted(waiting, reverse=True)
    assert live.page.locator("#table tr.awaited").count() == 0
