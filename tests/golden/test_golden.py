"""Whole reports in text files, read as a diff when they change.

``PHANTOMGPU_GOLDEN=write pytest tests/golden`` writes them anew.
"""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
import tomli
from rich.console import Console

from phantomgpu.cli.compare import print_comparison
from phantomgpu.comparison import request_as_dict
from phantomgpu.report.charts import against_batch
from phantomgpu.report.json import comparison_json
from phantomgpu.report.link import decode_link
from phantomgpu.report.table import csv_text, markdown_text
from tests.unit.report.builders import a_full_comparison

HERE = Path(__file__).parent


def terminal(width):
    """What the command line prints at a width, without colour."""
    out = StringIO()
    console = Console(file=out, width=width, no_color=True, highlight=False)
    print_comparison(a_full_comparison(), {"chain": "Chain"}, console)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


REPORTS = {
    "compare-80.txt": lambda: terminal(80),
    "compare-120.txt": lambda: terminal(120),
    "compare.md": lambda: markdown_text(a_full_comparison()),
    "compare.csv": lambda: csv_text(a_full_comparison()).replace("\r\n", "\n"),
    "compare.json": lambda: json.dumps(comparison_json(a_full_comparison()), indent=1) + "\n",
    "latency-by-batch.json": lambda: (
        json.dumps(against_batch(a_full_comparison(), "latency"), indent=1) + "\n"
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_report_is_the_one_that_was_reviewed(name):
    made = REPORTS[name]()
    if os.environ.get("PHANTOMGPU_GOLDEN") == "write":
        (HERE / name).write_text(made, encoding="utf-8")

    assert made == (HERE / name).read_text(encoding="utf-8")


LINKS = tomli.loads((HERE / "links.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LINKS["links"])
def test_every_link_ever_made_opens_as_what_it_was(name):
    known = LINKS["links"][name]

    found = decode_link(known["link"], LINKS["catalog"])

    assert request_as_dict(found.request) == known["request"]
    assert dict(found.saw) == known.get("saw", {})
