"""``phantomgpu validate``: predictions beside measurements, and how far off they are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

import phantomgpu
from phantomgpu.app import App
from phantomgpu.cli.folders import open_app
from phantomgpu.cli.measurements import Reference, model_folder, read_text, reference, write_text
from phantomgpu.cli.options import JSON, PROFILES
from phantomgpu.cli.output import console, print_json
from phantomgpu.cli.tables import WIDE, plain_table
from phantomgpu.validation.figures import (
    Figure,
    figure_json,
    figures_of,
    left_out,
    rank_agreement,
)
from phantomgpu.validation.models import model_outcomes, placed_rows
from phantomgpu.validation.operators import COLUMNS
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.points import MODEL_COLUMNS
from phantomgpu.validation.rows import read_rows
from phantomgpu.validation.table import outcomes_csv
from phantomgpu.validation.timed import operator_outcomes

_MOST_REASONS: Final = 8
"""Reasons shown; the rest are counted."""

_LEGEND: Final = (
    "Errors are |predicted / measured - 1|, in %; bias keeps the sign. In 80: share of the rows "
    "inside their 80 % interval. Roofline: mean error of a plain roofline at "
    "peak on the same rows."
)


@click.command()
@click.option("--ops", metavar="CSV", help="Measured operators; docs/validate.md has the columns.")
@click.option("--models", metavar="CSV", help="Measured models.")
@click.option(
    "--onnx",
    multiple=True,
    metavar="DIR",
    help="A folder with the ONNX files of the measured models; may be repeated.",
)
@PROFILES
@click.option("--out", metavar="FILE", help="Write every row with its prediction as CSV.")
@JSON
def validate(
    ops: str | None,
    models: str | None,
    onnx: tuple[str, ...],
    profiles: tuple[str, ...],
    out: str | None,
    as_json: bool,
) -> None:
    """Compare predictions with measurements.

    Without files, the reference points that come along are used.
    """
    app = open_app(profiles)
    outcomes = _outcomes(app, ops, models, onnx)
    if out is not None:
        write_text(out, outcomes_csv(outcomes), option="--out")
    if as_json:
        print_json(validation_json(outcomes))
    else:
        _print(outcomes, console())


def validation_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The document of ``validate --json``."""
    tau, pairs = rank_agreement(outcomes)
    return {
        "schema": 1,
        "engine": phantomgpu.__version__,
        "rows": len(outcomes),
        "predicted": sum(outcome.predicted is not None for outcome in outcomes),
        "left_out": [
            {"reason": reason, "rows": rows} for reason, rows in left_out(outcomes).items()
        ],
        "rank": {"kendall_tau": round(tau, 4) if pairs else None, "pairs": pairs},
        "figures": [figure_json(figure) for figure in figures_of(outcomes)],
    }


def _outcomes(
    app: App, ops: str | None, models: str | None, onnx: tuple[str, ...]
) -> list[Outcome]:
    if onnx and models is None:
        raise click.UsageError("--onnx needs --models, the rows whose graphs are there")
    known: Reference = reference(app)
    texts = {"ops": ops, "models": models}
    if ops is None and models is None:
        named = {"ops": (known.ops, "reference/ops.csv"),
                 "models": (known.models, "reference/models.csv")}  # fmt: skip
    else:
        named = {
            name: (read_text(path, option=f"--{name}"), path)
            for name, path in texts.items()
            if path is not None
        }
    outcomes: list[Outcome] = []
    if "ops" in named:
        text, origin = named["ops"]
        outcomes += operator_outcomes(read_rows(text, origin=origin, columns=COLUMNS), app.catalog)
    if "models" in named:
        text, origin = named["models"]
        folders = [*(model_folder(Path(name)) for name in onnx), known.folder]
        rows = read_rows(text, origin=origin, columns=MODEL_COLUMNS)
        placed = placed_rows(rows, app.catalog, folders, known.variants)
        outcomes += model_outcomes(placed, app.catalog)
    return outcomes


def _print(outcomes: Sequence[Outcome], out: Console) -> None:
    figures = figures_of(outcomes)
    for source in dict.fromkeys(figure.key[0] for figure in figures):
        out.print(Text(source, style="bold"))
        members = [figure for figure in figures if figure.key[0] == source]
        out.print(_table([(figure.key[1:], figure) for figure in members],
                         ("GPU", "operator", "dtype"), width=out.width))  # fmt: skip
        out.print()
    by_source = figures_of(outcomes, lambda outcome: (outcome.row.text("source"),))
    out.print(_table([(f.key, f) for f in by_source], ("source",), width=out.width))
    out.print()
    tau, pairs = rank_agreement(outcomes)
    if pairs:
        out.print(f"Order of GPUs on the same work: Kendall tau {tau:.2f} over {pairs} pairs")
    _print_left_out(outcomes, out)
    out.print(Text(_LEGEND, style="dim"))


def _table(
    rows: Sequence[tuple[Sequence[str], Figure]], names: Sequence[str], *, width: int
) -> Table:
    """Figures in per cent, one line for each group; the tails only where there is room."""
    is_wide = width >= WIDE
    numbers: dict[str, Callable[[Figure], str]] = {
        "rows": lambda f: str(f.errors.n),
        "mean": lambda f: _percent(f.errors.mape),
        "median": lambda f: _percent(f.errors.median_ape),
        **({"p90": lambda f: _percent(f.errors.p90_ape)} if is_wide else {}),
        "bias": lambda f: _percent(f.errors.bias),
        "in 80": lambda f: _percent(f.coverage80),
        "roofline": lambda f: _percent(f.roofline.mape),
    }
    table = plain_table(*names, *numbers, numeric=tuple(numbers), gap=2 if is_wide else 1)
    for key, figure in rows:
        table.add_row(*key, *(show(figure) for show in numbers.values()))
    return table


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}" if abs(share) < 1.0 else f"{100.0 * share:.0f}"


def _print_left_out(outcomes: Sequence[Outcome], out: Console) -> None:
    reasons = list(left_out(outcomes).items())
    for reason, rows in reasons[:_MOST_REASONS]:
        out.print(Text(f"left out: {rows} rows: {reason}", style="yellow"), soft_wrap=True)
    if rest := reasons[_MOST_REASONS:]:
        count = sum(rows for _, rows in rest)
        out.print(Text(f"left out: {count} rows for {len(rest)} more reasons; --json has them "
                       "all", style="yellow"), soft_wrap=True)  # fmt: skip
