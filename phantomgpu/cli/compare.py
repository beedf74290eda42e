"""``phantomgpu compare``: models on GPUs, as tables, JSON, CSV or Markdown."""

from collections.abc import Mapping
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from phantomgpu.cli.conversion import conversion_options, options_from
from phantomgpu.cli.folders import open_app
from phantomgpu.cli.options import CALLED, JSON, grid_options, request_document
from phantomgpu.cli.output import console, print_json, print_text
from phantomgpu.cli.served import served_table
from phantomgpu.cli.tables import LEGEND, difference_table, notes, section_table, section_title
from phantomgpu.comparison import Comparison, request_as_dict
from phantomgpu.report.json import comparison_json
from phantomgpu.report.sentence import winner_sentences
from phantomgpu.report.served import has_served
from phantomgpu.report.table import csv_text, markdown_text, sections

MOST_LAYERS: Final = 12
"""Layers that are listed, by their difference."""


@click.command()
@click.argument("model", nargs=-1, required=True)
@grid_options
@conversion_options
@JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a Markdown table.")
@click.option(
    "--layers", is_flag=True, help="Also tell where the first two models differ, on the first GPU."
)
def compare(
    model: tuple[str, ...],
    gpus: tuple[str, ...],
    batch: tuple[str, ...],
    precision: tuple[str, ...],
    runtime: tuple[str, ...],
    dims: tuple[str, ...],
    prompt: str | None,
    output: str | None,
    kv_precision: str | None,
    steps: str | None,
    profiles: tuple[str, ...],
    download: bool,
    as_json: bool,
    as_csv: bool,
    as_markdown: bool,
    layers: bool,
    **conversion: Any,
) -> None:
    """Compare models on GPUs.

    MODEL is a path, the id of a built-in model, or an http(s) address. Files of other frameworks
    are converted on the way.
    """
    _check_formats(as_json=as_json, as_csv=as_csv, as_markdown=as_markdown)
    app = open_app(profiles)
    document = request_document(
        app,
        model,
        gpus=gpus,
        batch=batch,
        precision=precision,
        runtime=runtime,
        dims=dims,
        download=download,
        conversion=options_from(conversion),
        prompt=prompt,
        output=output,
        kv_precision=kv_precision,
        steps=steps,
    )
    comparison = app.comparison(document, called=CALLED)
    told = app.differences(request_as_dict(comparison.request)) if layers else None
    if as_json:
        print_json(comparison_json(comparison) | ({"differences": told} if told else {}))
    elif as_csv:
        print_text(csv_text(comparison))
    elif as_markdown:
        print_text(markdown_text(comparison))
    else:
        print_comparison(comparison, app.titles(), console())
        if told:
            print_differences(told, app.titles(), console())


def _check_formats(**chosen: bool) -> None:
    names = [f"--{name.removeprefix('as_')}" for name, wanted in chosen.items() if wanted]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)} exclude each other")


def print_comparison(comparison: Comparison, titles: Mapping[str, str], out: Console) -> None:
    """The sentences, a table for each model, runtime and precision, and what the words mean."""
    for sentence in winner_sentences(comparison, titles):
        out.print(Text(sentence, style="bold"))
        out.print()
    for section in sections(comparison):
        out.print(section_title(section, comparison, titles))
        table = served_table if has_served(section.cells) else section_table
        out.print(table(section, width=out.width))
        for note in notes(section):
            out.print(note)
    out.print(Text(LEGEND, style="dim"))


def print_differences(told: Mapping[str, Any], titles: Mapping[str, str], out: Console) -> None:
    """Where two models differ: in a sentence, by kind of work, and by layer where names agree."""
    out.print()
    out.print(Text(told["sentence"], style="bold"))
    names = [titles.get(told[side]["model"], told[side]["model"]) for side in ("first", "second")]
    at = told["first"]
    out.print(Text(f"{at['gpu']}, {at['precision']}, batch {at['batch']}", style="dim"))
    out.print(difference_table(told["kinds"], names))
    if told["layers"]:
        out.print(difference_table(told["layers"][:MOST_LAYERS], names))
