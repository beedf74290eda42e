"""TOML text to a document whose every key is known and in range, or an error with its place."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import tomli

from phantomgpu.errors import ProfileError, TomlError, nearest
from phantomgpu.hardware.locate import Path, positions
from phantomgpu.hardware.schema import SCHEMAS, Key

Document = Mapping[str, Any]

_WORDS: Final = {
    "text": "a text in quotes",
    "integer": "a whole number",
    "number": "a number",
    "texts": "a list of texts",
}


def read_document(text: str, *, kind: str, origin: str) -> Document:
    """Parse a profile and check every key that is there.

    Args:
        text: TOML.
        kind: ``"gpus"``, ``"architectures"`` or ``"runtimes"``.
        origin: The path people know the text by.

    Raises:
        TomlError: Bad syntax, an unknown key, a wrong type, a value out of
            range; ``where`` has file, line, column and key.
    """
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise TomlError(
            f"this is not valid TOML: {error.msg[0].lower()}{error.msg[1:]}",
            where=f"{origin}, line {error.lineno}, column {error.colno}",
            fix="correct the text there; texts need quotes, numbers must not have units",
        ) from None
    _Check(INDEXES[kind], text, origin).table(document, ())
    return document


def require(document: Document, *, kind: str, origin: str, text: str = "") -> None:
    """Raise unless every required key is there.

    Args:
        document: All keys, with what it stands on.
        kind: ``"gpus"``, ``"architectures"`` or ``"runtimes"``.
        origin: The path people know its text by.
        text: That text, for the line of the table in which a key is missing.

    Raises:
        ProfileError: One is missing.
    """
    there = {".".join(path) for path, _ in leaves(document)}
    for key in SCHEMAS[kind]:
        if key.required and key.path not in there:
            table, _, name = key.path.rpartition(".")
            unit = f", in {key.unit}" if key.unit else ""
            raise ProfileError(
                f"{key.path} is missing",
                where=_table_place(text, origin, table) if table else origin,
                fix=f"add {name} = … to {f'[{table}]' if table else 'the top'}{unit}: "
                f"{key.meaning[0].lower()}{key.meaning[1:]}",
            )


def place(text: str, origin: str, path: Path) -> str:
    """``where`` of a key: file, line, column, dotted key."""
    name = ".".join(path)
    found = positions(text).get(path)
    return f"{origin}, line {found.line}, column {found.column}, {name}" if found else origin


def _table_place(text: str, origin: str, table: str) -> str:
    """``where`` of a table: file and header, with its line and column where it has one."""
    found = positions(text).get(tuple(table.split(".")))
    line = f", line {found.line}, column {found.column}" if found else ""
    return f"{origin}{line}, [{table}]"


def leaves(table: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is no table, with its path."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


class _Check:
    """One document held against the keys of its kind."""

    def __init__(self, index: "Index", text: str, origin: str) -> None:
        self.index = index
        self.text = text
        self.origin = origin

    def table(self, table: Mapping[str, Any], above: Path) -> None:
        for name, value in table.items():
            path = (*above, name)
            is_table = self.index.is_table(path)
            if is_table and isinstance(value, dict):
                self.table(value, path)
            elif key := self.index.key(path):
                self._value(path, key, value)
            elif is_table:
                self._wrong(path, f"is {_shown(value)}", f"make it a table: [{'.'.join(path)}]")
            else:
                self._unknown(path)

    def _value(self, path: Path, key: Key, value: object) -> None:
        if not _has_kind(value, key.kind):
            self._wrong(path, f"is {_shown(value)}", f"write {_WORDS[key.kind]}{_unit(key)}")
        if isinstance(value, (int, float)) and not key.low <= value <= key.high:
            span = f"{key.low:,.12g} to {key.high:,.12g}{_unit(key)}"
            self._wrong(path, f"is {value}, outside {span}", _slip(key, value))
        for text in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
            if key.one_of and text not in key.one_of:
                close = nearest(text, key.one_of, count=1)[0]
                known = ", ".join(key.one_of)
                self._wrong(
                    path, f'has "{text}"', f'write one of {known}; the nearest is "{close}"'
                )

    def _wrong(self, path: Path, what: str, fix: str) -> None:
        raise TomlError(
            f"{'.'.join(path)} {what}", where=place(self.text, self.origin, path), fix=fix
        )

    def _unknown(self, path: Path) -> None:
        elsewhere = self.index.elsewhere(path[-1])
        close = ", ".join(nearest(path[-1], self.index.beside(path)))
        self._wrong(
            path,
            "is no key of a profile",
            f"move it to where it belongs: {elsewhere}"
            if elsewhere
            else f"remove it, or correct it: the nearest here are {close}",
        )


class Index:
    """The keys of one kind of profile by path; ``*`` stands for any name, ``**`` for several."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self.keys = {tuple(key.path.split(".")): key for key in keys}
        self.tables = {path[:length] for path in self.keys for length in range(1, len(path))}

    def key(self, path: Path) -> Key | None:
        """The key that stands at a path, if any."""
        return next((self.keys[p] for p in _patterns(path) if p in self.keys), None)

    def is_table(self, path: Path) -> bool:
        """Whether keys lie below a path."""
        return any(p in self.tables or (p[-1] == "**" and p in self.keys) for p in _patterns(path))

    def beside(self, path: Path) -> list[str]:
        """Names that may stand where the last part of a path stands."""
        above = [p for p in _patterns(path[:-1]) if p in self.tables] or [()]
        at = len(path) - 1
        found = [p[at] for p in self.keys if len(p) > at and p[:at] in above]
        return list(dict.fromkeys(found))

    def elsewhere(self, name: str) -> str | None:
        """The path of a key of that name, wherever it stands."""
        return next((key.path for path, key in self.keys.items() if path[-1] == name), None)


def _patterns(path: Path) -> Iterator[Path]:
    """What a path may be called in the schema, the most exact first."""
    yield path
    if len(path) > 1:
        yield (path[0], "*", *path[2:])
        yield (path[0], "**")


INDEXES: Final = {kind: Index(keys) for kind, keys in SCHEMAS.items()}
"""The keys of each kind of profile."""


def _has_kind(value: object, kind: str) -> bool:
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "text":
        return isinstance(value, str)
    kinds = int if kind == "integer" else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool)


def _slip(key: Key, value: float) -> str:
    for slip in key.slips:
        if key.low <= value * slip.factor <= key.high:
            return f"write it{_unit(key)}: {value} {slip.unit} is {value * slip.factor:.12g}"
    return f"check the data sheet: {key.meaning[0].lower()}{key.meaning[1:]}"


def _unit(key: Key) -> str:
    return f" in {key.unit}" if key.unit not in ("", "1") else ""


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value}"
