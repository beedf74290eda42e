"""A folder -> its address at the end of a line of known speed and delay.

The server keeps the line, and not the browser: Chromium's own throttling leaves
out what workers fetch.
"""

import functools
import http.server
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from build_steps.serve import Compressing

PIECE_BYTES = 8192


class Line:
    """All connections share it.

    Args:
        bits_per_s: What it carries.
        round_trip_s: From a question to the first byte of its answer.
    """

    def __init__(self, bits_per_s: float, round_trip_s: float) -> None:
        self.round_trip_s = round_trip_s
        self._bits_per_s = bits_per_s
        self._free_at = 0.0
        self._lock = threading.Lock()

    def carry(self, size: int) -> None:
        """Wait until that many bytes have gone through."""
        with self._lock:
            start = max(time.perf_counter(), self._free_at)
            through = self._free_at = start + 8 * size / self._bits_per_s
        time.sleep(max(0.0, through - time.perf_counter()))


@contextmanager
def at_the_end_of(line: Line, folder: Path, *, compressed: bool) -> Iterator[str]:
    """The address of a folder behind a line.

    Args:
        line: The line.
        folder: Where the files are.
        compressed: Whether the server gives compressed files, as most hosts do. One that does
            not is asked for by a name that is not this machine's.
    """

    class Slow(Compressing):
        def setup(self) -> None:
            super().setup()
            time.sleep(line.round_trip_s)

        def send_head(self) -> io.BytesIO | IO[bytes] | None:
            time.sleep(line.round_trip_s)
            if compressed:
                return super().send_head()
            return http.server.SimpleHTTPRequestHandler.send_head(self)

        def copyfile(self, source: IO[bytes], outputfile: IO[bytes]) -> None:
            while piece := source.read(PIECE_BYTES):
                line.carry(len(piece))
                outputfile.write(piece)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True  # the page has gone, or wants no more of it

    handler = functools.partial(Slow, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    name = "127.0.0.1" if compressed else "phantomgpu.localhost"
    try:
        yield f"http://{name}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
