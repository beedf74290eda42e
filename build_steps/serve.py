"""A folder -> an address on this machine: plain files, compressed where that is there."""

import functools
import http.server
import io
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from build_steps.failure import BuildError
from build_steps.progress import say

# The name of each kind of build_steps.compress in HTTP, the smallest first.
_ENCODINGS = {"br": "br", "gz": "gzip"}
_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Plain files as most hosts give them: the compressed one where it lies beside."""

    extensions_map = {  # noqa: RUF012 (the base class declares it so)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        **_TYPES,
    }
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Say nothing about requests that went well."""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """The file, or the compressed one beside it where the browser takes that."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.endswith("/"):
            path = path / "index.html"
        taken = self.headers.get("Accept-Encoding", "")
        for kind, name in _ENCODINGS.items():
            beside = path.with_name(f"{path.name}.{kind}")
            if name in taken and beside.is_file():
                return self._send_compressed(path, beside, name)
        return super().send_head()

    def _send_compressed(self, path: Path, beside: Path, name: str) -> io.BytesIO:
        contents = beside.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", name)
        self.send_header("Content-Length", str(len(contents)))
        self.send_header("Last-Modified", self.date_time_string(beside.stat().st_mtime))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return io.BytesIO(contents)


class _Current(Compressing):
    def end_headers(self) -> None:
        """Let the browser ask whether a file changed: the site is rebuilt while it is open."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def serve(folder: Path, port: int) -> None:
    """Serve a folder on this machine until interrupted.

    Raises:
        BuildError: The port is taken.
    """
    handler = functools.partial(_Current, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise BuildError(
            f"port {port} cannot be used: {error.strerror}",
            fix="choose another with --port N, or --port 0 for any free one",
        ) from None
    say(f"PhantomGPU is at http://127.0.0.1:{server.server_port}/ (stop with Ctrl+C)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("")
    finally:
        server.server_close()
