"""``phantomgpu calibrate``: measurements of your own GPU to a profile that knows them."""

from pathlib import Path

import click

from phantomgpu.app import App
from phantomgpu.cli.folders import open_app
from phantomgpu.cli.measurements import model_folder, read_text, reference, write_text
from phantomgpu.cli.options import PROFILES
from phantomgpu.cli.output import print_text
from phantomgpu.errors import DataError
from phantomgpu.validation.bench import benches
from phantomgpu.validation.calibrate import Calibrated, calibrate, read_spreads
from phantomgpu.validation.models import Placed, placed_rows
from phantomgpu.validation.operators import COLUMNS, Measured, measured
from phantomgpu.validation.points import MODEL_COLUMNS
from phantomgpu.validation.profile import calibrated_toml
from phantomgpu.validation.rows import Row, read_rows


@click.command(name="calibrate")
@click.option("--data", required=True, metavar="CSV", help="Measured operators or models.")
@click.option("--gpu", required=True, metavar="ID", help="The GPU they were measured on.")
@click.option(
    "--onnx",
    multiple=True,
    metavar="DIR",
    help="A folder with the ONNX files of the measured models; may be repeated.",
)
@PROFILES
@click.option("--out", metavar="FILE", help="Write the profile there. [default: print it]")
def calibrate_command(
    data: str, gpu: str, onnx: tuple[str, ...], profiles: tuple[str, ...], out: str | None
) -> None:
    """Fit a GPU's profile to measurements of your own.

    One row is enough to help; a model's row improves its prediction on every GPU.
    """
    app = open_app(profiles)
    profile = app.catalog.gpu(gpu)
    operators, models = _rows(app, data, gpu, onnx)
    found = calibrate(
        benches(operators, models, app.catalog.runtime),
        profile,
        read_spreads(reference(app).spreads),
    )
    text = calibrated_toml(found, profile, data=Path(data).name)
    if out is None:
        print_text(text)
    else:
        write_text(out, text, option="--out")
    _report(found, _reasons(operators, models))


def _rows(
    app: App, data: str, gpu: str, onnx: tuple[str, ...]
) -> tuple[list[Measured], list[Placed]]:
    """The rows of the GPU, as operators or as models: the columns tell which.

    Raises:
        DataError: The file holds no row of the GPU, or none that can be predicted.
    """
    text = read_text(data, option="--data")
    are_models = "model" in text.partition("\n")[0].split(",")
    columns = MODEL_COLUMNS if are_models else COLUMNS
    every = list(read_rows(text, origin=data, columns=columns))
    rows: list[Row] = [row for row in every if row.text("gpu") == gpu]
    if not rows:
        there = sorted({row.text("gpu") for row in every})
        raise DataError(
            f"no row was measured on {gpu}",
            where=f"{data}, column gpu",
            fix=f"give --gpu one of {', '.join(there[:8])}" if there else "write rows below line 1",
        )
    operators = [] if are_models else [measured(row) for row in rows]
    known = reference(app)
    folders = [*(model_folder(Path(name)) for name in onnx), known.folder]
    models = list(placed_rows(rows, app.catalog, folders, known.variants)) if are_models else []
    usable = any(each.kernels for each in operators) or any(each.workload for each in models)
    if not usable:
        reasons = sorted(set(_reasons(operators, models)))
        raise DataError(
            "none of the rows can be predicted: " + "; ".join(reasons[:3]),
            where=f"{data}, {len(rows)} rows of {gpu}",
            fix="see docs/validate.md for what a row must say",
        )
    return operators, models


def _reasons(operators: list[Measured], models: list[Placed]) -> list[str]:
    """Why rows are left out, one entry for each."""
    every = [each.reason for each in operators] + [each.reason for each in models]
    return [reason for reason in every if reason]


def _report(found: Calibrated, reasons: list[str]) -> None:
    """A line for people on standard error: the profile may be on standard output."""
    lines = [f"{found.rows} rows; mean error on them {found.before:.1%} before, "
             f"{found.after:.1%} after"]  # fmt: skip
    lines += [f"{each.subject.name} in {each.subject.kind}: times x {each.factor:.3f} on every GPU"
              for each in found.factors[:20]]  # fmt: skip
    lines += [
        f"left out: {reasons.count(reason)} rows: {reason}" for reason in sorted(set(reasons))
    ]
    for line in lines:
        click.echo(line, err=True)
