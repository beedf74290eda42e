"""The engine's side of the page: JSON text in, JSON text out; never page objects but a File.

Every answer is ``{"ok": value}`` or ``{"error": {code, what, where, fix}}``.
"""

import asyncio
import json
import time
import traceback
from pathlib import Path

import js
import site_parts

__export__ = ["alive", "catalog", "check_profile", "compare", "compare_streaming",
              "complete_profile", "decode_link", "differences", "encode_link", "explain",
              "inspect", "netron", "new_variant", "open_address", "open_file", "open_request",
              "profile", "save_request", "why", "why_csv", "why_kernel"]  # fmt: skip

from phantomgpu.errors import PhantomGPUError
from phantomgpu.families.repository import is_repository
from phantomgpu.onnx import BytesSource
from phantomgpu.onnx.source import GZIP_MAGIC
from web.address import address_source
from web.catalog import page_gpu, page_inspection
from web.engine import CATALOG, app
from web.hub import hub_source
from web.stream import in_request_order
from web.why_answer import Explained
from web.why_packed import why_packed

explained = Explained(app)


class Loaded:
    """A compiled module of the site; whoever awaits it first asks for it."""

    def __init__(self, name):
        self._name = name
        self._loading = None

    def __await__(self):
        return self.start().__await__()

    def start(self):
        """Ask for it, once; the download goes on meanwhile."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(site_parts.load(self._name))
        return self._loading


# onnx's shape inference; what looks into a model awaits it.
onnx_loaded = Loaded("onnx")

# A channel, since what an export returns comes only when all of it is done.
channel = js.BroadcastChannel.new("phantomgpu-cells")

PAUSE_S = 0.12
"""From which on a comparison that is not done tells what it has: less would only flicker."""


class BlobSource:
    """A File of the page as the reader wants it: only the ranges it asks for are read."""

    def __init__(self, file):
        self.name = file.name
        self.size = int(file.size)
        self._file = file
        self._reader = js.FileReaderSync.new()

    def read(self, offset, length):
        """The bytes ``[offset, offset + length)``, fewer only where the file ends."""
        part = self._file.slice(offset, min(offset + length, self.size))
        return self._reader.readAsArrayBuffer(part).to_bytes()


def unpacked(source):
    """The source; a gzipped one is unpacked whole, since it has no ranges."""
    if source.read(0, 2) != GZIP_MAGIC:
        return source
    return BytesSource(source.name, source.read(0, source.size))


def answered(make):
    """The answer of an action as JSON text: what it returns, or the mistake it found."""
    try:
        return json.dumps({"ok": make()})
    except PhantomGPUError as error:
        return json.dumps({"error": error.as_dict()})
    except Exception as error:
        traceback.print_exc()
        return json.dumps({"error": as_bug(error)})


def as_bug(error):
    """An error that no input should cause, so that a person can report it."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return {
        "code": "bug",
        "what": f"the engine failed: {type(error).__name__}: {error}",
        "where": f"{Path(last.filename).name}, line {last.lineno}, {last.name}",
        "fix": "report it with these lines; the last comparison is still there",
    }


async def alive():
    """The name of a lock that is held as long as this worker lives; "" where there are none."""
    return await site_parts.hold_lock()


def catalog():
    """What can be chosen, for the page's state: its first question."""
    onnx_loaded.start()
    return answered(lambda: CATALOG)


async def open_file(file, name):
    """Read a dropped model's graph, its weights left where they are."""
    await onnx_loaded

    return answered(lambda: opened(BlobSource(file), name))


async def open_address(address, _name):
    """Read the graph of a model on a web server, by ranges, or of a repository of the hub."""
    await onnx_loaded
    try:
        is_hub = is_repository(address)
        source = await (hub_source(address) if is_hub else address_source(address))
    except PhantomGPUError as error:
        return json.dumps({"error": error.as_dict()})
    return answered(lambda: opened(source))


