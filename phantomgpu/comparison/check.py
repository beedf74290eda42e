"""Document to Request: every field checked once, mistakes named in the caller's words."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from phantomgpu.comparison.request import DEFAULTS, FIELDS, Request
from phantomgpu.comparison.tables import checked_table
from phantomgpu.dtype import PRECISIONS
from phantomgpu.errors import RequestError, UnknownNameError, nearest
from phantomgpu.serving import KV_PRECISIONS

MOST: Final[Mapping[str, int]] = {
    "models": 32,
    "gpus": 200,
    "runtimes": 32,
    "precisions": len(PRECISIONS),
    "batches": 100,
    "dims": 100,
    "profiles": 50,
    "tables": 8,
}
"""Most values each field takes."""

LARGEST_BATCH: Final = 1_000_000
LARGEST_DIM: Final = 2**31 - 1
LARGEST_COUNT: Final[Mapping[str, int]] = {
    "prompt_tokens": 10_000_000,
    "output_tokens": 1_000_000,
    "steps": 10_000,
}
"""Most that the fields with one number take."""

LONGEST_NAME: Final = 300
LONGEST_PROFILE: Final = 100_000
MOST_CELLS: Final = 100_000


def request_from(
    document: Mapping[str, Any],
    *,
    called: Mapping[str, str] | None = None,
    needed: Collection[str] = ("models", "gpus"),
) -> Request:
    """The request that a document asks for, checked.

    Whether its models, GPUs and runtimes exist is for ``compare`` to say, which
    has the catalogue.

    Args:
        document: Fields of ``Request`` by name, lists as lists, as JSON and TOML give them.
        called: What the user knows a field as, for messages: ``{"batches": "--batch"}``.
        needed: The fields that must be there; looking into a model needs no GPU.

    Raises:
        RequestError: An unknown field, a wrong type, a value out of range, a duplicate, or
            more than the documented limits.
        UnknownNameError: No such precision.

    >>> request_from({"models": ["resnet50"], "gpus": ["t4"], "batches": [1, 8]}).batches
    (1, 8)
    """
    labels = dict(called or {})
    if not isinstance(document, Mapping):
        raise RequestError(
            f"the request is {_kind(document)}, not a table of fields",
            where="request",
            fix=f"give an object with the fields {', '.join(FIELDS)}",
        )
    for key in document:
        if key not in FIELDS:
            raise RequestError(
                f"the request has a field {key!r} that does not exist",
                where=f"request, {key}",
                fix=f"did you mean {nearest(str(key), FIELDS, count=1)[0]}? "
                f"Fields are {', '.join(FIELDS)}",
            )

    def label(name: str) -> str:
        return labels.get(name, name)

    has_gpus = "gpus" in needed or "gpus" in document
    request = Request(
        models=_names(document, "models", label("models")),
        gpus=_names(document, "gpus", label("gpus")) if has_gpus else (),
        runtimes=_names(document, "runtimes", label("runtimes")),
        precisions=_precisions(document, label("precisions")),
        batches=_batches(document, label("batches")),
        dims=_dims(document, label("dims")),
        profiles=_profiles(document, label("profiles")),
        tables=_tables(document, label("tables")),
        prompt_tokens=_number(document, "prompt_tokens", label("prompt_tokens")),
        output_tokens=_number(document, "output_tokens", label("output_tokens")),
        kv_precision=_kv_precision(document, label("kv_precision")),
        steps=_number(document, "steps", label("steps"), least=0),
    )
    _check_size(request)
    return request


def _names(document: Mapping[str, Any], field_name: str, label: str) -> tuple[str, ...]:
    values = _list(document, field_name, label)
    for at, value in enumerate(values, start=1):
        if not isinstance(value, str):
            raise _wrong_type(label, at, value, "a name, as text")
        if not value or len(value) > LONGEST_NAME or not value.isprintable():
            raise RequestError(
                f"{value[:40]!r} is no name: it must have 1 to {LONGEST_NAME} visible characters",
                where=f"{label}, value {at}",
                fix="give the id or file name as it is listed",
            )
    _check_unique(values, label)
    return tuple(values)


def _precisions(document: Mapping[str, Any], label: str) -> tuple[str, ...]:
    names = _names(document, "precisions", label)
    for at, name in enumerate(names, start=1):
        if name not in PRECISIONS:
            raise UnknownNameError(
                f"there is no precision {name!r}",
                where=f"{label}, value {at}",
                fix=f"choose from {', '.join(PRECISIONS)}",
            )
    return names


def _batches(document: Mapping[str, Any], label: str) -> tuple[int, ...]:
    values = _list(document, "batches", label)
    for at, value in enumerate(values, start=1):
        _check_integer(value, f"{label}, value {at}", "batch", most=LARGEST_BATCH)
    _check_unique(values, label)
    return tuple(values)


def _dims(document: Mapping[str, Any], label: str) -> dict[str, int]:
    dims = _table(document, "dims", label)
    for name, value in dims.items():
        _check_integer(value, f"{label}, {name}", f"dimension {name}", most=LARGEST_DIM)
    return dims


def _profiles(document: Mapping[str, Any], label: str) -> dict[str, str]:
    profiles = _table(document, "profiles", label)
    for name, text in profiles.items():
        if not isinstance(text, str):
            raise RequestError(
                f"the profile {name} is {_kind(text)}, not TOML text",
                where=f"{label}, {name}",
                fix="give the text of a GPU profile",
            )
        if len(text) > LONGEST_PROFILE:
            raise RequestError(
                f"the profile {name} has {len(text):,} characters, more than {LONGEST_PROFILE:,}",
                where=f"{label}, {name}",
                fix="shorten it; a catalogue profile has about 3,000 characters",
            )
    return profiles


def _tables(document: Mapping[str, Any], label: str) -> dict[str, Mapping[str, Any]]:
    tables = _table(document, "tables", label)
    return {name: checked_table(name, table, label=label) for name, table in tables.items()}


def _number(document: Mapping[str, Any], field_name: str, label: str, *, least: int = 1) -> int:
    value: int = document.get(field_name, getattr(DEFAULTS, field_name))
    if isinstance(value, bool) or value != least:
        _check_integer(value, label, field_name.replace("_", " "), most=LARGEST_COUNT[field_name])
    return value


def _kv_precision(document: Mapping[str, Any], label: str) -> str:
    name = document.get("kv_precision", DEFAULTS.kv_precision)
    if not isinstance(name, str) or name not in KV_PRECISIONS:
        raise UnknownNameError(
            f"a cache cannot be kept in {_kind(name) if not isinstance(name, str) else repr(name)}",
            where=label,
            fix=f"choose from {', '.join(KV_PRECISIONS)}",
        )
    return name


def _list(document: Mapping[str, Any], field_name: str, label: str) -> Sequence[Any]:
    if field_name not in document:
        default: Sequence[Any] = getattr(DEFAULTS, field_name)
        if default:
            return default
    values = document.get(field_name, ())
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise RequestError(
            f"{label} is {_kind(values)}, not a list",
            where=label,
            fix=f"give a list, also for a single value: [{values!r}]",
        )
    if not values:
        raise RequestError(f"{label} is empty", where=label, fix=f"give at least one of {label}")
    if len(values) > MOST[field_name]:
        raise RequestError(
            f"{label} has {len(values)} values, more than {MOST[field_name]}",
            where=label,
            fix="ask for fewer, or in several requests",
        )
    return values


def _table(document: Mapping[str, Any], field_name: str, label: str) -> dict[str, Any]:
    table = document.get(field_name, {})
    if not isinstance(table, Mapping) or not all(
        isinstance(key, str) and 0 < len(key) <= LONGEST_NAME for key in table
    ):
        raise RequestError(
            f"{label} is {_kind(table)}, not a table of values by name",
            where=label,
            fix="give an object whose keys are names",
        )
    if len(table) > MOST[field_name]:
        raise RequestError(
            f"{label} has {len(table)} entries, more than {MOST[field_name]}",
            where=label,
            fix="give fewer",
        )
    return dict(table)


def _check_integer(value: object, where: str, noun: str, *, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(
            f"{noun} is {_kind(value)}, not a whole number",
            where=where,
            fix=f"give a whole number from 1 to {most:,}",
        )
    if not 1 <= value <= most:
        raise RequestError(
            f"{noun} is {value if abs(value) < 10**15 else 'a number of over 15 digits'}",
            where=where,
            fix=f"give a whole number from 1 to {most:,}",
        )


def _check_unique(values: Sequence[Any], label: str) -> None:
    seen: set[Any] = set()
    for at, value in enumerate(values, start=1):
        if value in seen:
            raise RequestError(
                f"{value!r} is given twice", where=f"{label}, value {at}", fix="give it once"
            )
        seen.add(value)


def _check_size(request: Request) -> None:
    cells = 1
    for values in (
        request.models,
        request.gpus,
        request.runtimes,
        request.precisions,
        request.batches,
    ):
        cells *= len(values)
    if cells > MOST_CELLS:
        raise RequestError(
            f"the request asks for {cells:,} points, more than {MOST_CELLS:,}",
            where="request",
            fix="ask for fewer batches, precisions or GPUs at once",
        )


def _wrong_type(label: str, at: int, value: object, expected: str) -> RequestError:
    return RequestError(
        f"{label} holds {_kind(value)}, not {expected}",
        where=f"{label}, value {at}",
        fix=f"give {expected}",
    )


def _kind(value: object) -> str:
    """What a value is, in words: ``"the number 3.5"``."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value:.15g}" if abs(value) < 1e300 else "a huge number"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence):
        return "a list"
    return f"a {type(value).__name__}"
