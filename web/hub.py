"""``hf:org/name`` -> the Source of a model of the hub, from its configuration and headers alone.

Only in the worker. What is asked for, and what comes of it, is decided by the core; here is only
how the page fetches. Nobody is logged in on the page, so private repositories are not read.
"""

import js
from pyodide.ffi import JsException, to_js

from phantomgpu.errors import LimitError, SourceError
from phantomgpu.families.refusals import refusal
from phantomgpu.families.repository import reading, repository
from phantomgpu.onnx import BytesSource
from web.address import address_source


async def hub_source(model):
    """The model that ``hf:org/name`` names.

    Raises:
        PhantomGPUError: No such repository, no leave to read from here, or no known family.
    """
    wanted = repository(model)
    steps = reading(wanted.name, wanted.path)
    try:
        ask = next(steps)
        while True:
            ask = steps.send(await _fetched(wanted, ask))
    except StopIteration as done:
        found = done.value
    if not found.onnx:
        return BytesSource(model, found.as_bytes())
    source = await address_source(wanted.address(found.onnx))
    source.name = model
    return source


async def _fetched(wanted, ask):
    """The bytes asked for; None where there is no such file."""
    address = wanted.address(ask.path)
    abort = js.AbortController.new()
    options = {"signal": abort.signal}
    if not ask.whole:
        options["headers"] = {"Range": f"bytes={ask.start}-{ask.start + ask.length - 1}"}
    try:
        answer = await js.fetch(address, to_js(options, dict_converter=js.Object.fromEntries))
    except JsException:
        raise _no_answer(wanted, address) from None
    if answer.status not in (200, 206):
        abort.abort()
        return _refused(wanted, answer, address)
    told = answer.headers.get("Content-Length") or ""
    size = int(told) if told.isdigit() else 0
    is_more = size > ask.length or (ask.start > 0 and answer.status == 200)
    if is_more:
        abort.abort()
        raise _too_much(ask, address)
    try:
        return (await answer.arrayBuffer()).to_bytes()
    except JsException:
        raise SourceError(
            "the connection broke off", where=address, fix="try it once more"
        ) from None


def _refused(wanted, answer, address):
    """None where the file is not there; else the error for the status."""
    if answer.status == 416:  # the file ends before this part
        return b""
    error = refusal(
        answer.status,
        wanted,
        where=address,
        code=answer.headers.get("X-Error-Code") or "",
        retry_after=answer.headers.get("Retry-After") or "",
        on_page=True,
    )
    if error is not None:
        raise error
    return None


def _too_much(ask, address):
    if ask.whole:
        return LimitError(
            f"{ask.path} has more than {ask.length:,} bytes",
            where=address,
            fix="name a repository whose file of that name is a configuration",
        )
    return SourceError(
        "the hub sends only whole files",
        where=address,
        fix="download config.json and drop it here; that is enough for a prediction",
    )


def _no_answer(wanted, address):
    return SourceError(
        "the hub does not answer, or does not let other pages read from it",
        where=address,
        fix=f"on the command line, phantomgpu compare hf:{wanted.name} asks it directly; "
        "or download config.json and drop it here",
    )
