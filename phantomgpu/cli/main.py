"""``phantomgpu``: the commands, and nothing else; each has its own file."""

import click

import phantomgpu
from phantomgpu.cli.calibrate import calibrate_command
from phantomgpu.cli.compare import compare
from phantomgpu.cli.convert import convert_command
from phantomgpu.cli.failure import PlainErrors
from phantomgpu.cli.gpus import gpus
from phantomgpu.cli.inspect import inspect
from phantomgpu.cli.link import link
from phantomgpu.cli.measure import measure
from phantomgpu.cli.models import models
from phantomgpu.cli.validate import validate


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(phantomgpu.__version__, prog_name="phantomgpu")
def main() -> None:
    """Predict how fast an ONNX model runs on GPUs, before you buy them."""


for _command in (
    compare,
    inspect,
    convert_command,
    gpus,
    models,
    validate,
    calibrate_command,
    measure,
    link,
):
    main.add_command(_command)
