"""``hf:org/name`` or a folder -> the Source of a model, with no more read than says what it is."""

import http.client
import os
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from phantomgpu.cli.sources import FileSource, HttpSource, requested
from phantomgpu.errors import FormatError, LimitError, ModelError, SourceError
from phantomgpu.families.diffusion import INDEX
from phantomgpu.families.refusals import refusal
from phantomgpu.families.repository import ENDPOINT, Ask, Found, Repository, reading, repository
from phantomgpu.onnx import BytesSource, Source

ENDPOINT_VARIABLE: Final = "HF_ENDPOINT"
TOKEN_VARIABLE: Final = "HF_TOKEN"

_TOKEN: Final = "phantomgpu.token"


def _keep_token(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Hand the content of ``--token-file`` to whatever opens models in this command."""
    if name is None:
        return
    try:
        context.meta[_TOKEN] = Path(name).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{name} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}",
            where="--token-file",
            fix="give a file that holds the token and nothing else",
        ) from error


TOKEN_FILE = click.option(
    "--token-file",
    metavar="FILE",
    expose_value=False,
    callback=_keep_token,
    help=f"File with the token for a private or gated hf: repository. [default: ${TOKEN_VARIABLE}]",
)


def given_token() -> str:
    """The token of this command: that of ``--token-file``, else of the environment, else none."""
    context = click.get_current_context(silent=True)
    told = context.meta.get(_TOKEN) if context is not None else None
    return told if isinstance(told, str) else os.environ.get(TOKEN_VARIABLE, "").strip()


def open_folder(model: str) -> Source | None:
    """The model whose repository lies in a folder; None where it is none of a known family.

    Raises:
        SourceError: A file cannot be read.
        FormatError: A configuration is no JSON, or a header of weights is damaged.
    """
    folder = Path(model).expanduser()
    if not any((folder / name).is_file() for name in ("config.json", INDEX)):
        return None
    try:
        found = _run(model, "", lambda ask: _part_of_file(folder, ask))
    except FormatError:
        raise
    except ModelError:
        return None
    return FileSource(str(folder / found.onnx)) if found.onnx else _configured(model, found)


def open_repository(model: str) -> Source:
    """The model that ``hf:org/name`` names, from the hub or from ``HF_ENDPOINT``.

    Raises:
        RequestError: It names no repository.
        SourceError: The hub does not answer, refuses, or breaks off.
        ModelError: The configuration cannot be used.
    """
    wanted = repository(model)
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "").strip() or ENDPOINT
    token = given_token()
    found = _run(wanted.name, wanted.path, lambda ask: _fetched(wanted, endpoint, token, ask))
    if found.onnx:
        return HttpSource(wanted.address(found.onnx, endpoint), token=token)
    return _configured(model, found)


def _run(name: str, path: str, answer: Callable[[Ask], bytes | None]) -> Found:
    """Go through `reading` with whatever answers."""
    steps = reading(name, path)
    try:
        ask = next(steps)
        while True:
            ask = steps.send(answer(ask))
    except StopIteration as done:
        found: Found = done.value
        return found


def _configured(model: str, found: Found) -> Source:
    return BytesSource(model, found.as_bytes())


def _part_of_file(folder: Path, ask: Ask) -> bytes | None:
    path = folder / ask.path
    if not path.is_file():
        return None
    source = FileSource(str(path))
    _refuse_longer(source.size, ask, str(path))
    return source.read(ask.start, ask.length)


def _fetched(wanted: Repository, endpoint: str, token: str, ask: Ask) -> bytes | None:
    address = wanted.address(ask.path, endpoint)
    try:
        part = None if ask.whole else (ask.start, ask.length)
        with requested(address, part=part, token=token) as answer:
            if not ask.whole and ask.start and answer.status != 206:
                raise SourceError(
                    "the hub sends only whole files",
                    where=address,
                    fix=f"set {ENDPOINT_VARIABLE} to one that sends parts, or give a folder",
                )
            data = answer.read(ask.length + 1 if ask.whole else ask.length)
            _refuse_longer(len(data), ask, address)
            if ask.whole:
                _refuse_shorter(answer, len(data))
            return data
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # the file ends before this part
            return b""
        refused = refusal(
            error.code,
            wanted,
            where=address,
            code=error.headers.get("X-Error-Code", ""),
            retry_after=error.headers.get("Retry-After", ""),
            has_token=bool(token),
        )
        if refused is None:
            return None
        raise refused from error
    except http.client.HTTPException as error:
        raise _broken(address) from error
    except (OSError, ValueError) as error:
        if isinstance(error, ConnectionError | TimeoutError):
            raise _broken(address) from error
        raise SourceError(
            f"the hub does not answer: {getattr(error, 'reason', error)}",
            where=address,
            fix=f"check the connection and {ENDPOINT_VARIABLE}, or give a folder with config.json",
        ) from error


def _refuse_longer(size: int, ask: Ask, where: str) -> None:
    if ask.whole and size > ask.length:
        raise LimitError(
            f"{ask.path} has more than {ask.length:,} bytes",
            where=where,
            fix="give a repository whose file of that name is a configuration",
        )


def _refuse_shorter(answer: http.client.HTTPResponse, size: int) -> None:
    told = answer.headers.get("Content-Length", "")
    if told.isdigit() and int(told) > size:
        raise http.client.IncompleteRead(b"", int(told) - size)


def _broken(address: str) -> SourceError:
    return SourceError("the connection broke off", where=address, fix="run the command again")
