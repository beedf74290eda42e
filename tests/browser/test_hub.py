"""A model of Hugging Face by its name: read from there by the page, its weights left there."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.browser.driver import LIVE_MS, Comparison, Watch
from tests.unit.cli.hub_server import Sparse, as_json, safetensors

HUB = "https://huggingface.co"
CONFIG = {
    "model_type": "llama", "hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 4,
    "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 32000,
    "max_position_embeddings": 2048,
}  # fmt: skip
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "*"}


class Hub:
    """Answers in the hub's place."""

    def __init__(self, live: Comparison, files: Mapping[str, bytes | Sparse]) -> None:
        self.files, self.headers = files, dict(OPEN)
        self.status, self.sent, self.is_closed = 0, 0, False
        live.page.context.route(f"{HUB}/**", self.answer)

    def answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path.split("/", 5)[-1]
        file = self.files.get(path)
        if self.is_closed:  # what the browser makes of a server that lets no other page read
            route.abort()
            return
        if self.status or file is None:
            route.fulfill(status=self.status or 404, headers=self.headers)
            return
        whole = file if isinstance(file, Sparse) else Sparse(file, len(file))
        wanted, status, start, end = route.request.headers.get("range"), 200, 0, whole.size
        if wanted:
            first, last = wanted.removeprefix("bytes=").split("-")
            status, start, end = 206, int(first), min(int(last) + 1, whole.size)
        self.sent += end - start
        route.fulfill(status=status, headers=self.headers, body=whole.part(start, end))


def read_from_hub(live: Comparison, name: str, *, place: str, shows: str) -> None:
    search = live.page.get_by_role("combobox", name="Built-in models")
    search.fill(name)
    search.press("Enter")
    expect(live.page.locator(place)).to_contain_text(shows, timeout=LIVE_MS)
    live.settle()


@pytest.fixture
def forgiven(watch: Watch):
    """The browser notes a refusal of the hub as an error, and the request as another origin's."""
    yield
    watch.elsewhere = [url for url in watch.elsewhere if not url.startswith(HUB)]
    watch.errors = [error for error in watch.errors if "Failed to load" not in error]


@pytest.mark.usefixtures("forgiven")
def test_a_model_of_the_hub_is_compared_by_its_name(live: Comparison, watch: Watch) -> None:
    weights = safetensors({"w": ("BF16", [3_000_000_000])})
    hub = Hub(live, {"config.json": as_json(CONFIG), "model.safetensors": weights})

    read_from_hub(live, "hf:org/name", place="#headline", shows="hf:org/name")

    assert live.error() == {}
    assert hub.sent < 200_000
    assert {urlsplit(url).netloc for url in watch.elsewhere} == {"huggingface.co"}


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {}, "private, gated, or not there"),
        (429, {"Retry-After": "12"}, "no more requests"),
        (0, {}, "does not let other pages read"),
    ],
)
def test_a_hub_that_refuses_says_what_to_do(
    live: Comparison, status: int, headers: dict[str, str], said: str
) -> None:
    ways = {401: "command line", 429: "Wait 12 seconds", 0: "command line"}
    hub = Hub(live, {"config.json": json.dumps(CONFIG).encode()})
    hub.status, hub.headers, hub.is_closed = status, OPEN | headers, status == 0

    read_from_hub(live, "hf:org/name", place="#error", shows=said)

    assert ways[status] in live.error()["fix"]


@pytest.mark.usefixtures("forgiven")
def test_a_link_to_a_model_of_the_hub_is_read_at_one_press(live: Comparison, watch: Watch) -> None:
    weights = safetensors({"w": ("BF16", [3_000_000_000])})
    Hub(live, {"config.json": as_json(CONFIG), "model.safetensors": weights})
    live.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    read_from_hub(live, "hf:org/name", place="#headline", shows="hf:org/name")
    live.page.get_by_role("button", name="Copy link").click()
    expect(live.page.locator("#notice")).to_contain_text("hf:org/name")
    link = str(live.page.evaluate("navigator.clipboard.readText()"))
    before = len(watch.elsewhere)

    live.page.goto("about:blank")
    live.open(link)
    expect(live.page.get_by_role("button", name="Read it from Hugging Face")).to_be_focused()
    assert len(watch.elsewhere) == before
    live.page.keyboard.press("Enter")

    expect(live.page.locator("#headline")).to_contain_text("hf:org/name", timeout=LIVE_MS)
    assert live.error() == {}
