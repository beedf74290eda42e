"""A hub on loopback: repositories of files, some of them larger than any disk, and bad manners."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class Sparse:
    """A file that begins with some bytes and goes on with zeros that are nowhere."""

    head: bytes
    size: int

    def part(self, start: int, end: int) -> bytes:
        head = self.head[start:end]
        return head + bytes(max(0, min(end, self.size) - start - len(head)))


@dataclass
class Hub:
    """What a hub holds and how it behaves.

    Attributes:
        files: By ``org/name``, then path.
        token: Needed for every file where it is not empty.
        status: Answered to everything where it is not 0.
        headers: Of that answer.
        cuts: Whether connections break off after half of a file.
        sends_parts: Whether it knows ranges.
        sent: Bytes of files sent so far.
        asked: Paths asked for, with the token shown.
        elsewhere: Address of another server that holds the files; this one only points there.
    """

    files: dict[str, dict[str, bytes | Sparse]] = field(default_factory=dict)
    token: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cuts: bool = False
    sends_parts: bool = True
    sent: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(
            file.size if isinstance(file, Sparse) else len(file)
            for files in self.files.values()
            for file in files.values()
        )


@contextmanager
def served(hub: Hub) -> Iterator[str]:
    """The address at which a hub answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = self.headers.get("Authorization", "")
            hub.asked.append((self.path, shown))
            if hub.status:
                self.refuse(hub.status, hub.headers)
            elif hub.elsewhere:
                self.refuse(302, {"Location": hub.elsewhere + self.path})
            elif hub.token and shown != f"Bearer {hub.token}":
                self.refuse(401, {"X-Error-Code": "RepoNotFound"})
            else:
                self.give()

        def give(self) -> None:
            owner, name, _, revision, path = self.path.strip("/").split("/", 4)
            files = hub.files.get(f"{owner}/{name}")
            if files is None:
                self.refuse(404, {"X-Error-Code": "RepoNotFound"})
            elif revision not in ("main", "v1"):
                self.refuse(404, {"X-Error-Code": "RevisionNotFound"})
            elif path not in files:
                self.refuse(404, {"X-Error-Code": "EntryNotFound"})
            else:
                self.send(files[path])

        def send(self, file: bytes | Sparse) -> None:
            whole = file if isinstance(file, Sparse) else Sparse(file, len(file))
            start, end, status = 0, whole.size, 200
            wanted = self.headers.get("Range")
            if wanted and hub.sends_parts:
                first, last = wanted.removeprefix("bytes=").split("-")
                start, end, status = int(first), min(int(last) + 1, whole.size), 206
            self.send_response(status)
            self.send_header("Content-Length", str(end - start))
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{whole.size}")
            self.end_headers()
            stop = start + (end - start) // 2 if hub.cuts else end
            try:
                for at in range(start, stop, CHUNK_BYTES):
                    part = whole.part(at, min(at + CHUNK_BYTES, stop))
                    self.wfile.write(part)
                    hub.sent += len(part)
            except OSError:  # the reader has seen enough
                self.close_connection = True

        def refuse(self, status: int, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def as_json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values).encode()


def safetensors(tensors: Mapping[str, tuple[str, list[int]]], *, padding: int = 0) -> Sparse:
    """A file of weights without the weights; the header is made longer by spaces."""
    bits = {"F32": 32, "BF16": 16, "F16": 16, "F8_E4M3": 8, "I32": 32}
    at, header = 0, dict[str, Any]()
    for name, (kind, shape) in tensors.items():
        size = bits[kind] // 8
        for dim in shape:
            size *= dim
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = as_json(header) + b" " * padding
    return Sparse(len(text).to_bytes(8, "little") + text, 8 + len(text) + at)
