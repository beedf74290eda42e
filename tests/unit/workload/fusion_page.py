"""The table of docs/fusion.md that says which runtime applies which rule; run it to renew it."""

from pathlib import Path

from tests.unit.workload.runtimes import FUSION

PAGE = Path(__file__).resolve().parents[3] / "docs" / "fusion.md"
BEGIN, END = "<!-- runtimes: begin -->\n", "<!-- runtimes: end -->"


def runtime_table() -> str:
    """One line a runtime, its rules in the order of application."""
    lines = ["| runtime | rules, in order |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(rules)} |" for name, rules in FUSION.items()]
    return "\n".join(lines) + "\n"


def renewed(text: str) -> str:
    """The page with the table as it is now."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + runtime_table() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
