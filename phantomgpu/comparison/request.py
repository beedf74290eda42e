"""What was asked: one document for the command line, page, link, service and CI."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Request:
    """A comparison to make; checked when made from a mapping (``request_from``).

    Attributes:
        models: Built-in ids, or names of files that the caller hands over.
        gpus: Profile ids.
        runtimes: Profile ids.
        precisions: Keys of ``dtype.PRECISIONS``.
        batches: Each at least 1.
        dims: Free dimensions set by the user, by symbol or ``"input:axis"``.
        profiles: TOML text of custom GPU profiles, by id; they win over the catalogue.
        tables: Kernel tables of models that came without their files, by name: see
            ``comparison.tables``; they win over models of that name.
    """

    models: tuple[str, ...]
    gpus: tuple[str, ...]
    runtimes: tuple[str, ...] = ("tensorrt",)
    precisions: tuple[str, ...] = ("fp16",)
    batches: tuple[int, ...] = (1,)
    dims: Mapping[str, int] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


FIELDS: Final = tuple(f.name for f in fields(Request))
"""Names of its fields, in their order."""

DEFAULTS: Final = Request(models=(), gpus=())
"""What a request is where nothing is said."""


def request_as_dict(request: Request) -> dict[str, Any]:
    """The document that ``request_from`` turns back into this request, defaults left out.

    >>> request_as_dict(Request(models=("resnet50",), gpus=("t4",)))
    {'models': ['resnet50'], 'gpus': ['t4']}
    """
    document: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(request, name)
        if name not in ("models", "gpus") and value == getattr(DEFAULTS, name):
            continue
        document[name] = dict(value) if isinstance(value, Mapping) else list(value)
    return document
