"""A repository of a model: which of its files are read, and what they come to.

`reading` asks for a file or a part of one, is given its bytes, and in the end says what was found;
whoever runs it has the sockets or the disk. So the command line, a folder and the page read the
same files in the same order, and the weights are never among them.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from phantomgpu.errors import FormatError, ModelError, RequestError
from phantomgpu.families.definition import Definition
from phantomgpu.families.diffusion import INDEX, part_configs
from phantomgpu.families.reading import MAX_JSON_BYTES
from phantomgpu.families.registry import build
from phantomgpu.families.safetensors import (
    FIRST_BYTES,
    MAX_HEADER_BYTES,
    Stored,
    header_end,
    read_header,
    together,
)
from phantomgpu.families.stored import STORED

PREFIX: Final = "hf:"
MAIN: Final = "main"
ENDPOINT: Final = "https://huggingface.co"
"""The hub's public address; ``HF_ENDPOINT`` names another."""

MOST_SHARDS: Final = 64
"""Files whose headers are read; of more, only their index."""

MAX_INDEX_BYTES: Final = 32 << 20

_FILES: Final = (".onnx", ".json")
_ONNX: Final = ("onnx/model.onnx", "model.onnx")
_NAME_SIGNS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a model lies on the hub.

    Attributes:
        name: ``"org/name"``.
        revision: Branch, tag or commit.
        path: The one file that is meant, ``"onnx/model.onnx"``; empty for the model as such.
    """

    name: str
    revision: str = MAIN
    path: str = ""

    def address(self, path: str, endpoint: str = ENDPOINT) -> str:
        """Where a file of it is fetched from."""
        revision = _quoted(self.revision, _NAME_SIGNS)
        return f"{endpoint.rstrip('/')}/{self.name}/resolve/{revision}/{_quoted(path)}"


def _quoted(text: str, plain: frozenset[str] = _NAME_SIGNS | {"/"}) -> str:
    """A text as it stands in an address."""
    return "".join(
        sign if sign in plain else "".join(f"%{byte:02X}" for byte in sign.encode())
        for sign in text
    )


def is_repository(model: str) -> bool:
    """Whether a model is given as ``hf:org/name``.

    >>> is_repository("hf:org/name"), is_repository("resnet50")
    (True, False)
    """
    return model.lower().startswith(PREFIX)


def repository(model: str) -> Repository:
    """What ``hf:org/name``, ``hf:org/name@revision`` or ``hf:org/name/model.onnx`` names.

    Raises:
        RequestError: It names no repository.
    """
    text = model.strip()[len(PREFIX) :].strip("/")
    named, at, rest = text.partition("@")
    owner, _, within = named.partition("/")
    name, _, path = within.partition("/")
    revision = rest if at else MAIN
    if rest.endswith(_FILES) and "/" in rest:
        revision, _, path = rest.partition("/")
    good = all(
        part and set(part) <= _NAME_SIGNS and not part.startswith(".") for part in (owner, name)
    )
    known = not path or path.endswith(_FILES)
    if not is_repository(model) or not good or not revision or not known or ".." in text:
        raise RequestError(
            f"{model.strip()[:80]!r} names no repository",
            where="models",
            fix="write hf:org/name, hf:org/name@revision or hf:org/name/onnx/model.onnx",
        )
    return Repository(f"{owner}/{name}", revision, path)


@dataclass(frozen=True, slots=True)
class Ask:
    """A file, or a part of one, that is wanted next. The answer is its bytes; None: not there.

    Attributes:
        path: In the repository.
        start: First byte.
        length: Bytes at most.
        whole: Whether a longer file is an error, not a part of one.
    """

    path: str
    start: int
    length: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What a repository comes to: configurations, or a file to be read by ranges.

    Attributes:
        files: JSON objects by path; what the weights' headers say is among them, as `STORED`.
        onnx: Path of the ONNX file to read instead; empty where configurations will do.
    """

    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    onnx: str = ""

    def as_bytes(self) -> bytes:
        """The configurations as one JSON text, which opens as a model does."""
        return json.dumps(self.files).encode()


