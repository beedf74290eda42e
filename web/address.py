"""A web address -> the Source of a model, read by range requests from the worker.

Only in the worker: a read waits for its answer, which a page's main thread may not.
"""

import re

import js
from pyodide.ffi import JsException, to_js

from phantomgpu.errors import SourceError

BLOCK_BYTES = 128 * 1024
"""Least that is asked of a server at once: a round trip costs more than the bytes."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_COMMAND_LINE = "on the command line, phantomgpu compare reads the address itself"


class AddressSource:
    """A file on a web server as the reader wants it: only the ranges it asks for are fetched."""

    def __init__(self, address, size):
        self.name = address.partition("?")[0].rstrip("/").rpartition("/")[2]
        self.size = size
        self._address = address
        self._block = (0, b"")

    def read(self, offset, length):
        """The bytes ``[offset, offset + length)``, fewer only where the file ends."""
        length = max(0, min(length, self.size - offset))
        start, block = self._block
        if not (start <= offset and offset + length <= start + len(block)):
            asked = min(max(length, BLOCK_BYTES), self.size - offset)
            self._block = start, block = offset, self._fetched(offset, asked)
        return block[offset - start : offset - start + length]

    def _fetched(self, offset, length):
        request = js.XMLHttpRequest.new()
        request.open("GET", self._address, False)
        request.responseType = "arraybuffer"
        request.setRequestHeader("Range", f"bytes={offset}-{offset + length - 1}")
        try:
            request.send()
        except JsException:
            raise _no_answer(self._address) from None
        if request.status != 206:
            raise _refused(self._address, request.status)
        return request.response.to_bytes()


async def address_source(address):
    """The model at an address; its size is asked for first.

    Raises:
        SourceError: No answer, no leave to read from here, no such file, or no ranges.
    """
    abort = js.AbortController.new()
    options = {"headers": {"Range": "bytes=0-0"}, "signal": abort.signal}
    try:
        answer = await js.fetch(address, to_js(options, dict_converter=js.Object.fromEntries))
    except JsException:
        raise _no_answer(address) from None
    told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range") or "")
    if answer.status == 206 and told:
        return AddressSource(address, int(told[3]))
    abort.abort()  # a whole file may be on its way
    if answer.status == 200:
        raise SourceError(
            "the server sends only whole files",
            where=address,
            fix="download the file and drop it here; it stays in this tab",
        )
    if answer.status == 206:
        raise SourceError(
            "the server does not let pages see how large the file is",
            where=address,
            fix=f"download the file and drop it here, or {_COMMAND_LINE}",
        )
    raise _refused(address, answer.status)


def _refused(address, status):
    return SourceError(
        f"the server answers {status}",
        where=address,
        fix="check the address in another tab; files behind a login must be downloaded first",
    )


def _no_answer(address):
    return SourceError(
        "the server does not answer, or does not let other pages read from it",
        where=address,
        fix=f"download the file and drop it here, or {_COMMAND_LINE}",
    )
