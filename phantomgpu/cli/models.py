"""``phantomgpu models``: the built-in models."""

import click

from phantomgpu.cli.folders import open_app
from phantomgpu.cli.options import JSON
from phantomgpu.cli.output import console, print_json
from phantomgpu.cli.tables import model_table
from phantomgpu.errors import UnknownNameError


@click.command()
@click.argument("search", nargs=-1)
@JSON
def models(search: tuple[str, ...], as_json: bool) -> None:
    """List the built-in models, or those that SEARCH may mean.

    Names are found in any usual spelling: "llama3 8b", "yolo v8 small", "sdxl".
    """
    wanted = " ".join(search)
    found = open_app().models(wanted)
    if as_json:
        print_json(found)
    elif not found:
        raise UnknownNameError(
            f"no built-in model is called anything like {wanted!r}",
            where="SEARCH",
            fix="`phantomgpu models` lists all; `compare` also takes a file or an address",
        )
    else:
        out = console()
        out.print(model_table(found, width=out.width))
