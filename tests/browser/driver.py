"""What a person does with the page and reads on it, for the tests."""

import base64
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, expect

LIVE_MS = 60_000
FIGURES = (
    "latency_ms",
    "latency_low_ms",
    "latency_high_ms",
    "throughput_per_s",
    "memory_bytes",
)  # fmt: skip
"""The figures of a row, in the order they stand in it."""

_DROP = """([target, name, content]) => {
    const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name));
    for (const type of ["dragover", "drop"])
        document.querySelector(target).dispatchEvent(
            new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


class Watch:
    """Keeps what a page must never do, from its first request on."""

    def __init__(self, page: Page, address: str) -> None:
        self._origin = urlsplit(address)[:2]
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.context.on("request", self._request)

    def verify(self) -> None:
        """Fail on any console error and any request to another origin."""
        assert self.errors == []
        assert self.elsewhere == []

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts[:2] != self._origin:
            self.elsewhere.append(request.url)


class Comparison:
    """The page as its readers use it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str) -> None:
        """Go there and wait for the engine."""
        self.page.goto(address)
        self.live()

    def live(self) -> None:
        """Wait for the engine and what it has to do at first."""
        expect(self.page.locator("#engine")).to_have_text("Engine live", timeout=LIVE_MS)
        self.settle()

    def show(self, address: str) -> None:
        """Go there and wait until the interface can be used, engine or not."""
        self.page.goto(address)
        expect(self.page.locator("#answer[data-settled]")).to_be_attached(timeout=LIVE_MS)

    def add_batches(self, typed: str) -> None:
        """Type further batch sizes."""
        field = self.page.get_by_label("Others", exact=True)
        field.fill(typed)
        field.press("Enter")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has nothing left to do."""
        expect(self.page.locator("#answer[data-settled=true]")).to_be_attached(timeout=LIVE_MS)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0, timeout=LIVE_MS)

    def drop(self, path: Path) -> None:
        """Drop a file on the page."""
        content = base64.b64encode(path.read_bytes()).decode()
        self.page.evaluate(_DROP, ["#drop", path.name, content])
        self.settle()

    def choose(self, path: Path) -> None:
        """Choose a file with the button, as keyboards do; large ones too."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="choose one").click()
        chooser.value.set_files(path)
        self.settle()

    def gpus(self) -> list[str]:
        """Ids of the GPUs that are chosen."""
        return [
            str(box.get_attribute("data-id")) for box in self.page.locator("#gpus :checked").all()
        ]

    def batches(self) -> list[int]:
        """The batches that the table can show."""
        tabs = self.page.locator("#batch-tabs button").all_inner_texts()
        return [int(text) for text in tabs] or [1]

    def cells(self) -> dict[tuple[str, str, str, int], dict[str, float]]:
        """Every figure of the table, unrounded, by GPU, runtime, precision and batch."""
        found = {}
        for batch in self.batches():
            tab = self.page.locator(f"#show-batch-{batch}")
            if tab.count():
                tab.click()
            rows: list[dict[str, Any]] = self.page.locator("#table tbody tr").evaluate_all(
                "rows => rows.map(row => ({...row.dataset,"
                " values: [...row.querySelectorAll('data')].map(cell => cell.value)}))"
            )
            for row in rows:
                key = (row["gpu"], row["runtime"], row["precision"], batch)
                values = [float(value) for value in row["values"]]
                found[key] = dict(zip(FIGURES, values, strict=True))
        return found

    def error(self) -> dict[str, str]:
        """The error on the page by its parts; empty where there is none."""
        box = self.page.locator("#error .error")
        if not box.count():
            return {}
        where, fix = box.locator("dd").all_inner_texts()
        return {"what": box.locator("h2").inner_text(), "where": where, "fix": fix}

    def headline(self) -> str:
        """The sentence that names the winner."""
        return self.page.locator("#headline").inner_text()