Reading = Generator[Ask, bytes | None, Found]


def reading(name: str, path: str = "") -> Reading:
    """What to ask for, one after the other, until a repository is known well enough.

    Args:
        name: Of the repository, for errors.
        path: The one file that is meant, where it is.

    Raises:
        ModelError: There is no configuration, it is no JSON, or its family is not known and there
            is no ONNX file either.
    """
    if path.endswith(".onnx"):
        return Found(onnx=path)
    files: dict[str, Mapping[str, Any]] = {}
    for first in (path,) if path else ("config.json", INDEX):
        values = yield from _json(first, name)
        if values is not None:
            files["config.json" if path else first] = values
            break
    if not files:
        onnx = yield from _onnx()
        if onnx:
            return Found(onnx=onnx)
        raise _no_config(name, path)
    for part in part_configs(files.get(INDEX, {})):
        values = yield from _json(part, name)
        if values is not None:
            files[part] = values
    try:
        definition = build(files, name=name)
    except ModelError:
        onnx = yield from _onnx()
        if onnx:
            return Found(onnx=onnx)
        raise
    return (yield from _with_headers(files, definition, name))


def _with_headers(
    files: dict[str, Mapping[str, Any]], definition: Definition, name: str
) -> Reading:
    """The configurations, with what the headers of the main part's weights say."""
    folder, base = "", "model"
    if INDEX in files:
        folder, base = f"{definition.main.name}/", "diffusion_pytorch_model"
    stored = yield from _stored(folder, f"{folder}{base}.safetensors", name)
    return Found({**files, STORED: stored.as_json()} if stored is not None else files)


def _stored(folder: str, path: str, name: str) -> Generator[Ask, bytes | None, Stored | None]:
    """What the weights' files hold; None where there are none of that kind."""
    single = yield from _header(path, name)
    if single is not None:
        return single
    index = yield from _json(f"{path}.index.json", name, most=MAX_INDEX_BYTES)
    places = (index or {}).get("weight_map")
    if index is None or not isinstance(places, Mapping):
        return None
    shards = sorted({str(file) for file in places.values()})
    if len(shards) > MOST_SHARDS:
        about = index.get("metadata")
        total = about.get("total_size") if isinstance(about, Mapping) else None
        return Stored(0, int(total), {}) if isinstance(total, int | float) else None
    held: list[Stored] = []
    for shard in shards:
        one = yield from _header(folder + shard, name)
        if one is None:
            return None
        held.append(one)
    return together(held)


def _header(path: str, name: str) -> Generator[Ask, bytes | None, Stored | None]:
    where = f"{name}, {path}"
    first = yield Ask(path, 0, FIRST_BYTES, whole=False)
    if first is None:
        return None
    end = header_end(first, where=where)
    while len(first) < min(end, MAX_HEADER_BYTES):
        more = yield Ask(path, len(first), end - len(first), whole=False)
        if not more:
            break
        first += more
    return read_header(first, where=where)


def _json(
    path: str, name: str, *, most: int = MAX_JSON_BYTES
) -> Generator[Ask, bytes | None, Mapping[str, Any] | None]:
    """A JSON object of the repository; None where there is no such file."""
    data = yield Ask(path, 0, most)
    if data is None:
        return None
    try:
        values = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, Mapping):
        raise FormatError(
            f"{path} of {name} is no JSON object",
            where=f"{name}, {path}",
            fix="check the file there; HTML in its place means a login or a wrong address",
        )
    return values


def _onnx() -> Generator[Ask, bytes | None, str]:
    """The path of the repository's ONNX file, or nothing."""
    for path in _ONNX:
        first = yield Ask(path, 0, 16, whole=False)
        if first is not None:
            return path
    return ""


def _no_config(name: str, path: str) -> ModelError:
    wanted = path or f"config.json, no {INDEX}"
    return ModelError(
        f"{name} has no {wanted} and no ONNX file, or there is no such repository",
        where=name,
        fix="check the name; of a model that is there only as weights, "
        "`phantomgpu convert` makes an ONNX file",
    )
