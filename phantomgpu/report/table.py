"""Comparison to tables: as text cells for any surface, as CSV and as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from phantomgpu.comparison import Cell, Comparison
from phantomgpu.comparison.problems import gigabytes
from phantomgpu.report.json import cell_json
from phantomgpu.report.rounding import figure
from phantomgpu.report.served import (
    MARKDOWN_HEADER,
    SERVED_COLUMNS,
    first_token_interval,
    has_served,
    milliseconds,
    per_token_interval,
)

CSV_COLUMNS: Final = (
    "model", "gpu", "runtime", "precision", "batch", "latency_ms", "latency_low_ms",
    "latency_high_ms", "throughput_per_s", "memory_bytes", "memory_limit_bytes", "fits", "bound",
    "basis", "mfu", "problem_code", "problem_what", "problem_fix",
)  # fmt: skip
"""Columns of the CSV: the fields of ``compare --json``, the problem spread out."""

BASIS_WORDS: Final = {
    "calibrated": "calibrated",
    "architecture": "architecture",
    "spec": "spec only",
}
"""What people read for the basis of a figure."""


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a comparison that one table shows: one model, runtime and precision.

    Attributes:
        model: As in the request.
        runtime: Profile id.
        precision: As in the request.
        cells: By GPU, then batch.
    """

    model: str
    runtime: str
    precision: str
    cells: tuple[Cell, ...]


def sections(comparison: Comparison) -> list[Section]:
    """The comparison cut into tables, in the order of the request."""
    request = comparison.request
    return [
        Section(
            model,
            runtime,
            precision,
            tuple(
                cell
                for cell in comparison.cells
                if (cell.model, cell.runtime, cell.precision) == (model, runtime, precision)
            ),
        )
        for model in request.models
        for runtime in request.runtimes
        for precision in request.precisions
    ]


def interval(cell: Cell) -> str:
    """The 80 % interval in milliseconds: ``"1.70 - 2.20"``; empty where there is a problem."""
    if cell.low_s is None or cell.high_s is None:
        return ""
    return f"{figure(cell.low_s * 1e3)} - {figure(cell.high_s * 1e3)}"


def memory(cell: Cell) -> str:
    """What it needs of what the board has, in GB: ``"0.8 of 24"``; always with a fraction."""
    needed = gigabytes(cell.memory_bytes, above=None if cell.fits else cell.memory_limit_bytes)
    return f"{needed if '.' in needed else f'{needed}.0'} of {gigabytes(cell.memory_limit_bytes)}"


def problem_sentence(cell: Cell) -> str:
    """Why it cannot run and what would: ``"needs 31.2 of 24 GB; fits at batch 5 or less"``."""
    return "" if cell.problem is None else f"{cell.problem.what}; {cell.problem.fix}"


def csv_text(comparison: Comparison) -> str:
    """The cells as CSV (RFC 4180), one line each, ``CSV_COLUMNS`` above."""
    columns = CSV_COLUMNS + (SERVED_COLUMNS if has_served(comparison.cells) else ())
    lines = [",".join(columns)]
    for cell in comparison.cells:
        fields = cell_json(cell)
        problem = fields.pop("problem") or {}
        fields |= dict.fromkeys(SERVED_COLUMNS) | (fields.pop("serving") or {})
        fields |= {f"problem_{key}": problem.get(key) for key in ("code", "what", "fix")}
        lines.append(",".join(_csv_field(fields[name]) for name in columns))
    return "".join(f"{line}\r\n" for line in lines)


def markdown_text(comparison: Comparison) -> str:
    """The cells as one Markdown table; those of served models as one of their own."""
    served = [cell for cell in comparison.cells if cell.serving is not None]
    others = [cell for cell in comparison.cells if cell.serving is None]
    tables = [_served_markdown(served)] if served else []
    return "\n".join(tables if not others else [_markdown(others), *tables])


def _served_markdown(cells: Sequence[Cell]) -> str:
    """A table of what users wait for."""
    rows = []
    for cell in cells:
        given = cell.serving
        rows.append(
            (
                cell.model,
                cell.gpu,
                cell.runtime,
                cell.precision,
                str(cell.batch),
                milliseconds(given.ttft_s if given else None),
                first_token_interval(cell),
                milliseconds(given.tpot_s if given else None),
                per_token_interval(cell),
                figure(given.tokens_per_s_per_user if given else None),
                figure(given.tokens_per_s if given else None),
                memory(cell),
                cell.bound,
                BASIS_WORDS[cell.basis],
                problem_sentence(cell),
            )
        )
    return markdown_table(MARKDOWN_HEADER, rows, numeric=MARKDOWN_HEADER[4:12])


def _markdown(cells: Sequence[Cell]) -> str:
    """A table of runs."""
    header = (
        "Model", "GPU", "Runtime", "Precision", "Batch", "Latency, ms", "80 % interval, ms",
        "Throughput, /s", "Memory, GB", "Bound by", "Basis", "Note",
    )  # fmt: skip
    numeric = {"Batch", "Latency, ms", "80 % interval, ms", "Throughput, /s", "Memory, GB"}
    rows = [
        (
            cell.model,
            cell.gpu,
            cell.runtime,
            cell.precision,
            str(cell.batch),
            figure(None if cell.latency_s is None else cell.latency_s * 1e3),
            interval(cell),
            figure(cell.throughput_per_s),
            memory(cell),
            cell.bound,
            BASIS_WORDS[cell.basis],
            problem_sentence(cell),
        )
        for cell in cells
    ]
    return markdown_table(header, rows, numeric=numeric)


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Iterable[str] = ()
) -> str:
    """A Markdown table whose source lines up too; ``numeric`` columns stand to the right."""
    right = set(numeric)
    escaped = [[text.replace("|", "\\|") for text in row] for row in rows]
    widths = [
        max(3, len(title), *(len(row[at]) for row in escaped)) if escaped else max(3, len(title))
        for at, title in enumerate(header)
    ]

    def line(cells: Sequence[str]) -> str:
        padded = (
            text.rjust(width) if title in right else text.ljust(width)
            for text, width, title in zip(cells, widths, header, strict=True)
        )
        return f"| {' | '.join(padded)} |\n"

    rule = "|".join(
        f"{'-' * (width + 1)}:" if title in right else "-" * (width + 2)
        for width, title in zip(widths, header, strict=True)
    )
    return f"{line(header)}|{rule}|\n{''.join(line(row) for row in escaped)}"


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
