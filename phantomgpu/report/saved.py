"""Request to the text of a ``.phantom.toml`` and back: a comparison as a file of one's own."""

from typing import Final

import tomli

from phantomgpu.comparison import Request, request_as_dict, request_from
from phantomgpu.errors import RequestError
from phantomgpu.report.canonical import canonical_toml

ENDING: Final = ".phantom.toml"
MOST_CHARACTERS: Final = 4_000_000
"""A longer text is no saved comparison."""

_HEAD: Final = (
    "# A comparison of PhantomGPU: open it on the page, or with `phantomgpu compare FILE`.\n"
)


def request_text(request: Request) -> str:
    """The text of a saved comparison; the same for the same request.

    >>> request_text(Request(models=("resnet50",), gpus=("t4",))).splitlines()[1:]
    ['models=["resnet50"]', 'gpus=["t4"]']
    """
    return _HEAD + canonical_toml(request_as_dict(request))


def request_of_text(text: str, *, origin: str) -> Request:
    """The comparison that a text holds.

    Args:
        text: TOML, as ``request_text`` or a person wrote it.
        origin: Where people know it from, for messages.

    Raises:
        RequestError: It is no TOML, or no comparison; where has line and column.
    """
    if len(text) > MOST_CHARACTERS:
        raise RequestError(
            f"the file has {len(text):,} characters, more than {MOST_CHARACTERS:,}",
            where=origin,
            fix="open a comparison that the page or the command line saved",
        )
    try:
        return request_from(tomli.loads(text.replace("\r\n", "\n")))
    except tomli.TOMLDecodeError as error:
        raise RequestError(
            f"the file is not TOML: {error.msg}",
            where=f"{origin}, line {error.lineno}, column {error.colno}",
            fix="correct it there",
        ) from error
    except RecursionError as error:
        raise RequestError(
            "the file nests tables too deeply",
            where=origin,
            fix="open a comparison that the page or the command line saved",
        ) from error
