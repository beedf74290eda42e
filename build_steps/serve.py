"""A folder -> an address on this machine: plain files, no special headers."""

import functools
import http.server
from pathlib import Path

from build_steps.failure import BuildError
from build_steps.progress import say

_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 (the base class declares it so)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        **_TYPES,
    }
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Say nothing about requests that went well."""

    def end_headers(self) -> None:
        """Let the browser ask whether a file changed: the site is rebuilt while it is open."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def serve(folder: Path, port: int) -> None:
    """Serve a folder on this machine until interrupted.

    Raises:
        BuildError: The port is taken.
    """
    handler = functools.partial(_Quiet, directory=str(folder))
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
