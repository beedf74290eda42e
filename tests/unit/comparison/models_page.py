"""The table of docs/models.md, made from the index and the truth beside it; run it to renew."""

import csv
from pathlib import Path
from typing import Any

import tomli

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "models.md"
MODELS = REPOSITORY / "profiles" / "models"
BEGIN, END = "<!-- models: begin -->\n", "<!-- models: end -->\n"
HEAD = "| id | model | parameters | off | GMACs | off | counted at | truth |\n|" + "---|" * 8


def table() -> str:
    """A line for each model: its own figures, and how far they are from the truth."""
    index = tomli.loads((MODELS / "index.toml").read_text(encoding="utf-8"))
    with (MODELS / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["model"]: row for row in csv.DictReader(file) if not row["part"]}
    lines = [_line(name, entry, truth[name]) for name, entry in index.items()]
    return "\n".join([HEAD, *lines]) + "\n"


def _line(name: str, entry: dict[str, Any], row: dict[str, str]) -> str:
    dims = ", ".join(f"{dim} {size}" for dim, size in entry["dims"].items() if dim != "batch")
    return (
        f"| `{name}` | {entry['title']} "
        f"| {entry['parameters'] / 1e6:,.2f} M | {_off(entry['parameters'], row['parameters'])} "
        f"| {entry['macs'] / 1e9:,.2f} | {_off(entry['macs'], row['macs'])} "
        f"| {dims or 'its image'} | {row['how']} |"
    )


def _off(ours: int, theirs: str) -> str:
    percent = 100 * (ours / int(theirs) - 1)
    return f"{percent:+.2f} %" if abs(percent) >= 0.005 else "0"


def page(text: str) -> str:
    """The page with its table renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
