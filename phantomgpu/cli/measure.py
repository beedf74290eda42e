"""``phantomgpu measure``: times operators and models on the GPU of this machine."""

import csv
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TextIO

import click

from phantomgpu.cli import cuda
from phantomgpu.cli.folders import open_app
from phantomgpu.cli.options import PROFILES, listed, whole_number
from phantomgpu.errors import SourceError, UnknownNameError, nearest
from phantomgpu.validation.plan import (
    DTYPES,
    MODEL_COLUMNS,
    MODELS,
    OPERATOR_COLUMNS,
    model_plan,
    model_row,
    operator_plan,
    operator_row,
    sampled,
)

_GPU = click.option(
    "--gpu", required=True, metavar="ID", help="Id to write for the GPU of this machine."
)
_OUT = click.option("--out", metavar="FILE", help="Write the rows there. [default: print them]")
_SAMPLES = click.option(
    "--samples", default=15, show_default=True, help="Timings of each; their median is written."
)


@click.group()
def measure() -> None:
    """Time operators or models on this machine's CUDA GPU.

    Needs PyTorch: pip install 'phantomgpu[measure]'. What it writes, validate and calibrate read.
    """


@measure.command(name="ops")
@_GPU
@click.option(
    "--dtype", multiple=True, metavar="NAME,NAME", help="fp32, fp16, bf16. [default: all]"
)
@click.option("--quick", is_flag=True, help="About a third of the plan.")
@_SAMPLES
@click.option("--power", is_flag=True, help="Watch the board's power as well, 0.3 s each.")
@PROFILES
@_OUT
def measure_ops(
    gpu: str,
    dtype: tuple[str, ...],
    quick: bool,
    samples: int,
    power: bool,
    profiles: tuple[str, ...],
    out: str | None,
) -> None:
    """Time operators, without the host, as CUDA graphs."""
    plan = operator_plan(_known(listed(dtype), DTYPES, "--dtype") or DTYPES, quick=quick)
    open_app(profiles).catalog.gpu(gpu)
    device = cuda.open_device()
    with _table(out, OPERATOR_COLUMNS) as write:
        for at, case in enumerate(plan, start=1):
            found = sampled(cuda.operator_samples(device, case, samples))
            watts = cuda.power_w(device, cuda.operator_launch(device, case)) if power else None
            write.writerow(
                operator_row(case, found, gpu=gpu, power_w=watts, citation=_citation(device))
            )
            _tell(at, len(plan), f"{case.op} {case.sub} {case.dtype}", found.latency_s)


@measure.command(name="models")
@_GPU
@click.option("--model", multiple=True, metavar="NAME,NAME",
              help="Models of torchvision. [default: all that are built in]")  # fmt: skip
@click.option("--batch", multiple=True, metavar="N,N", help="Batch sizes. [default: 1,8,64]")
@_SAMPLES
@PROFILES
@_OUT
def measure_models(
    gpu: str,
    model: tuple[str, ...],
    batch: tuple[str, ...],
    samples: int,
    profiles: tuple[str, ...],
    out: str | None,
) -> None:
    """Time models of torchvision, eager and compiled, in fp32 and under autocast."""
    models = _known(listed(model), MODELS, "--model") or list(MODELS)
    batches = [whole_number(text, "--batch") for text in listed(batch)] or [1, 8, 64]
    plan = model_plan(models, batches)
    open_app(profiles).catalog.gpu(gpu)
    device = cuda.open_device()
    with _table(out, MODEL_COLUMNS) as write:
        for at, case in enumerate(plan, start=1):
            found = sampled(cuda.model_samples(device, case, samples))
            write.writerow(
                model_row(case, found, gpu=gpu, power_w=None, version=device.version,
                          citation=_citation(device))
            )  # fmt: skip
            _tell(at, len(plan), f"{case.model} {case.runtime} {case.precision} {case.batch}",
                  found.latency_s)  # fmt: skip


def _known(names: list[str], known: Collection[str], option: str) -> list[str]:
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"there is no {name!r}",
                where=option,
                fix=f"the nearest are {', '.join(nearest(name, known))}",
            )
    return names


@contextmanager
def _table(out: str | None, columns: Sequence[str]) -> Iterator["csv.DictWriter[str]"]:
    """A CSV whose every row is there at once, so that stopping early loses nothing.

    Raises:
        SourceError: It cannot be written.
    """

    def headed(file: TextIO) -> "csv.DictWriter[str]":
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        return writer

    if out is None:
        yield headed(sys.stdout)
        return
    try:
        file = Path(out).expanduser().open("w", encoding="utf-8", newline="", buffering=1)
    except OSError as error:
        raise SourceError(
            f"{out} cannot be written: {(error.strerror or str(error)).lower()}",
            where=f"--out {out}",
            fix="give a path in a folder that you may write to",
        ) from error
    with file:
        yield headed(file)


def _citation(device: cuda.Device) -> str:
    today = date.today().isoformat()
    return f"measured with phantomgpu on {device.name}, torch {device.version}, {today}"


def _tell(at: int, count: int, what: str, latency_s: float) -> None:
    click.echo(f"{at}/{count} {what}: {latency_s * 1e3:.4g} ms", err=True)
