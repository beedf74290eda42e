"""Tables hold every cell, say why rows cannot run, and read back as what they were."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.report.json import comparison_json
from phantomgpu.report.table import CSV_COLUMNS, csv_text, markdown_table, markdown_text, sections
from tests.unit.report.builders import a_cell, a_comparison, a_full_comparison


def test_the_csv_has_the_figures_of_the_json():
    comparison = a_full_comparison()

    rows = list(csv.DictReader(io.StringIO(csv_text(comparison))))

    for row, cell in zip(rows, comparison_json(comparison)["cells"], strict=True):
        assert list(row) == list(CSV_COLUMNS)
        for name in ("latency_ms", "throughput_per_s", "memory_bytes", "mfu"):
            assert row[name] == ("" if cell[name] is None else str(cell[name]))
        assert row["fits"] == ("true" if cell["fits"] else "false")


def test_a_name_with_commas_and_quotes_survives_the_csv():
    comparison = a_comparison(a_cell("round", 1, 1.0, model='a,"b"\nc'))

    assert next(csv.DictReader(io.StringIO(csv_text(comparison))))["model"] == 'a,"b"\nc'


def test_markdown_says_what_a_row_needs_and_what_would_fit():
    row = next(line for line in markdown_text(a_full_comparison()).splitlines() if "31.2" in line)

    assert row.endswith("needs 31.2 of 16 GB; fits at batch 5 or less, or in int8 |")


@given(st.lists(st.tuples(st.text("ab| ", max_size=9), st.text("12", max_size=9)), max_size=5))
def test_every_line_of_a_markdown_table_has_the_same_width(rows):
    lines = markdown_table(("name", "figure"), rows, numeric=["figure"]).splitlines()

    assert len({len(line) for line in lines}) == 1
    assert len(lines) == 2 + len(rows)


def test_sections_hold_every_cell_once():
    comparison = a_full_comparison()

    assert [cell for section in sections(comparison) for cell in section.cells] == list(
        comparison.cells
    )
