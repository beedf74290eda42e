"""``phantomgpu gpus``: the catalogue, or one profile with the source of each value."""

from collections.abc import Iterator, Mapping
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from phantomgpu.cli.folders import open_app, user_folder
from phantomgpu.cli.options import JSON, PROFILES
from phantomgpu.cli.output import console, print_json
from phantomgpu.cli.tables import gpu_table, plain_table
from phantomgpu.comparison.problems import vendor_name
from phantomgpu.report.profile import SPEC_LABELS
from phantomgpu.report.rounding import stated
from phantomgpu.report.table import BASIS_WORDS


@click.command()
@click.argument("gpu_id", metavar="ID", required=False)
@PROFILES
@JSON
def gpus(gpu_id: str | None, profiles: tuple[str, ...], as_json: bool) -> None:
    """List the GPUs, or show one profile.

    One profile comes with the source of each of its values.
    """
    app = open_app(profiles)
    if gpu_id is None:
        found = app.gpus()
        if as_json:
            print_json(found)
            return
        out = console()
        out.print(gpu_table(found, width=out.width))
        out.print()
        out.print(Text(f"Your own go into {user_folder() / 'gpus'} or --profiles DIR.", "dim"))
        return
    profile = app.gpu(gpu_id)
    if as_json:
        print_json({name: value for name, value in profile.items() if name != "text"})
    else:
        _print_one(profile, console())


def _print_one(gpu: Mapping[str, Any], out: Console) -> None:
    out.print(Text(gpu["name"], style="bold"))
    out.print(
        f"{vendor_name(gpu['vendor'])}, {gpu['architecture']}; {gpu['origin']}", soft_wrap=True
    )
    out.print()
    table = plain_table("", "value", "unit", "source", numeric=("value",))
    numbers: dict[str, int] = {}
    for label, value, unit, key in _values(gpu["spec"]):
        source = gpu["sources"].get(key)
        number = numbers.setdefault(source, len(numbers) + 1) if source else None
        table.add_row(label, stated(value), unit, Text(f"[{number}]" if number else ""))
    out.print(table)
    out.print()
    for source, number in numbers.items():
        out.print(Text(f"[{number}] {source}"))
    fitted = f", {gpu['fitted_on']}" if gpu["fitted_on"] else ""
    out.print(Text(f"Predictions: {BASIS_WORDS[gpu['basis']]}{fitted}"))
    for warning in gpu["warnings"]:
        out.print(Text(f"warning: {warning}", style="yellow"))


def _values(spec: Mapping[str, Any]) -> Iterator[tuple[str, float, str, str]]:
    """Label, value, unit and dotted key of each figure that is stated."""
    for key, (label, unit) in SPEC_LABELS.items():
        if spec[key]:
            yield label, spec[key], unit, f"spec.{key}"
    for name, peak in spec["peak_tflops"].items():
        yield f"{name} peak, dense", peak, "TFLOPS", f"spec.peak_tflops.{name}"
