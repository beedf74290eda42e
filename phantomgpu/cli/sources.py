"""A path or address to a ``Source`` of bytes that are read only where asked for."""

import http.client
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import Progress

import phantomgpu
from phantomgpu.errors import SourceError
from phantomgpu.onnx import BytesSource, Source

TIMEOUT_S: Final = 30.0
BLOCK_BYTES: Final = 128 * 1024
"""Least that is asked of a server at once: a round trip costs more than the bytes."""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_GZIP: Final = b"\x1f\x8b"
_CHUNK_BYTES: Final = 1 << 20


def is_address(model: str) -> bool:
    """Whether a model is given by an http or https address."""
    return model.lower().startswith(("http://", "https://"))


def is_file(model: str) -> bool:
    """Whether a model is given by a path: there is something there, or it looks like one."""
    return Path(model).exists() or os.sep in model or model.lower().endswith((".onnx", ".gz"))


def open_source(model: str, *, download: bool = False) -> Source:
    """The bytes of a model that is given by path or address.

    Args:
        model: As the user wrote it.
        download: Fetch a file whole from a server that cannot send parts.

    Raises:
        SourceError: It cannot be read.
    """
    source = HttpSource(model, download=download) if is_address(model) else FileSource(model)
    if source.read(0, 2) == _GZIP:
        return BytesSource(source.name, source.read(0, source.size))
    return source


class FileSource:
    """A file on this machine.

    Args:
        name: Its path, as the user wrote it.

    Raises:
        SourceError: It is not there, is a folder, or may not be read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        path = Path(name).expanduser()
        if path.is_dir():
            raise SourceError(
                f"{name} is a folder",
                where=name,
                fix="give the path of an ONNX file in it, or a folder that holds a config.json",
            )
        try:
            self._file: IO[bytes] = path.open("rb")
            self.size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise SourceError(
                f"{name} cannot be read: {(error.strerror or str(error)).lower()}",
                where=str(path.absolute()),
                fix="check the path and who may read it",
            ) from error

    def read(self, offset: int, length: int) -> bytes:
        """The bytes ``[offset, offset + length)``, fewer only where the file ends."""
        self._file.seek(offset)
        return self._file.read(length)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class _SameServer(urllib.request.HTTPRedirectHandler):
    """Follows redirects, and shows the token again only to the server that it was meant for."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        """The request to where the answer points."""
        again = super().redirect_request(req, fp, code, msg, headers, newurl)
        token = req.unredirected_hdrs.get("Authorization")
        if again is not None and token and urlsplit(newurl)[:2] == urlsplit(req.full_url)[:2]:
            again.add_unredirected_header("Authorization", token)
        return again


def requested(
    address: str, *, part: tuple[int, int] | None = None, token: str = ""
) -> http.client.HTTPResponse:
    """The answer of a server.

    Args:
        address: Of the file.
        part: First byte and length; None for the whole.
        token: Shown to this server alone.

    Raises:
        OSError, ValueError, http.client.HTTPException: As urllib.
    """
    headers = {"Accept-Encoding": "identity", "User-Agent": f"phantomgpu/{phantomgpu.__version__}"}
    if part is not None:
        headers["Range"] = f"bytes={part[0]}-{part[0] + part[1] - 1}"
    request = urllib.request.Request(address, headers=headers)
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(_SameServer)
    return opener.open(request, timeout=TIMEOUT_S)  # type: ignore[no-any-return]


class HttpSource:
    """A file on a web server, read by range requests.

    Args:
        name: Its address.
        download: Where the server cannot send parts, fetch it whole instead of refusing.
        token: Shown to this server, and to no other that it sends us to.

    Raises:
        SourceError: The server does not answer, has no such file, or cannot send parts.
    """

    def __init__(self, name: str, *, download: bool = False, token: str = "") -> None:
        self.name = name
        self._token = token
        self._version = ""
        self._block = (0, b"")
        self._whole: IO[bytes] | None = None
        with self._ask(0, BLOCK_BYTES) as answer:
            total = self._total(answer)
            if total is not None:
                self.size = total
                self._version = answer.headers.get("ETag", "")
                self._block = (0, self._body(answer))
                return
            length = int(answer.headers.get("Content-Length") or 0)
            if not download:
                raise SourceError(
                    f"the server sends only whole files, and this one has {_megabytes(length)}",
                    where=name,
                    fix="add --download to fetch all of it first, or give the path of a file",
                )
            self._whole = _downloaded(answer, name, length)
            self.size = self._whole.seek(0, os.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes ``[offset, offset + length)``, fewer only where the file ends.

        Raises:
            SourceError: The server does not answer, or the file has changed meanwhile.
        """
        length = max(0, min(length, self.size - offset))
        if self._whole is not None:
            self._whole.seek(offset)
            return self._whole.read(length)
        start, block = self._block
        if not (start <= offset and offset + length <= start + len(block)):
            self._block = start, block = offset, self._fetched(offset, max(length, BLOCK_BYTES))
        return block[offset - start : offset - start + length]

    def __del__(self) -> None:
        if getattr(self, "_whole", None) is not None:
            self._whole.close()  # type: ignore[union-attr]

    def _fetched(self, offset: int, length: int) -> bytes:
        with self._ask(offset, length) as answer:
            if self._total(answer) != self.size or answer.headers.get("ETag", "") != self._version:
                raise SourceError(
                    "the file changed on the server while it was read",
                    where=self.name,
                    fix="run the command again",
                )
            return self._body(answer)

    def _ask(self, offset: int, length: int) -> http.client.HTTPResponse:
        try:
            return requested(self.name, part=(offset, length), token=self._token)
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceError(
                f"the server answers {error.code} {error.reason}",
                where=self.name,
                fix="check the address in a browser; files behind a login must be downloaded first",
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise SourceError(
                f"the server does not answer: {reason}",
                where=self.name,
                fix="check the address and the connection",
            ) from error

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        try:
            return answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise SourceError(
                "the connection broke off", where=self.name, fix="run the command again"
            ) from error

    def _total(self, answer: http.client.HTTPResponse) -> int | None:
        """Size of the file by a partial answer; None where the server sends it whole."""
        match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        return int(match[3]) if answer.status == 206 and match else None


def _downloaded(answer: http.client.HTTPResponse, name: str, length: int) -> IO[bytes]:
    """The whole file, in a temporary one that goes away by itself."""
    # Kept open for as long as the source is read; closing it deletes it.
    file = TemporaryFile()  # noqa: SIM115
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"downloading {name.rpartition('/')[2]}", total=length or None)
        try:
            while chunk := answer.read(_CHUNK_BYTES):
                file.write(chunk)
                progress.advance(task, len(chunk))
        except (OSError, http.client.HTTPException) as error:
            file.close()
            raise SourceError(
                "the connection broke off", where=name, fix="run the command again"
            ) from error
    return file


def _megabytes(length: int) -> str:
    return f"{length / 1e6:,.1f} MB" if length else "a size it does not tell"
