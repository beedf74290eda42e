"""How soon the page answers, can be used, and has its engine (issue 5, "Must show" 1).

On this machine: beside a bare Pyodide that imports numpy, both served by the
same plain static server and opened in the same Chromium, in turn, each time in
a browser that has seen neither (cold), then once more (warm). The bare one is
Pyodide as npm has it, with the numpy wheel as it is.

At the end of a line of 10 Mbit/s and 40 ms: on a host that compresses, as most
do; and, to compare, on one that does not. There the times are the page's own.
"""

import os
import shutil
import statistics
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from benchmarks.chromium import LIVE, LIVE_MS, built_site, chromium, served
from benchmarks.figures import Figures
from benchmarks.line import Line, at_the_end_of

ROUNDS = 3
# Cold, on this machine's own network: issue 5, "Must show" 1.
COLD_FLOOR_RATIO = 0.65
WARM_FLOOR_S = 2.0
# At the end of the line, cold.
PAINT_FLOOR_S = 1.0
SCRIPT_FLOOR_KB = 100
USABLE_FLOOR_S = 2.0
LIVE_FLOOR_S = 10.0
LINE_BITS_PER_S = 10e6
LINE_ROUND_TRIP_S = 0.040

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


# When the page can be used, and when its engine is there, by its own clock.
WATCH = """
window.seen = {};
new MutationObserver(() => {
    const answer = document.getElementById("answer");
    if (!seen.usable && answer?.dataset.settled) seen.usable = performance.now();
    const engine = document.getElementById("engine");
    if (!seen.live && engine?.textContent.includes("Engine live")) seen.live = performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
"""
SEEN = """() => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
    const isScript = ({ name }) => /[.](js|mjs|py)$/.test(new URL(name).pathname);
    const before = performance.getEntriesByType("resource").filter(
        (entry) => isScript(entry) && entry.responseEnd <= paint);
    return { ...seen, paint, script: before.reduce((sum, entry) => sum + entry.transferSize, 0) };
}"""
KEPT = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"


@dataclass(frozen=True)
class Start:
    """One start of the page."""

    paint_s: float
    script_bytes: float
    usable_s: float
    live_s: float


def main() -> int:
    """Print the figures; 1 where one is worse than its floor."""
    figures = Figures("Page: time until the engine is live (localhost)")
    site = built_site()
    with chromium() as browser:
        figures.note("load of this machine, 1 minute", os.getloadavg()[0], "")
        beside_bare(figures, browser, site)
        print("At 10 Mbit/s, 40 ms")
        on_the_line(figures, browser, site)
        figures.note("load of this machine, 1 minute", os.getloadavg()[0], "")
    return figures.exit_code


def beside_bare(figures: Figures, browser: Browser, site: Path) -> None:
    """The engine of the page and a bare one, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        bare = bare_site(Path(folder), Path(os.environ["PHANTOMGPU_PARTS"]))
        with served(site) as site_address, served(bare) as bare_address:
            rounds = [
                (
                    *times_s(browser, bare_address, "p:text-is('live')"),
                    *times_s(browser, site_address, LIVE),
                )
                for _ in range(ROUNDS)
            ]
    bare_cold, bare_warm, cold, warm = map(statistics.median, zip(*rounds, strict=True))
    figures.note("bare Pyodide + numpy, cold", bare_cold, "s")
    figures.note("engine live, cold", cold, "s")
    figures.at_most("engine live / bare, cold", cold / bare_cold, "", COLD_FLOOR_RATIO)
    figures.note("bare Pyodide + numpy, warm", bare_warm, "s")
    figures.at_most("engine live, warm", warm, "s", WARM_FLOOR_S)


def on_the_line(figures: Figures, browser: Browser, site: Path) -> None:
    """The page from a host that compresses, cold and warm; and from one that does not, cold."""
    line = Line(LINE_BITS_PER_S, LINE_ROUND_TRIP_S)
    with at_the_end_of(line, site, compressed=True) as address:
        context = browser.new_context()
        cold = start(context, address, keep=True)
        warm = start(context, address)
        context.close()
    with at_the_end_of(line, site, compressed=False) as address:
        context = browser.new_context()
        plain = start(context, address)
        context.close()
    figures.at_most("first answer painted", cold.paint_s, "s", PAINT_FLOOR_S)
    figures.at_most("script before it", cold.script_bytes / 1000, "KB", SCRIPT_FLOOR_KB)
    figures.at_most("interface usable", cold.usable_s, "s", USABLE_FLOOR_S)
    figures.at_most("engine live, cold", cold.live_s, "s", LIVE_FLOOR_S)
    figures.at_most("engine live, warm", warm.live_s, "s", WARM_FLOOR_S)
    figures.note("  without compression: usable", plain.usable_s, "s")
    figures.note("  without compression: engine live", plain.live_s, "s")


def start(context: BrowserContext, address: str, *, keep: bool = False) -> Start:
    """Open the page once; with ``keep``, wait until the browser has all of it for later."""
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    page.wait_for_selector(LIVE, state="attached", timeout=LIVE_MS)
    seen = page.evaluate(SEEN)
    if keep:
        page.wait_for_function(KEPT, timeout=LIVE_MS)
    page.close()
    return Start(
        paint_s=seen["paint"] / 1000,
        script_bytes=seen["script"],
        usable_s=seen["usable"] / 1000,
        live_s=seen["live"] / 1000,
    )


def bare_site(folder: Path, parts: Path) -> Path:
    """A page that loads Pyodide and numpy as they are, in a worker."""
    with tarfile.open(next(parts.glob("pyodide-*.tgz"))) as archive:
        archive.extractall(folder / "pyodide", filter="data")
    numpy = next(parts.glob("numpy-*.whl"))
    shutil.copy(numpy, folder / numpy.name)
    (folder / "index.html").write_text(BARE_PAGE)
    (folder / "worker.mjs").write_text(BARE_WORKER.replace("NUMPY", numpy.name))
    return folder


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
