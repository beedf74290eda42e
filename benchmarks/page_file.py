"""How soon a dropped file gives its first row, with an engine that is live, and what it costs.

The files are those of `benchmarks.reading`: sparse, so that they take no room on the disk, and
read as if they did. The clock starts when the page is given the file; the first row is there when
the table is the file's.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Route

from benchmarks.chromium import LIVE, LIVE_MS, SETTLED, built_site, chromium, served
from benchmarks.figures import Figures
from benchmarks.reading import sparse_model

ROUNDS = 2
# After its first row: the section "Why" is drawn then.
SETTLING_MS = 3000
# Issue 3, "Must show" 4; of the first row, issue 5, "Must show" 2.
LARGE_FLOOR_S = 0.5
MANY_FLOOR_S = 1.0
GROWTH_FLOOR = 40
ROW_FLOOR_S = 2.0
TASK_FLOOR_MS = 100
MIB = 2**20

# What the engine's script gets behind its last line: the clock around `read_model`.
TIMED = """
import time
from phantomgpu.comparison import shelf
untimed = shelf.read_model
def read_model(source):
    started = time.perf_counter()
    graph = untimed(source)
    js.readSeconds = time.perf_counter() - started
    return graph
shelf.read_model = read_model
"""
# Counts what the engine reads of the file, how long that takes, and by how much its memory grows.
COUNT = """() => {
    self.count = { reads: 0, bytes: 0, ms: 0, grown: 0 };
    const { readAsArrayBuffer } = FileReaderSync.prototype;
    FileReaderSync.prototype.readAsArrayBuffer = function (blob) {
        const started = performance.now();
        const found = readAsArrayBuffer.call(this, blob);
        self.count.reads += 1;
        self.count.bytes += blob.size;
        self.count.ms += performance.now() - started;
        return found;
    };
    const { grow } = WebAssembly.Memory.prototype;
    WebAssembly.Memory.prototype.grow = function (pages) {
        self.count.grown += pages * 65536;
        return grow.call(this, pages);
    };
}"""
# Milliseconds from a chosen file until the table is of it.
WATCH = """(name) => {
    window.opened = new Promise((resolve) => {
        let started = 0;
        window.longestTask = 0;
        new PerformanceObserver((list) => {
            for (const { startTime, duration } of list.getEntries())
                if (started && startTime >= started)
                    window.longestTask = Math.max(window.longestTask, duration);
        }).observe({ type: "longtask" });
        document.getElementById("file").addEventListener(
            "change", () => { started = performance.now(); }, { capture: true, once: true });
        const headline = document.getElementById("headline");
        const observer = new MutationObserver(() => {
            if (!headline.textContent.includes(name)) return;
            observer.disconnect();
            resolve(performance.now() - started);
        });
        observer.observe(headline, { childList: true, subtree: true, characterData: true });
    });
}"""


@dataclass(frozen=True)
class Opening:
    """What opening one file took."""

    read_s: float
    row_s: float
    longest_task_ms: float
    in_reads_s: float
    reads: int
    bytes_read: int
    grown_bytes: int


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Page: from a dropped file to its first row")
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        served(built_site()) as address,
    ):
        for what, weights, weight_bytes, floor_s in (
            ("2.5 GB in 250 weights", 250, 10_000_000, LARGE_FLOOR_S),
            ("200 MB in 3,000 weights", 3000, 66_000, MANY_FLOOR_S),
        ):
            file = sparse_model(
                Path(folder) / f"{weights}.onnx", weights=weights, weight_bytes=weight_bytes
            )
            openings = [opening(browser, address, file) for _ in range(ROUNDS)]
            best = min(openings, key=lambda each: each.read_s)
            figures.at_most(f"read_model, {what}", best.read_s, "s", floor_s)
            figures.note("  of it in reads", best.in_reads_s, "s", f"{best.reads} reads")
            figures.at_most("  growth of wasm memory", best.grown_bytes / MIB, "MiB", GROWTH_FLOOR)
            figures.note("  read of the file", best.bytes_read / MIB, "MiB")
            figures.at_most("  from the file to its first row", best.row_s, "s", ROW_FLOOR_S)
            longest = min(each.longest_task_ms for each in openings)
            figures.at_most("  longest task of the page's thread", longest, "ms", TASK_FLOOR_MS)
    return figures.exit_code


def opening(browser: Browser, address: str, file: Path) -> Opening:
    """Open a file on a page of its own, once the engine is live."""
    context = browser.new_context(service_workers="block")
    context.route("**/worker.py", timed)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(LIVE, timeout=LIVE_MS)
    page.wait_for_selector(SETTLED, timeout=LIVE_MS)
    (worker,) = page.workers
    worker.evaluate(COUNT)
    page.evaluate(WATCH, file.name)
    page.locator("#file").set_input_files(file)
    row_ms = page.evaluate("window.opened")
    page.wait_for_selector(SETTLED, timeout=LIVE_MS)
    page.wait_for_timeout(SETTLING_MS)
    longest_task_ms = page.evaluate("window.longestTask")
    count = worker.evaluate("self.count")
    read_s = worker.evaluate("self.readSeconds")
    context.close()
    return Opening(
        read_s=read_s,
        row_s=row_ms / 1000,
        longest_task_ms=longest_task_ms,
        in_reads_s=count["ms"] / 1000,
        reads=count["reads"],
        bytes_read=count["bytes"],
        grown_bytes=count["grown"],
    )


def timed(route: Route) -> None:
    """Answer with the engine's script and a clock in it."""
    found = route.fetch()
    route.fulfill(response=found, body=found.text() + TIMED)


if __name__ == "__main__":
    raise SystemExit(main())
