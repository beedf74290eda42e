"""``phantomgpu link``: a comparison as a share link, and back."""

import click

from phantomgpu.cli.folders import open_app
from phantomgpu.cli.options import CALLED, JSON, PROFILES, grid_options, request_document
from phantomgpu.cli.output import print_json, print_text
from phantomgpu.report.canonical import canonical_toml


@click.group()
def link() -> None:
    """Make and open share links."""


@link.command()
@click.argument("model", nargs=-1, required=True)
@grid_options
@click.option(
    "--kernel-table",
    is_flag=True,
    help="Files travel as tables of what their kernels do, without weights and names.",
)
@JSON
def encode(
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
    kernel_table: bool,
    as_json: bool,
) -> None:
    """Print the link of a comparison; arguments as for compare.

    The link holds names and settings, and profiles of your own; never a model.
    """
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
        prompt=prompt,
        output=output,
        kv_precision=kv_precision,
        steps=steps,
    )
    made = app.encode_link(document, called=CALLED, with_tables=kernel_table)
    if as_json:
        print_json(made)
    else:
        print_text(f"{made['link']}\n")


@link.command()
@click.argument("text", metavar="LINK")
@PROFILES
@JSON
def decode(text: str, profiles: tuple[str, ...], as_json: bool) -> None:
    """Print the comparison that a link holds, as TOML.

    LINK is the part from # on, or a whole address that ends in it.
    """
    found = open_app(profiles).decode_link(text)
    if as_json:
        print_json(found)
    else:
        print_text(canonical_toml(found["request"]))
