"""The table of docs/operators.md, made from the tables in the code; run it to renew the page."""

import importlib
from collections import defaultdict
from pathlib import Path

from phantomgpu.ops.lookup import RULES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operators.md"
BEGIN, END = "<!-- operators: begin -->\n", "<!-- operators: end -->\n"
DOMAINS = {"": "ONNX", "ai.onnx.preview": "ONNX preview"}


def covered() -> str:
    """A table for each domain: the file of a rule, what the file counts, its operators."""
    parts = []
    for domain, rules in RULES.items():
        if domain == "ai.onnx.preview":  # the standard table again
            continue
        by_file: dict[str, list[str]] = defaultdict(list)
        for name, rule in rules.items():
            by_file[rule.__module__].append(name)
        rows = [
            "| `{}` | {} | {} |".format(
                module.rpartition(".")[2], _first_line(module), ", ".join(sorted(names))
            )
            for module, names in sorted(by_file.items())
        ]
        head = f"### {DOMAINS.get(domain, domain)}: {len(rules)} operators\n"
        parts.append(
            "\n".join([head, "| file | what it counts | operators |", "|---|---|---|", *rows])
        )
    return "\n\n".join(parts) + "\n"


def page(text: str) -> str:
    """The page with its table renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{covered()}{END}{after}"


def _first_line(module: str) -> str:
    return (importlib.import_module(module).__doc__ or "").strip().splitlines()[0].rstrip(".")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
