"""``phantomgpu validate``: predictions beside measurements, and how far off they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

import phantomgpu
from phantomgpu.app import App
from phantomgpu.cli.folders import open_app
from phantomgpu.cli.measurements import Reference, model_folder, read_text, reference, write_text
from phantomgpu.cli.options import JSON, PROFILES
from phantomgpu.cli.output import console, print_json
from phantomgpu.cli.tables import plain_table
from phantomgpu.validation.figures import (
    Errors,
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
    "Errors are |predicted / measured - 1|, in %; bias keeps the sign. In 80 %: share of the rows "
    "inside their interval, which is meant to be 80. Roofline: mean error of a plain roofline at "
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
    columns = ("source", "GPU", "operator", "dtype", "rows", "mean", "median", "p90", "bias",
               "in 80 %", "roofline")  # fmt: skip
    table = plain_table(*columns, numeric=columns[4:], kept=columns[:4], gap=1)
    for figure in figures_of(outcomes):
        table.add_row(*figure.key, *_numbers(figure))
    out.print(table)
    summary = figures_of(outcomes, lambda outcome: (outcome.row.text("source"),))
    table = plain_table("source", *columns[4:], numeric=columns[4:], kept=("source",), gap=1)
    for figure in summary:
        table.add_row(*figure.key, *_numbers(figure))
    out.print(table)
    tau, pairs = rank_agreement(outcomes)
    if pairs:
        out.print(f"Order of GPUs on the same work: Kendall tau {tau:.2f} over {pairs} pairs")
    _print_left_out(outcomes, out)
    out.print(Text(_LEGEND, style="dim"))


def _numbers(figure: Figure) -> list[str]:
    errors: Errors = figure.errors
    shares = (errors.mape, errors.median_ape, errors.p90_ape, errors.bias, figure.coverage80,
              figure.roofline.mape)  # fmt: skip
    return [str(errors.n), *(f"{100.0 * share:.1f}" for share in shares)]


def _print_left_out(outcomes: Sequence[Outcome], out: Console) -> None:
    reasons = list(left_out(outcomes).items())
    for reason, rows in reasons[:_MOST_REASONS]:
        out.print(Text(f"left out: {rows} rows: {reason}", style="yellow"), soft_wrap=True)
    if rest := reasons[_MOST_REASONS:]:
        count = sum(rows for _, rows in rest)
        out.print(Text(f"left out: {count} rows for {len(rest)} more reasons; --json has them "
                       "all", style="yellow"), soft_wrap=True)  # fmt: skip
