"""A server gives the compressed file that lies beside, to a browser that takes it."""

import functools
import gzip
import http.server
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_steps.offline import WORKER, write_service_worker
from build_steps.serve import Compressing

TEXT = b"what a page needs " * 100


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "page.css").write_bytes(TEXT)
    (tmp_path / "page.css.gz").write_bytes(gzip.compress(TEXT))
    handler = functools.partial(Compressing, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/page.css"
        server.shutdown()


def asked(address: str, accepted: str) -> tuple[str | None, bytes]:
    request = urllib.request.Request(address, headers={"Accept-Encoding": accepted})
    with urllib.request.urlopen(request) as answer:
        return answer.headers["Content-Encoding"], answer.read()


def test_browser_that_takes_gzip_gets_the_compressed_file(address: str) -> None:
    encoding, contents = asked(address, "gzip, br")

    assert encoding == "gzip"
    assert gzip.decompress(contents) == TEXT


def test_browser_that_takes_nothing_gets_the_file_as_it_is(address: str) -> None:
    assert asked(address, "identity") == (None, TEXT)


def test_service_worker_names_every_file_but_itself(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "engine.wasm").write_bytes(b"one")
    (tmp_path / WORKER).write_text("`{{files}}` {{version}}")

    write_service_worker(tmp_path)

    words = (tmp_path / WORKER).read_text()
    assert '"parts/engine.wasm"' in words
    assert WORKER not in words
    assert "{{" not in words


def test_version_of_the_site_changes_with_any_file(tmp_path: Path) -> None:
    versions = set()
    for contents in (b"one", b"two", b"one"):
        (tmp_path / "engine.wasm").write_bytes(contents)
        (tmp_path / WORKER).write_text("`{{files}}` {{version}}")
        write_service_worker(tmp_path)
        versions.add((tmp_path / WORKER).read_text())

    assert len(versions) == 2
