"""A model is read where it lies: from a file or a server, and no more of it than is needed."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from phantomgpu.cli.sources import BLOCK_BYTES, FileSource, HttpSource, open_source
from phantomgpu.errors import SourceError

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class _Server(ThreadingHTTPServer):
    """Serves one file; ``ranges`` says whether in parts, ``version`` is its ETag."""

    daemon_threads = True

    def __init__(self, content, *, ranges=True):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.ranges, self.version, self.sent = content, ranges, "one", 0
        self.address = f"http://127.0.0.1:{self.server_address[1]}/model.onnx"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        content, status = self.server.content, 200
        if not self.path.endswith("model.onnx"):
            self.send_error(404)
            return
        if self.server.ranges:
            start, end = self.headers["Range"].removeprefix("bytes=").split("-")
            total = len(content)
            content, status = content[int(start) : int(end) + 1], 206
        self.send_response(status)
        self.send_header("ETag", self.server.version)
        self.send_header("Content-Length", str(len(content)))
        if status == 206:
            self.send_header(
                "Content-Range", f"bytes {start}-{int(start) + len(content) - 1}/{total}"
            )
        self.end_headers()
        self.server.sent += len(content)
        try:
            self.wfile.write(content)
        except OSError:  # the reader has seen enough
            self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def serve():
    servers = []

    def start(content=CONTENT, **how):
        server = _Server(content, **how)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_file_gives_the_bytes_asked_for(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(CONTENT)
    source = FileSource(str(path))

    assert (source.size, source.read(300, 4)) == (len(CONTENT), CONTENT[300:304])
    assert source.read(len(CONTENT) - 2, 10) == CONTENT[-2:]


def test_a_server_with_ranges_sends_only_what_is_asked_for(serve):
    server = serve()
    source = HttpSource(server.address)

    assert source.size == len(CONTENT)
    assert source.read(900_000, 100) == CONTENT[900_000:900_100]
    assert server.sent <= 2 * BLOCK_BYTES


def test_reads_in_one_block_ask_the_server_once(serve):
    server = serve()
    source = HttpSource(server.address)
    read = [source.read(at, 50) for at in range(0, 10_000, 50)]

    assert b"".join(read) == CONTENT[:10_000]
    assert server.sent == BLOCK_BYTES


def test_a_server_without_ranges_is_refused_with_the_offer_to_download(serve):
    with pytest.raises(SourceError) as caught:
        HttpSource(serve(ranges=False).address)

    assert "sends only whole files, and this one has 1.0 MB" in caught.value.what
    assert "--download" in caught.value.fix


def test_a_server_without_ranges_is_downloaded_when_asked(serve):
    source = open_source(serve(ranges=False).address, download=True)

    assert source.read(1000, 10) == CONTENT[1000:1010]
    assert source.size == len(CONTENT)


def test_a_file_that_changes_while_it_is_read_is_noticed(serve):
    server = serve()
    source = HttpSource(server.address)
    server.version = "two"

    with pytest.raises(SourceError, match="changed on the server"):
        source.read(900_000, 100)


def test_a_file_the_server_does_not_have_is_an_error(serve):
    with pytest.raises(SourceError, match="404"):
        HttpSource(serve().address.replace("model.onnx", "other"))


def test_a_server_that_does_not_answer_is_an_error(serve):
    server = serve()
    server.shutdown()
    server.server_close()

    with pytest.raises(SourceError, match="does not answer"):
        HttpSource(server.address)


def test_a_model_on_a_server_is_compared_like_a_file(run, serve, resnet_bytes, resnet_file):
    there = run("inspect", serve(resnet_bytes).address, "--json")
    here = run("inspect", resnet_file, "--json")

    assert there.exit_code == here.exit_code == 0
    assert there.stdout.split('"graph"')[1] == here.stdout.split('"graph"')[1]
