"""Served language models as rich tables."""

from rich.table import Table
from rich.text import Text

from phantomgpu.cli.tables import (
    SHORT_BASIS,
    WARN,
    WIDE,
    by_gpu,
    cannot,
    never_runs,
    plain_table,
)
from phantomgpu.comparison import Cell
from phantomgpu.report.rounding import figure
from phantomgpu.report.served import first_token_interval, milliseconds, per_token_interval
from phantomgpu.report.table import BASIS_WORDS, Section, memory

_COLUMNS = (
    "GPU", "users", "first token, ms", "80 %", "per token, ms", "80 % ", "tokens/s each",
    "tokens/s all", "memory, GB", "bound by", "basis",
)  # fmt: skip
_SHORT = ("GPU", "users", "TTFT ms", "TPOT ms", "80 %", "tok/s", "all", "GB", "bound")


def served_table(section: Section, *, width: int) -> Table:
    """Time to first token, time per token, rates and memory by GPU and requests at once.

    A GPU that cannot run at any concurrency for the same reason gets one row.
    """
    is_wide = width >= WIDE
    columns = _COLUMNS if is_wide else _SHORT
    last = columns.index("bound by" if is_wide else "bound")
    table = plain_table(*columns, numeric=columns[1:last], kept=columns[last:], gap=1)
    for cells in by_gpu(section.cells):
        name = Text(cells[0].gpu, style="bold")
        shown = cells[:1] if never_runs(cells) else cells
        for cell in shown:
            users = "all" if never_runs(cells) else str(cell.batch)
            row = _row(cell, is_wide=is_wide)
            table.add_row(name, users, *row, style=WARN if cell.problem else "")
            name = Text("")
    return table


def _row(cell: Cell, *, is_wide: bool) -> list[str]:
    served = cell.serving
    ttft = milliseconds(served.ttft_s if served else None) or "-"
    tpot = milliseconds(served.tpot_s if served else None) or "-"
    each = figure(served.tokens_per_s_per_user if served else None) or "-"
    together = figure(served.tokens_per_s if served else None) or "-"
    between = per_token_interval(cell) or "-"
    bound = cell.bound or cannot(cell)
    if not is_wide:
        narrow = between.replace(" ", "")
        return [ttft, tpot, narrow, each, together, memory(cell), bound]
    basis = BASIS_WORDS[cell.basis] if is_wide else SHORT_BASIS[cell.basis]
    first = first_token_interval(cell) or "-"
    return [ttft, first, tpot, between, each, together, memory(cell), bound, basis]
