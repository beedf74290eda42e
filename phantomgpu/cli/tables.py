"""Comparisons and lists as rich tables that fit 80 columns and do without colour."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from phantomgpu.comparison import Cell, Comparison
from phantomgpu.report.rounding import compact, figure, stated
from phantomgpu.report.served import has_served, load_words
from phantomgpu.report.table import BASIS_WORDS, Section, interval, memory, problem_sentence

WIDE: Final = 110
"""From this many columns on a table says everything in full."""

LEGEND: Final = (
    "Times are predictions; eight of ten measured runs fall into the 80 % interval. "
    "Basis: whose measurements a GPU's figures stand on: its own (calibrated), its "
    "architecture's (arch.), or none (spec)."
)

SHORT_BASIS: Final = {"calibrated": "calibr.", "architecture": "arch.", "spec": "spec"}
WARN: Final = "yellow"


def plain_table(
    *columns: str, numeric: Sequence[str] = (), kept: Sequence[str] = (), gap: int = 2
) -> Table:
    """A table with nothing but a rule below its header.

    Args:
        columns: Headers.
        numeric: Columns that stand to the right and never wrap.
        kept: Other columns that never wrap.
        gap: Spaces between columns.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, gap, 0, 0), show_edge=False)
    for column in columns:
        is_number = column in numeric
        table.add_column(
            column,
            justify="right" if is_number else "left",
            no_wrap=is_number or column in kept,
            overflow="fold",
        )
    return table


def section_title(section: Section, comparison: Comparison, titles: Mapping[str, str]) -> Text:
    """What all rows of a section have in common."""
    model = titles.get(section.model, section.model)
    runtime = comparison.runtimes[section.runtime].name
    served = f"; {load_words(comparison, section.model)}" if has_served(section.cells) else ""
    return Text(f"{model}, {section.precision}, {runtime}{served}", style="bold")


def section_table(section: Section, *, width: int) -> Table:
    """Latency, throughput and memory by GPU and batch; the fastest of each batch stands out.

    A GPU that cannot run at any batch for the same reason gets one row.
    """
    is_wide = width >= WIDE
    columns = (
        ("GPU", "batch", "latency, ms", "80 % interval, ms", "samples/s", "memory, GB",
         "bound by", "basis")
        if is_wide
        else ("GPU", "batch", "ms", "80 %", "per s", "GB", "bound", "basis")
    )  # fmt: skip
    table = plain_table(*columns, numeric=columns[1:6], kept=columns[6:], gap=2 if is_wide else 1)
    basis = BASIS_WORDS if is_wide else SHORT_BASIS
    fastest = _fastest(section.cells)
    for cells in by_gpu(section.cells):
        name = Text(cells[0].gpu, style="bold")
        if never_runs(cells):
            row = ("all", "-", "-", "-", "-", cannot(cells[0]), basis[cells[0].basis])
            table.add_row(name, *row, style=WARN)
            continue
        for cell in cells:
            table.add_row(
                name,
                str(cell.batch),
                figure(None if cell.latency_s is None else cell.latency_s * 1e3) or "-",
                (interval(cell) if is_wide else interval(cell).replace(" ", "")) or "-",
                figure(cell.throughput_per_s) or "-",
                memory(cell),
                cell.bound or cannot(cell),
                basis[cell.basis],
                style="green" if cell in fastest else WARN if cell.problem else "",
            )
            name = Text("")
    return table


def notes(section: Section) -> list[Text]:
    """Why rows cannot run, and what would; one line for each reason."""
    lines = []
    for cells in by_gpu(section.cells):
        failing = [cell for cell in cells if cell.problem is not None]
        if never_runs(cells):
            lines.append(f"{cells[0].gpu}: {problem_sentence(cells[0])}")
        else:
            lines += [
                f"{cell.gpu}, {'batch' if cell.serving is None else 'concurrency'} {cell.batch}: "
                f"{problem_sentence(cell)}"
                for cell in failing
            ]
    return [Text(line, style=WARN) for line in lines] + [Text("")]


def gpu_table(gpus: Sequence[Mapping[str, Any]], *, width: int) -> Table:
    """The catalogue, one line for each GPU."""
    is_wide = width >= WIDE
    columns = ["id", "name", "GB", "GB/s", "fp16 TFLOPS", "W", "basis"]
    if not is_wide:
        columns = ["id", "name", "GB", "GB/s", "fp16", "W", "basis"]
    table = plain_table(
        *columns, numeric=columns[2:6], kept=("id", "basis"), gap=2 if is_wide else 1
    )
    for gpu in gpus:
        spec = gpu["spec"]
        table.add_row(
            Text(gpu["id"], style="bold"),
            gpu["name"],
            stated(spec["memory_gb"]),
            stated(spec["bandwidth_gb_per_s"]),
            stated(spec["peak_tflops"].get("fp16")) or "-",
            stated(spec["tdp_w"]),
            (BASIS_WORDS if is_wide else SHORT_BASIS)[gpu["basis"]],
        )
    return table


def model_table(models: Sequence[Mapping[str, Any]], *, width: int) -> Table:
    """The built-in models, one line each; what they are for and counted at where there is room."""
    columns = ["id", "title", "parameters", "MACs"]
    if width >= WIDE:
        columns += ["task", "at"]
    table = plain_table(*columns, numeric=("parameters", "MACs"), kept=("id", "title", "task"))
    for model in models:
        dims = ", ".join(f"{name} {size}" for name, size in model["dims"].items())
        cells = (model["title"], compact(model["parameters"]), compact(model["macs"]))
        more = (model["task"], dims) if width >= WIDE else ()
        table.add_row(Text(model["id"], style="bold"), *cells, *more)
    return table


def _fastest(cells: Sequence[Cell]) -> list[Cell]:
    best: dict[int, Cell] = {}
    for cell in cells:
        if cell.latency_s is None:
            continue
        known = best.get(cell.batch)
        if known is None or cell.latency_s < (known.latency_s or 0.0):
            best[cell.batch] = cell
    return list(best.values()) if len({cell.gpu for cell in cells}) > 1 else []


def by_gpu(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The cells of each GPU, in their order."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.gpu, []).append(cell)
    return list(groups.values())


def never_runs(cells: Sequence[Cell]) -> bool:
    """Whether one GPU's cells fail for a reason that no batch changes."""
    return len(cells) > 1 and all(
        cell.problem is not None and cell.problem.code != "memory" for cell in cells
    )


def cannot(cell: Cell) -> str:
    """Why it cannot run, in two words."""
    return {"memory": "too big", "precision": "no peak", "runtime": "vendor"}.get(
        cell.problem.code if cell.problem else "", "-"
    )


def difference_table(rows: Sequence[Mapping[str, Any]], models: Sequence[str]) -> Table:
    """Milliseconds of two models by layer or kind of work, and how much more the second takes.

    Args:
        rows: ``kinds`` or ``layers`` of ``report.differences``.
        models: What the two are called.
    """
    lead = ("layer", "work") if rows and "name" in rows[0] else ("work",)
    numeric = (f"{models[0]}, ms", f"{models[1]}, ms", "difference, ms")
    table = plain_table(*lead, *numeric, numeric=numeric)
    for row in rows:
        sign = "+" if row["difference_ms"] > 0 else "-" if row["difference_ms"] < 0 else ""
        table.add_row(
            *(row[key] for key in (("name", "work") if "name" in row else ("work",))),
            figure(row["first_ms"]) or "-",
            figure(row["second_ms"]) or "-",
            f"{sign}{figure(abs(row['difference_ms']))}",
        )
    return table
