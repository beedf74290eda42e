"""Text of a CSV of measured rows to numbers, each row with the line it stands on."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from phantomgpu.errors import DataError


@dataclass(frozen=True, slots=True)
class Row:
    """One measured row.

    Attributes:
        line: Line of the file, the header being line 1.
        cells: Text by column.
        origin: What people call the file.
    """

    line: int
    cells: Mapping[str, str]
    origin: str

    @property
    def where(self) -> str:
        """A place one can open."""
        return f"{self.origin}, line {self.line}"

    def text(self, column: str) -> str:
        """The cell, or empty."""
        return self.cells.get(column, "")

    def number(self, column: str, default: float | None = None) -> float:
        """The cell as a number; ``default`` where it is empty.

        Raises:
            DataError: It is no number, or empty without a default.
        """
        cell = self.text(column)
        if not cell and default is not None:
            return default
        try:
            return float(cell)
        except ValueError:
            raise DataError(
                f"{column} is {cell!r}, not a number",
                where=f"{self.where}, column {column}",
                fix="write a plain number, or leave the row out",
            ) from None


def read_rows(text: str, *, origin: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a CSV.

    Args:
        text: The whole file.
        origin: What people call it.
        columns: Those that must be there.

    Raises:
        DataError: A column is missing.
    """
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise DataError(
            f"there is no column {', '.join(missing)}",
            where=f"{origin}, line 1",
            fix="see docs/accuracy.md for the columns of measured rows",
        )
    for cells in reader:
        yield Row(reader.line_num, {k: v or "" for k, v in cells.items() if k}, origin)
