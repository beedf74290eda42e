"""``phantomgpu models``: the built-in models."""

import click

from phantomgpu.cli.folders import open_app
from phantomgpu.cli.options import JSON
from phantomgpu.cli.output import console, print_json
from phantomgpu.cli.tables import model_table


@click.command()
@JSON
def models(as_json: bool) -> None:
    """List the built-in models."""
    found = open_app().models()
    if as_json:
        print_json(found)
    else:
        out = console()
        out.print(model_table(found, width=out.width))
