"""What was asked: one document for the command line, page, link, service and CI."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from phantomgpu.serving import Load


@dataclass(frozen=True, slots=True)
class Request:
    """A comparison to make; checked when made from a mapping (``request_from``).

    Attributes:
        models: Built-in ids, or names of files that the caller hands over.
        gpus: Profile ids.
        runtimes: Profile ids.
        precisions: Keys of ``dtype.PRECISIONS``.
        batches: Each at least 1; of a model that generates tokens, requests at once.
        dims: Free dimensions set by the user, by symbol or ``"input:axis"``.
        profiles: TOML text of custom GPU profiles, by id; they win over the catalogue.
        tables: Kernel tables of models that came without their files, by name: see
            ``comparison.tables``; they win over models of that name.
        prompt_tokens: Of each request to a model that generates tokens.
        output_tokens: Generated for each of them.
        kv_precision: What their keys and values are kept in: a key of ``KV_PRECISIONS``.
        steps: Of a model that takes steps; 0 for its usual number.
    """

    models: tuple[str, ...]
    gpus: tuple[str, ...]
    runtimes: tuple[str, ...] = ("tensorrt",)
    precisions: tuple[str, ...] = ("fp16",)
    batches: tuple[int, ...] = (1,)
    dims: Mapping[str, int] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prompt_tokens: int = 1024
    output_tokens: int = 256
    kv_precision: str = "fp16"
    steps: int = 0

    @property
    def load(self) -> Load:
        """What is asked of models that generate tokens or take steps."""
        return Load(self.prompt_tokens, self.output_tokens, self.kv_precision, self.steps)


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
        if isinstance(value, Mapping):
            document[name] = dict(value)
        else:
            document[name] = list(value) if isinstance(value, tuple) else value
    return document
