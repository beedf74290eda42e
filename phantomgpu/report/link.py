"""Request to share link and back: ``#p1.<base64url(deflate-raw(TOML))>.<crc32>``.

The checksum is over the middle part as it stands in the link, so that every
changed character is found, those included that base64 would forgive. A link
never carries a model, only its name.
"""

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import tomli

from phantomgpu.comparison import Request, request_as_dict, request_from
from phantomgpu.errors import LinkError, RequestError
from phantomgpu.report.canonical import canonical_toml
from phantomgpu.report.delta import REMOVED, delta
from phantomgpu.report.edited import edited

PREFIX: Final = "#p1."
MOST_BYTES: Final = 256 * 1024
"""A link that inflates to more is refused."""

_BASE64URL: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_RAW_DEFLATE: Final = -15
_MOST_SEEN: Final = 20


@dataclass(frozen=True, slots=True)
class SharedLink:
    """What a link holds.

    Attributes:
        request: The comparison to make.
        saw: What its sender saw, to be held against what this engine says: ``engine`` and
            ``latency_ms``, for instance. Figures and texts by name.
    """

    request: Request
    saw: Mapping[str, str | int | float] = field(default_factory=dict)


def encode_link(
    request: Request,
    profile_texts: Mapping[str, str],
    *,
    saw: Mapping[str, str | int | float] | None = None,
) -> str:
    """The link that holds a request.

    Args:
        request: What to share. Its own profiles travel as what differs from the catalogue.
        profile_texts: TOML text of the catalogue's GPU profiles by id.
        saw: What the sender sees, see ``SharedLink``.

    Raises:
        LinkError: The request is too large for a link.

    >>> encode_link(Request(models=("resnet50",), gpus=("t4",)), {})[:4]
    '#p1.'
    """
    document = request_as_dict(request)
    if request.profiles:
        document["profiles"] = {
            name: _profile_change(text, profile_texts.get(name))
            for name, text in request.profiles.items()
        }
    if saw:
        document["saw"] = dict(saw)
    packed = canonical_toml(document).encode("utf-8", "surrogatepass")
    if len(packed) > MOST_BYTES:
        raise LinkError(
            f"the request has {len(packed):,} bytes, more than a link may hold ({MOST_BYTES:,})",
            where="profiles",
            fix="save it as a file instead",
        )
    deflate = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE)
    body = urlsafe_b64encode(deflate.compress(packed) + deflate.flush()).decode().rstrip("=")
    return f"{PREFIX}{body}.{_checksum(body)}"


def decode_link(link: str, profile_texts: Mapping[str, str]) -> SharedLink:
    """What a link holds; the inverse of ``encode_link``.

    Args:
        link: The link, or a whole address that ends in one.
        profile_texts: As for ``encode_link``.

    Raises:
        LinkError: The link is damaged, is none of ours, or comes from a newer version.
        RequestError: It is whole, but asks for something that cannot be.
    """
    document = _document(_inflated(_body(link.strip())))
    saw = document.pop("saw", {})
    profiles = document.get("profiles", {})
    if isinstance(profiles, dict):
        document["profiles"] = {
            name: _profile_text(name, change, profile_texts.get(name))
            for name, change in profiles.items()
        }
    try:
        return SharedLink(request=request_from(document), saw=_checked_saw(saw))
    except RequestError as error:
        raise LinkError(
            f"the link is whole, but this version cannot use it: {error.what}",
            where=f"share link, {error.where}",
            fix=error.fix,
        ) from error


def _body(link: str) -> str:
    start = link.find("#")
    fragment = link[start:] if start >= 0 else link
    if not fragment.startswith(PREFIX):
        raise _damaged(f"it does not begin with {PREFIX}")
    body, dot, checksum = fragment[len(PREFIX) :].partition(".")
    if not dot or len(checksum) != 8:
        raise _damaged("its end is missing")
    if not body or not set(body) <= _BASE64URL:
        raise _damaged("it holds characters that no link has")
    if checksum != _checksum(body):
        raise _damaged("its checksum does not match")
    return body


def _inflated(body: str) -> bytes:
    try:
        packed = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        inflate = zlib.decompressobj(_RAW_DEFLATE)
        content = inflate.decompress(packed, MOST_BYTES + 1)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _damaged("its content cannot be unpacked") from error
    if len(content) > MOST_BYTES:
        raise LinkError(
            f"the link unpacks to more than {MOST_BYTES:,} bytes",
            where="share link",
            fix="do not use it; ask its sender for a file",
        )
    if not inflate.eof or inflate.unused_data:
        raise _damaged("its content ends too early")
    return content


def _document(content: bytes) -> dict[str, Any]:
    try:
        return tomli.loads(content.decode("utf-8", "surrogatepass"))
    except (UnicodeDecodeError, tomli.TOMLDecodeError, RecursionError) as error:
        raise _damaged("its content is not TOML") from error


def _checked_saw(saw: object) -> dict[str, str | int | float]:
    if (
        not isinstance(saw, dict)
        or len(saw) > _MOST_SEEN
        or not all(isinstance(value, str | int | float) for value in saw.values())
    ):
        raise _damaged("what its sender saw is not a table of figures")
    return saw


def _profile_change(text: str, original: str | None) -> str | dict[str, Any]:
    """A delta against the catalogue where that is shorter and loses nothing, else the text."""
    before, after = _toml(original), _toml(text)
    if before is None or after is None or _has_key(before, REMOVED) or _has_key(after, REMOVED):
        return text
    difference = delta(before, after)
    return difference if len(canonical_toml(difference)) < len(text) else text


def _profile_text(name: str, change: object, original: str | None) -> object:
    if not isinstance(change, dict):
        return change
    if original is None or _toml(original) is None:
        raise LinkError(
            f"the link changes the profile {name!r}, which this catalogue does not have",
            where=f"share link, profiles.{name}",
            fix="ask its sender for the profile as a file, and open that",
        )
    return edited(original, change)


def _toml(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        return None


def _has_key(table: object, wanted: str) -> bool:
    if isinstance(table, Mapping):
        return any(key == wanted or _has_key(value, wanted) for key, value in table.items())
    return isinstance(table, list) and any(_has_key(item, wanted) for item in table)


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode('ascii')):08x}"


def _damaged(reason: str) -> LinkError:
    return LinkError(
        f"the link is damaged: {reason}",
        where="share link",
        fix="copy the whole link again, up to its last character, or ask its sender for it",
    )
