"""What commands share that convert: their options, the progress display, a model on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from phantomgpu.app import App
from phantomgpu.cli.hub import open_folder, open_repository
from phantomgpu.cli.sources import FileSource, open_source
from phantomgpu.converters import Conversion, Options, convert
from phantomgpu.converters.process import TIME_LIMIT_S
from phantomgpu.converters.recognise import is_foreign
from phantomgpu.errors import ModelError, RequestError
from phantomgpu.families import is_json, read_definition
from phantomgpu.onnx import BytesSource, Source

Tell = Callable[[float, str], None]

MODULE = click.option(
    "--module",
    default="",
    metavar="FILE.py:FACTORY",
    help="A function that gives the model and example inputs: for weights alone, and for JAX.",
)
INPUT = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[TYPE:]N,N",
    help="Shape of an input that a file does not tell: 1,3,224,224 or int64:1,128. In order.",
)
TRUST = click.option(
    "--trust", is_flag=True, help="Run code that the model brings along, with your rights."
)
ISOLATED = click.option(
    "--isolated", is_flag=True, help="Convert in an environment made for the framework alone."
)
TIME_LIMIT = click.option(
    "--time-limit",
    default=TIME_LIMIT_S,
    show_default=True,
    metavar="S",
    help="Seconds that converting may take.",
)
_OPTIONS: Final = (TIME_LIMIT, ISOLATED, TRUST, INPUT, MODULE)


def conversion_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a model of another framework is converted."""
    for option in _OPTIONS:
        command = option(command)
    return command


def options_from(given: dict[str, Any], **more: Any) -> Options:
    """What the options of ``conversion_options`` say.

    Raises:
        RequestError: A time limit that is none.
    """
    if given["time_limit"] <= 0:
        raise RequestError(
            f"the time limit is {given['time_limit']:g} s",
            where="--time-limit",
            fix="give more than 0 seconds",
        )
    return Options(
        module=given["module"],
        inputs=given["inputs"],
        trust=given["trust"],
        isolated=given["isolated"],
        time_limit_s=given["time_limit"],
        **more,
    )


def open_foreign(app: App, model: str, options: Options) -> bool:
    """Open a model that is no ONNX file, converting it first; whether it was one.

    Raises:
        SourceError, ModelError: As ``convert``.
    """
    if not is_foreign(model, FileSource):
        return False
    with TemporaryDirectory(prefix="phantomgpu-") as name:
        out = Path(name) / "model.onnx"
        made = shown(model, out, options)
        click.echo(f"{model}: converted by {made.by} on the way", err=True)
        app.open_model(BytesSource(model, out.read_bytes()), name=model)
    return True


def shown(source: str, out: Path, options: Options) -> Conversion:
    """Convert with a progress display; notes are told on standard error.

    Raises:
        SourceError, ModelError: As ``convert``.
    """
    with _progress(source) as tell:
        made = convert(source, out, options, open_file=open_source, described=_described, tell=tell)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    return made


def _described(name: str) -> Source | None:
    """What a folder or name of Hugging Face says; None where its family is not known."""
    if Path(name).expanduser().is_dir():
        return open_folder(name)
    try:
        source = open_repository(f"hf:{name}")
        if is_json(source):
            read_definition(source, name=name)
    except ModelError:
        return None
    return source


@contextmanager
def _progress(source: str) -> Iterator[Tell]:
    """A bar on a terminal; elsewhere nothing, for a log needs no bar."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(f"converting {source}", total=1.0)

        def tell(share: float, note: str) -> None:
            progress.update(task, completed=share, description=f"{source}: {note}")

        yield tell
