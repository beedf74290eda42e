"""The reference points that come along, chosen evenly from the full files of measurements.

Run as ``python profiles/reference/make.py FOLDER``, FOLDER holding ``ops.csv`` and ``models.csv``.
Of each source, GPU, operator and dtype, rows are taken at even steps of measured time; of models,
those whose graph is built in. The same files give the same points.
"""

import csv
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

HERE = Path(__file__).parent
OPERATORS_EACH = 2
"""Rows of a source, GPU, operator and dtype."""
MODELS_EACH = 3
"""Rows of a source, GPU, runtime, precision and layout."""

NO_RULE = ("sglang", "nvfp4")
"""What begins a runtime or dtype that no prediction is made for."""

Cells = dict[str, str]


def main(folder: Path) -> None:
    """Write ``ops.csv`` and ``models.csv`` beside this file."""
    operators, columns = read(folder / "ops.csv")
    operators = [
        row
        for row in operators
        if not row["runtime"].startswith(NO_RULE) and not row["dtype"].startswith(NO_RULE)
    ]
    chosen = evenly(
        operators,
        lambda row: (row["source"], row["gpu"], row["op"], row["dtype"].partition("/")[0]),
        lambda row: float(row["latency_ms"]),
        OPERATORS_EACH,
    )
    write(HERE / "ops.csv", chosen, columns)
    known = {(row["source"], row["model"]): row["input"] for row in read(HERE / "index.csv")[0]}
    models, columns = read(folder / "models.csv")
    fitting = [
        row
        for row in models
        if (inputs := known.get((row["source"], row["model"]))) is not None
        and inputs in ("", row["input"])
    ]
    chosen = evenly(
        fitting,
        lambda row: (row["source"], row["gpu"], row["runtime"], row["precision"], row["layout"]),
        lambda row: (row["model"], float(row["batch"])),
        MODELS_EACH,
    )
    write(HERE / "models.csv", chosen, columns)


def evenly(
    rows: Iterable[Cells],
    group: Callable[[Cells], tuple[str, ...]],
    order: Callable[[Cells], object],
    each: int,
) -> list[Cells]:
    """Rows at even steps of each group's order, the groups in theirs."""
    groups: dict[tuple[str, ...], list[Cells]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    chosen = []
    for key in sorted(groups):
        members = sorted(groups[key], key=order)  # type: ignore[arg-type]
        steps = [round((at + 0.5) / each * len(members) - 0.5) for at in range(each)]
        chosen += [members[at] for at in sorted(set(steps))]
    return chosen


def read(path: Path) -> tuple[list[Cells], list[str]]:
    """Rows of a CSV and its columns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader), list(reader.fieldnames or ())


def write(path: Path, rows: list[Cells], columns: list[str]) -> None:
    """Rows as a CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
