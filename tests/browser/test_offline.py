"""A second visit needs no network, and a new version of the site replaces the old one whole."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from build_steps.offline import WORKER, write_service_worker
from tests.browser.conftest import SUB_PATH, _Plain
from tests.browser.driver import LIVE_MS, Comparison, Watch
from tests.browser.test_models import a_model

KEPT = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"
WAITING = """(patience) => new Promise((resolve, reject) => {
    const look = async () => {
        const { waiting } = await navigator.serviceWorker.getRegistration();
        waiting ? resolve() : setTimeout(look, 100);
    };
    setTimeout(() => reject(new Error("no new version is waiting")), patience);
    look();
})"""


@dataclass
class Host:
    """A copy of the site under a sub-path of a server that can be switched off."""

    site: Path
    address: str
    server: http.server.ThreadingHTTPServer
    asked: list[str] = field(default_factory=list)

    def switch_off(self) -> None:
        """From now on there is no network."""
        self.server.shutdown()
        self.server.server_close()

    def publish(self, repository: Path, words: str) -> None:
        """A new version, told by words in its page and by its style."""
        index = self.site / "index.html"
        index.write_text(index.read_text("utf-8").replace("Nothing leaves this tab", words))
        style = self.site / "app.css"
        style.write_text(style.read_text("utf-8") + f'body {{ --version: "{words}"; }}\n')
        shutil.copyfile(repository / "web" / WORKER, self.site / WORKER)
        write_service_worker(self.site)


@pytest.fixture
def host(site: Path, tmp_path: Path) -> Iterator[Host]:
    folder = tmp_path / SUB_PATH
    shutil.copytree(site, folder)
    asked: list[str] = []

    class Noting(_Plain):
        def do_GET(self) -> None:  # noqa: N802 (the base class names it)
            asked.append(self.path)
            super().do_GET()

    handler = functools.partial(Noting, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Host(folder, f"http://127.0.0.1:{server.server_port}/{SUB_PATH}/", server, asked)
    server.shutdown()
    server.server_close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that may keep the page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def kept(visitor: BrowserContext, host: Host) -> Page:
    """The page after a first visit, once the machine has all of it."""
    page = visitor.new_page()
    Comparison(page).open(host.address)
    page.wait_for_function(KEPT, timeout=LIVE_MS)
    return page


def test_second_visit_compares_and_opens_a_file_without_a_network(
    visitor: BrowserContext, host: Host, tmp_path: Path
) -> None:
    page = kept(visitor, host)
    host.switch_off()
    watch = Watch(page, host.address)
    comparison = Comparison(page)

    page.reload()
    comparison.live()
    page.locator("#gpu-a10").click()
    comparison.settle()
    chosen = comparison.gpus()
    comparison.drop(a_model(tmp_path / "mine.onnx", batch=1))

    assert "a10" in chosen
    assert "mine.onnx" in comparison.headline()
    assert {gpu for gpu, *_ in comparison.cells()} == set(chosen)
    watch.verify()


def test_page_is_kept_only_once_its_engine_is_there(visitor: BrowserContext, host: Host) -> None:
    kept(visitor, host)

    paths = [path.rpartition(SUB_PATH)[2] for path in host.asked]
    assert paths.index(f"/{WORKER}") > paths.index("/parts/snapshot.wasm")


def test_new_version_replaces_the_old_one_whole_at_a_reload(
    visitor: BrowserContext, host: Host, repository: Path
) -> None:
    page = kept(visitor, host)
    host.publish(repository, "The second version")
    style = "getComputedStyle(document.body).getPropertyValue('--version')"

    page.reload()
    old = page.locator("footer").inner_text(), page.evaluate(style)
    page.evaluate(WAITING, LIVE_MS)
    page.evaluate("history.replaceState(null, '', '#p1.link')")
    page.reload()

    expect(page.locator("footer")).to_contain_text("The second version", timeout=LIVE_MS)
    assert "second" in page.evaluate(style)
    assert page.url.endswith("#p1.link")
    assert "Nothing leaves this tab" in old[0]
    assert old[1] == ""
