"""How soon the page's engine is live, beside a bare Pyodide that imports numpy.

Both are served by the same plain static server and opened in the same Chromium,
in turn, each time in a browser that has seen neither (cold), then once more
(warm). The bare one is Pyodide as npm has it, with the numpy wheel as it is.
"""

import functools
import http.server
import os
import shutil
import statistics
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.figures import Figures

ROUNDS = 3
# Cold, on this machine's own network: issue 5, "Must show" 1.
COLD_FLOOR_RATIO = 0.65
WARM_FLOOR_S = 2.0
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

BARE_PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><p>loading</p>
<script type="module">
const worker = new Worker("worker.mjs", { type: "module" });
worker.onmessage = ({ data }) => { document.querySelector("p").textContent = data; };
</script>"""
BARE_WORKER = """import { loadPyodide } from "./pyodide/package/pyodide.mjs";
const pyodide = await loadPyodide();
await pyodide.loadPackage(new URL("./NUMPY", import.meta.url).href);
pyodide.runPython("import numpy");
postMessage("live");
"""


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Page: time until the engine is live (localhost)")
    site = Path(os.environ["PHANTOMGPU_SITE"])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = bare_site(Path(folder), Path(os.environ["PHANTOMGPU_PARTS"]))
        browser = playwright.chromium.launch(
            executable_path=os.environ["PHANTOMGPU_CHROMIUM"], args=CHROMIUM_FLAGS
        )
        with served(site) as site_address, served(bare) as bare_address:
            rounds = [
                (
                    *times_s(browser, bare_address, "p:text-is('live')"),
                    *times_s(browser, site_address, "#engine:has-text('Engine live')"),
                )
                for _ in range(ROUNDS)
            ]
        browser.close()
    bare_cold, bare_warm, cold, warm = map(statistics.median, zip(*rounds, strict=True))
    figures.note("bare Pyodide + numpy, cold", bare_cold, "s")
    figures.note("engine live, cold", cold, "s")
    figures.at_most("engine live / bare, cold", cold / bare_cold, "", COLD_FLOOR_RATIO)
    figures.note("bare Pyodide + numpy, warm", bare_warm, "s")
    figures.at_most("engine live, warm", warm, "s", WARM_FLOOR_S)
    return figures.exit_code


def bare_site(folder: Path, parts: Path) -> Path:
    """A page that loads Pyodide and numpy as they are, in a worker."""
    with tarfile.open(next(parts.glob("pyodide-*.tgz"))) as archive:
        archive.extractall(folder / "pyodide", filter="data")
    numpy = next(parts.glob("numpy-*.whl"))
    shutil.copy(numpy, folder / numpy.name)
    (folder / "index.html").write_text(BARE_PAGE)
    (folder / "worker.mjs").write_text(BARE_WORKER.replace("NUMPY", numpy.name))
    return folder


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on a plain static server."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A static server that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def times_s(browser: Browser, address: str, live: str) -> tuple[float, float]:
    """Seconds until a selector is there: in a new profile, and once more in it."""
    context = browser.new_context()
    cold, warm = (time_s(context, address, live) for _ in range(2))
    context.close()
    return cold, warm


def time_s(context: BrowserContext, address: str, live: str) -> float:
    """Seconds from asking for a page until a selector is there."""
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(live, state="attached", timeout=60_000)
    took = time.perf_counter() - start
    page.close()
    return took


if __name__ == "__main__":
    raise SystemExit(main())
