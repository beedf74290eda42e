"""``phantomgpu convert``: a model of another framework as an ONNX file."""

from pathlib import Path
from typing import Any

import click

from phantomgpu.cli.conversion import conversion_options, options_from, shown
from phantomgpu.cli.hub import TOKEN_FILE
from phantomgpu.cli.options import DIM, named_numbers
from phantomgpu.report.rounding import compact


@click.command(name="convert")
@click.argument("source", default="")
@click.option("-o", "--out", metavar="FILE", help="The ONNX file. [default: named as SOURCE]")
@DIM
@click.option("--keep-weights", is_flag=True, help="Put the weights into the file.")
@TOKEN_FILE
@conversion_options
def convert_command(
    source: str, out: str | None, dims: tuple[str, ...], keep_weights: bool, **given: Any
) -> None:
    """Convert a model of another framework to ONNX, without its weights.

    SOURCE is a TensorFlow SavedModel, frozen graph, Keras or TensorFlow Lite file, a file of
    PyTorch, a folder or name of Hugging Face, or FILE.py:FACTORY. An ONNX file loses its weights.
    """
    options = options_from(given, dims=named_numbers(dims, "--dim"), keep_weights=keep_weights)
    if not source and not options.module:
        raise click.UsageError("give a SOURCE, or --module FILE.py:FACTORY")
    target = Path(out).expanduser() if out else default_name(source or options.module)
    made = shown(source, target, options)
    by = f", by {made.by}" if made.by else ""
    weights = "with its weights" if keep_weights else "without weights"
    click.echo(f"{made.path}: {compact(made.size_bytes)}B, {weights}{by}", err=True)
    if made.data is not None:
        click.echo(f"{made.data}: its weights; keep the two together", err=True)
    click.echo(str(made.path))


def default_name(source: str) -> Path:
    """The file that is written where none is named: in the working folder.

    >>> str(default_name("nets/small.tflite"))
    'small.onnx'
    >>> str(default_name("nets/model.py:factory"))
    'factory.onnx'
    >>> str(default_name("nets/small.onnx"))
    'small-graph.onnx'
    """
    file, colon, factory = source.rpartition(":")
    if colon and file.endswith(".py"):
        return Path(f"{factory}.onnx")
    path = Path(Path(source).absolute().name)
    name = path.name.removesuffix(".gz")
    stem = name.removesuffix(path.suffix) if path.suffix not in ("", ".gz") else name
    if name.lower().endswith(".onnx"):
        return Path(f"{name[:-5]}-graph.onnx")
    return Path(f"{stem}.onnx")
