"""Options that several commands share, and their text to the fields of a request."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from phantomgpu.app import App
from phantomgpu.cli.conversion import open_foreign
from phantomgpu.cli.hub import TOKEN_FILE, open_folder, open_repository
from phantomgpu.cli.sources import is_address, is_file, open_source
from phantomgpu.comparison import request_as_dict
from phantomgpu.converters import Options
from phantomgpu.errors import RequestError
from phantomgpu.families.repository import is_repository
from phantomgpu.report.saved import ENDING, MOST_CHARACTERS, request_of_text

Command = TypeVar("Command", bound=Callable[..., Any])

CALLED: Final = {
    "models": "MODEL",
    "gpus": "--gpus",
    "runtimes": "--runtime",
    "precisions": "--precision",
    "batches": "--batch",
    "dims": "--dim",
    "prompt_tokens": "--prompt",
    "output_tokens": "--output",
    "kv_precision": "--kv-precision",
    "steps": "--steps",
}
"""What a field of the request is called on the command line."""

GPUS = click.option(
    "--gpus", multiple=True, metavar="ID,ID", help="GPUs to compare; `phantomgpu gpus` lists them."
)
BATCH = click.option(
    "--batch",
    multiple=True,
    metavar="N,N",
    help="Batch sizes, or requests at once of a language model. [default: 1]",
)
PRECISION = click.option(
    "--precision",
    multiple=True,
    metavar="NAME,NAME",
    help="fp32, tf32, fp16, bf16, fp8, int8, int4, fp4. [default: fp16]",
)
RUNTIME = click.option(
    "--runtime",
    multiple=True,
    metavar="ID,ID",
    help="tensorrt, onnxruntime, pytorch-compile, pytorch-eager, … [default: tensorrt]",
)
DIM = click.option(
    "--dim",
    "dims",
    multiple=True,
    metavar="NAME=VALUE",
    help="Size of a free dimension, by its name or by INPUT:AXIS; may be repeated.",
)
PROMPT = click.option(
    "--prompt", metavar="N", help="Tokens of each prompt, of a language model. [default: 1024]"
)
OUTPUT = click.option(
    "--output", metavar="N", help="Tokens that each request generates. [default: 256]"
)
KV_PRECISION = click.option(
    "--kv-precision",
    metavar="NAME",
    help="What keys and values are kept in: fp16, fp8, int8. [default: fp16]",
)
STEPS = click.option(
    "--steps", metavar="N", help="Steps of a diffusion model. [default: its usual number]"
)
PROFILES = click.option(
    "--profiles",
    multiple=True,
    metavar="DIR",
    help="A folder with your own profiles: gpus/<id>.toml, runtimes/<id>.toml; may be repeated.",
)
DOWNLOAD = click.option(
    "--download",
    is_flag=True,
    help="Fetch a model whole from a server that cannot send parts of a file.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def grid_options(command: Command) -> Command:
    """The options that say which grid is meant."""
    where = (TOKEN_FILE, DOWNLOAD, PROFILES)
    load = (STEPS, KV_PRECISION, OUTPUT, PROMPT)
    for option in (*where, *load, DIM, RUNTIME, PRECISION, BATCH, GPUS):
        command = option(command)
    return command


def request_document(
    app: App,
    models: tuple[str, ...],
    *,
    gpus: tuple[str, ...] = (),
    batch: tuple[str, ...] = (),
    precision: tuple[str, ...] = (),
    runtime: tuple[str, ...] = (),
    dims: tuple[str, ...] = (),
    download: bool = False,
    conversion: Options | None = None,
    **load: str | None,
) -> dict[str, Any]:
    """The request that the options spell, its files and addresses opened.

    Raises:
        RequestError: An option that cannot be read.
        SourceError, ModelError: A model that cannot be read.
    """
    saved = [name for name in models if name.endswith(ENDING)]
    base = saved_comparison(saved) if saved else {}
    models = (*base.get("models", ()), *(name for name in models if name not in saved))
    document: dict[str, Any] = {
        "models": list(models),
        "gpus": listed(gpus),
        "runtimes": listed(runtime),
        "precisions": listed(precision),
        "batches": [whole_number(text, "--batch") for text in listed(batch)],
        "dims": named_numbers(dims, "--dim"),
        **load_fields(**load),
    }
    open_models(app, models, download=download, conversion=conversion)
    kept = {
        name: value
        for name, value in document.items()
        if value or name == "models" or not isinstance(value, list | dict)
    }
    return base | kept


def load_fields(
    *,
    prompt: str | None = None,
    output: str | None = None,
    kv_precision: str | None = None,
    steps: str | None = None,
) -> dict[str, Any]:
    """Fields of a request that say what each request to a language model is; those given.

    Raises:
        RequestError: One that must be a number is none.
    """
    numbers = {"--prompt": prompt, "--output": output, "--steps": steps}
    fields = {called: name for name, called in CALLED.items()}
    found: dict[str, Any] = {
        fields[option]: whole_number(text, option)
        for option, text in numbers.items()
        if text is not None
    }
    return found if kv_precision is None else {**found, "kv_precision": kv_precision}


def saved_comparison(paths: list[str]) -> dict[str, Any]:
    """The fields of the comparison that was saved as a file.

    Raises:
        RequestError: More than one file, or none that holds a comparison.
        SourceError: It cannot be read.
    """
    if len(paths) > 1:
        raise RequestError(
            f"{len(paths)} saved comparisons are given", where="MODEL", fix="give one at a time"
        )
    source = open_source(paths[0])
    text = source.read(0, min(source.size, 4 * MOST_CHARACTERS + 1)).decode("utf-8", "replace")
    return request_as_dict(request_of_text(text, origin=paths[0]))


def open_models(
    app: App,
    models: tuple[str, ...],
    *,
    download: bool = False,
    conversion: Options | None = None,
) -> None:
    """Read the models that are files, folders, addresses or on the hub; the others are built in.

    Those of other frameworks are converted on the way.
    """
    for model in models:
        source = open_repository(model) if is_repository(model) else open_folder(model)
        if source is not None:
            app.open_model(source, name=model)
            continue
        if not is_address(model) and open_foreign(app, model, conversion or Options()):
            continue
        if is_address(model) or is_file(model):
            app.open_model(open_source(model, download=download), name=model)


def listed(values: tuple[str, ...]) -> list[str]:
    """Comma-separated values of an option that may be repeated.

    >>> listed(("t4,l4", "a100-sxm-80gb"))
    ['t4', 'l4', 'a100-sxm-80gb']
    """
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def whole_number(text: str, option: str) -> int:
    """The number that a text spells.

    Raises:
        RequestError: It spells none.
    """
    try:
        return int(text)
    except ValueError:
        raise RequestError(
            f"{text!r} is no whole number", where=option, fix=f"write it in digits: {option} 8"
        ) from None


def named_numbers(values: tuple[str, ...], option: str) -> dict[str, int]:
    """``NAME=VALUE`` pairs as numbers by name.

    Raises:
        RequestError: One is no such pair, or a name comes twice.
    """
    numbers: dict[str, int] = {}
    for text in listed(values):
        name, equals, number = text.rpartition("=")
        if not equals or not name:
            raise RequestError(
                f"{text!r} is no NAME=VALUE", where=option, fix=f"write {option} sequence=128"
            )
        if name in numbers:
            raise RequestError(f"{name} is set twice", where=option, fix="set it once")
        numbers[name] = whole_number(number, option)
    return numbers