def opened(source, name=""):
    """A model of one's own, from now on known by a name, by default its own."""
    return {**app.open_model(unpacked(source), name=name or source.name), "size": source.size}


async def compare(request):
    """The document of ``compare --json``."""
    await onnx_loaded
    return answered(lambda: app.compare(json.loads(request)))


async def compare_streaming(request, ticket):
    """Its cells; where they take a while, those that are there are told of meanwhile."""
    await onnx_loaded

    def compared():
        asked = json.loads(request)
        cells, told, last = [], 0, time.monotonic()
        for cell in app.compare_streaming(asked):
            cells.append(cell)
            if time.monotonic() - last > PAUSE_S:
                tell_cells(ticket, cells[told:])
                told, last = len(cells), time.monotonic()
        return {"cells": in_request_order(cells, asked)}

    return answered(compared)


def tell_cells(ticket, cells):
    """Some cells to the page, which is waiting for all of them."""
    channel.postMessage(json.dumps({"ticket": ticket, "cells": cells}))


async def differences(request):
    """Where the times of two models differ."""
    await onnx_loaded
    return answered(lambda: app.differences(json.loads(request)))


async def inspect(request):
    """What the request's model is and what its runtime makes of it."""
    await onnx_loaded

    def inspected():
        asked = json.loads(request)
        document = app.inspect(
            asked["models"][0],
            dims=asked["dims"],
            runtime=asked["runtimes"][0],
            precision=asked["precisions"][0],
            tables=asked["tables"],
            beside=asked["models"][1:],
        )
        return page_inspection(document)

    return answered(inspected)


async def explain(request):
    """Why one cell takes the time it takes."""
    await onnx_loaded
    return answered(lambda: app.explain(json.loads(request)))


async def why(request, width):
    """The section "Why" of one cell, packed as `web.why_packed` reads it; a mistake as JSON."""
    await onnx_loaded
    packed = []
    mistake = answered(lambda: packed.append(why_packed(explained.regions(request, width))))
    return packed[0] if packed else mistake


def why_kernel(request, kernel):
    """The card of one kernel, as HTML."""
    return answered(lambda: explained.kernel(request, kernel))


def why_csv(request, chart):
    """The figures of one chart of "Why"."""
    return answered(lambda: explained.csv(request, chart))


def netron(request):
    """One cell as an attachment for Netron."""
    return answered(lambda: explained.netron(request))


def profile(gpu):
    """One GPU in full, with the text of its profile."""
    return answered(lambda: app.gpu(gpu))


def check_profile(gpu, text):
    """What is wrong with the text of a GPU profile, what it changes, and its catalogue entry."""

    def checked():
        found = app.check_profile(gpu, text)
        return {**found, "gpu": found["gpu"] and page_gpu(found["gpu"])}

    return answered(checked)


def complete_profile(gpu, text, line, column):
    """What may be written at a place of a GPU profile."""
    return answered(lambda: app.complete_profile(gpu, text, line, column))


def new_variant(gpu, taken, text):
    """Id and first lines of a profile that stands on a GPU, or on a profile of one's own."""
    return answered(lambda: app.new_variant(gpu, taken=json.loads(taken), text=text))


async def encode_link(request, with_tables, saw):
    """The share link of a request, and what its sender sees."""
    await onnx_loaded
    return answered(
        lambda: app.encode_link(
            json.loads(request), saw=json.loads(saw), with_tables=json.loads(with_tables)
        )
    )


async def save_request(request, with_tables):
    """The text of a file that holds a request."""
    await onnx_loaded
    return answered(
        lambda: app.save_request(json.loads(request), with_tables=json.loads(with_tables))
    )


def open_request(text, name):
    """The request that such a file holds."""
    return answered(lambda: app.open_request(text, origin=name))


def decode_link(link):
    """The request that a share link holds."""
    return answered(lambda: app.decode_link(link))
