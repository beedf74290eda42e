"""TOML text to the line and column at which each key stands.

``tomli`` gives values without places; an error message needs the place. The
scanner here assumes that ``tomli`` has accepted the text, so it has only to
find keys and to step over values: strings of all four kinds, arrays, inline
tables, comments.
"""

from typing import Final, NamedTuple

Path = tuple[str, ...]

_SPACE: Final = " \t\r\n"
_BARE_ENDS: Final = " \t\r\n=.]}#,"
_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class Position(NamedTuple):
    """A place in a text, both counted from 1."""

    line: int
    column: int


def positions(text: str) -> dict[Path, Position]:
    r"""Where each key stands, by its path; a table's place is its header.

    Elements of an array of tables have their index as a part: ``("gpu", "0", "name")``.

    Args:
        text: Valid TOML.

    >>> positions('[spec]\n  memory_gb = 80')["spec", "memory_gb"]
    Position(line=2, column=3)
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, Position] = {}
        self.table: Path = ()
        self.elements: dict[Path, int] = {}

    def document(self) -> None:
        while self._to_token():
            if self.text[self.at] == "[":
                self._header()
            else:
                self._pair(self.table)

    def _header(self) -> None:
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        self._to_token()
        start = self.at
        path: Path = ()
        for part in self._key():
            path = self._inside_last_element((*path, part))
        if is_array:
            path = self._without_index(path)
            self.elements[path] = self.elements.get(path, -1) + 1
            self.found.setdefault(path, self._position(start))
            path = (*path, str(self.elements[path]))
        self._note(path, start)
        self.table = path
        self.at = self.text.index("]", self.at) + (2 if is_array else 1)

    def _inside_last_element(self, path: Path) -> Path:
        return (*path, str(self.elements[path])) if path in self.elements else path

    def _without_index(self, path: Path) -> Path:
        return path[:-1] if path[:-1] in self.elements else path

    def _pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self._key())
        self._note(path, start, above=len(table))
        self.at = self.text.index("=", self.at) + 1
        self._to_token()
        self._value(path)

    def _note(self, path: Path, start: int, *, above: int = 0) -> None:
        place = self._position(start)
        for length in range(above + 1, len(path)):
            self.found.setdefault(path[:length], place)
        self.found[path] = place

    def _key(self) -> Path:
        parts = [self._part()]
        while True:
            self._over(" \t")
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1
            self._over(" \t")
            parts.append(self._part())

    def _part(self) -> str:
        if self.text[self.at] in "\"'":
            return self._string()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _BARE_ENDS:
            self.at += 1
        return self.text[start : self.at]

    def _value(self, path: Path) -> None:
        mark = self.text[self.at]
        if mark in "\"'":
            self._string()
        elif mark == "[":
            self._sequence("]", path)
        elif mark == "{":
            self._sequence("}", path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def _sequence(self, end: str, path: Path) -> None:
        self.at += 1
        index = 0
        while self._to_token(also=",") and self.text[self.at] != end:
            if end == "}":
                self._pair(path)
            else:
                self._value((*path, str(index)))
                index += 1
        self.at += 1

    def _string(self) -> str:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            return self._long_string(quote * 3)
        self.at += 1
        out = []
        while self.text[self.at] != quote:
            out.append(self._character(escapes=quote == '"'))
        self.at += 1
        return "".join(out)

    def _long_string(self, quotes: str) -> str:
        start = self.at + 3
        self.at = start
        while not self.text.startswith(quotes, self.at):
            self._character(escapes=quotes == '"""')
        self.at += 3
        while self.text.startswith(quotes[0], self.at):  # up to two quotes may end the content
            self.at += 1
        return self.text[start : self.at - 3]

    def _character(self, *, escapes: bool) -> str:
        mark = self.text[self.at]
        self.at += 1
        if not (escapes and mark == "\\"):
            return mark
        code = self.text[self.at]
        self.at += 1
        digits = {"x": 2, "u": 4, "U": 8}.get(code, 0)
        if not digits:
            return _ESCAPES.get(code, code)
        self.at += digits
        return chr(int(self.text[self.at - digits : self.at], 16))

    def _to_token(self, also: str = "") -> bool:
        """Step over space and comments; whether anything is left."""
        self._over(_SPACE + also)
        while self.text.startswith("#", self.at):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
            self._over(_SPACE + also)
        return self.at < len(self.text)

    def _over(self, marks: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in marks:
            self.at += 1

    def _position(self, at: int) -> Position:
        before = self.text[:at]
        return Position(before.count("\n") + 1, at - before.rfind("\n"))
