"""The page in a real Chromium, from plain static files under a sub-path.

Every test fails on a console error, an uncaught error and a request to any
other origin, whatever else it promises.
"""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.driver import Comparison, Watch

SUB_PATH = "some/where/phantomgpu"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


class _Plain(http.server.SimpleHTTPRequestHandler):
    """What any static host does: files and their types, no special headers."""

    extensions_map = {  # noqa: RUF012
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="session")
def site(repository: Path) -> Path:
    """The built site; `python build.py test --browser` says where it is."""
    named = os.environ.get("PHANTOMGPU_SITE")
    folder = Path(named) if named else repository / "web" / "dist"
    if not (folder / "index.html").is_file():
        reason = "the site is not built: run `python build.py test --browser`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def address(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served, under a sub-path."""
    root = tmp_path_factory.mktemp("host")
    (root / SUB_PATH).parent.mkdir(parents=True)
    (root / SUB_PATH).symlink_to(site, target_is_directory=True)
    handler = functools.partial(_Plain, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SUB_PATH}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("PHANTOMGPU_CHROMIUM") or shutil.which("chromium")
    if program is None:
        reason = "there is no Chromium: run `python build.py test --browser`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # What keeps the page for visits without a network has tests of its own.
    context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page whose test fails on console errors and on other origins; ``watch`` sees to it."""
    return context.new_page()


@pytest.fixture(autouse=True)
def watch(request: pytest.FixtureRequest, address: str) -> Iterator[Watch | None]:
    """What the test's page asks of other origins, and its console errors."""
    if "page" not in request.fixturenames:
        yield None
        return
    watch = Watch(request.getfixturevalue("page"), address)
    yield watch
    watch.verify()


@pytest.fixture
def live(page: Page, address: str) -> Comparison:
    """The page with its engine running."""
    comparison = Comparison(page)
    comparison.open(address)
    return comparison
