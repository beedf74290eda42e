"""``phantomgpu inspect``: what a model is, and what a runtime makes of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from phantomgpu.cli.conversion import conversion_options, options_from
from phantomgpu.cli.folders import open_app
from phantomgpu.cli.hub import TOKEN_FILE
from phantomgpu.cli.options import (
    DIM,
    DOWNLOAD,
    JSON,
    PROFILES,
    named_numbers,
    open_models,
    whole_number,
)
from phantomgpu.cli.output import console, print_json
from phantomgpu.cli.tables import plain_table
from phantomgpu.report.rounding import compact, figure

MOST_KERNELS: Final = 15
MOST_OPERATORS: Final = 12

_BARS: Final = "▁▂▃▄▅▆▇█"


@click.command()
@click.argument("model")
@DIM
@click.option(
    "--runtime", default="tensorrt", show_default=True, metavar="ID", help="Whose fusion."
)
@click.option(
    "--precision", default="fp16", show_default=True, metavar="P", help="What it runs as."
)
@click.option("--batch", metavar="N", help="Samples per run. [default: 1]")
@click.option("--gpu", default="", metavar="ID", help="Time each kernel on this GPU.")
@click.option("--all", "show_all", is_flag=True, help=f"All kernels, not the first {MOST_KERNELS}.")
@PROFILES
@DOWNLOAD
@TOKEN_FILE
@conversion_options
@JSON
def inspect(
    model: str,
    dims: tuple[str, ...],
    runtime: str,
    precision: str,
    batch: str | None,
    gpu: str,
    show_all: bool,
    profiles: tuple[str, ...],
    download: bool,
    as_json: bool,
    **conversion: Any,
) -> None:
    """Show what is in a model.

    Its inputs, shapes and work, and the kernels that a runtime makes of it.

    MODEL is a path, the id of a built-in model, or an http(s) address. Files of other frameworks
    are converted on the way.
    """
    app = open_app(profiles)
    sizes = named_numbers(dims, "--dim")
    samples = None if batch is None else whole_number(batch, "--batch")
    open_models(app, (model,), download=download, conversion=options_from(conversion))
    found = app.inspect(
        model, dims=sizes, runtime=runtime, precision=precision, batch=samples, gpu=gpu
    )
    if as_json:
        print_json(found)
    else:
        _print(found, console(), most=len(found["kernels"]) if show_all else MOST_KERNELS)


def _print(found: Mapping[str, Any], out: Console, *, most: int) -> None:
    model, run = found["model"], found["run"]
    opsets = ", ".join(f"{domain} {version}" for domain, version in model["opsets"].items())
    out.print(Text(model["name"], style="bold"))
    if found["definition"] is not None:
        _print_definition(found["definition"], out)
    else:
        out.print(
            f"{model['nodes']} nodes, opset {opsets}, {model['producer'] or 'producer unknown'}; "
            f"{_bytes(model['bytes_read'])} of {_bytes(model['bytes_total'])} read"
        )
    out.print()
    out.print(_inputs(found))
    out.print()
    out.print(_figures(found))
    out.print()
    out.print(
        Text(
            f"Kernels under {run['runtime']} in {run['precision']} at batch {run['batch']}"
            + _on_gpu(found),
            style="bold",
        )
    )
    out.print(_timed_kernels(found, most) if _is_timed(found) else _kernels(found, most))
    left = len(found["kernels"]) - most
    if left > 0:
        out.print(Text(f"and {left} smaller ones; --all shows them", style="dim"))
    _print_approximations(found["shapes"], out)


def _print_definition(described: Mapping[str, Any], out: Console) -> None:
    """What a configuration says, and which of several parts the rest is about."""
    out.print(
        f"{described['family']}, {compact(described['parameters'])} parameters, "
        "described by its configuration; no weights were read"
    )
    if len(described["parts"]) > 1:
        steps = described["steps"]
        told = [
            f"{part['name']}{f' x {steps}' if part['per_step'] and steps else ''}"
            + (f" x {part['evaluations']} evaluations" if part["evaluations"] > 1 else "")
            for part in described["parts"]
        ]
        shown = next(part["name"] for part in described["parts"] if part["is_shown"])
        out.print(f"a run is {', '.join(told)}; what follows is {shown} alone, once")
    for note in described["notes"]:
        out.print(Text(note, style="dim"))


def _inputs(found: Mapping[str, Any]) -> Any:
    table = plain_table("input", "type", "dimensions", "free dimensions")
    for item in found["inputs"]:
        dims = "unknown" if item["dims"] is None else " x ".join(str(dim) for dim in item["dims"])
        free = ", ".join(f"{dim['symbol']} = {dim['value']} ({dim['why']})" for dim in item["free"])
        table.add_row(Text(item["name"], style="bold"), item["dtype"], dims, free or "none")
    return table


def _figures(found: Mapping[str, Any]) -> Any:
    run, shapes = found["run"], found["shapes"]
    table = plain_table("", "", numeric=())
    table.show_header = False
    kept = found["generation"]
    cache = "" if kept is None else _bytes(kept["kv_bytes_per_token"]["fp16"])
    for name, value in (
        ("parameters", compact(found["parameters"])),
        ("weights in the file", _bytes(found["weight_bytes"])),
        ("multiply-adds (MACs)", compact(found["macs"])),
        ("operations (FLOPs)", compact(found["flops"])),
        ("operators", _operators(found)),
        ("shapes known", f"{shapes['static']} of {shapes['nodes']} nodes"),
        ("kernel launches", f"{run['launches']}"),
        ("weights on the GPU", _bytes(run["weight_bytes"])),
        *((("cache of one token in fp16", cache),) if cache else ()),
        ("activations at most", _bytes(run["peak_activation_bytes"])),
        ("activations over the run", outline([item["alive_bytes"] for item in found["memory"]])),
    ):
        table.add_row(name, value)
    return table


def outline(values: Sequence[float], *, columns: int = 48) -> str:
    """Values as a row of bars, the highest of each stretch standing for it.

    >>> outline([1, 2, 4, 8, 4], columns=5)
    '▁▂▄█▄'
    """
    if not values:
        return ""
    count = min(columns, len(values))
    edges = [at * len(values) // count for at in range(count + 1)]
    highest = max(values) or 1
    heights = [max(values[low:high]) / highest for low, high in pairwise(edges)]
    return "".join(_BARS[max(ceil(height * len(_BARS)) - 1, 0)] for height in heights)


def _operators(found: Mapping[str, Any]) -> str:
    """The operators with how often they occur, the most frequent first."""
    shown = list(found["operators"].items())
    rest = sum(count for _, count in shown[MOST_OPERATORS:])
    words = [f"{name} {count}" for name, count in shown[:MOST_OPERATORS]]
    return ", ".join([*words, f"others {rest}"] if rest else words)


def _kernels(found: Mapping[str, Any], most: int) -> Any:
    table = plain_table(
        "kernel", "shape", "count", "FLOPs", "read", "written",
        numeric=("count", "FLOPs", "read", "written"),
    )  # fmt: skip
    heaviest = sorted(found["kernels"], key=lambda row: -row["count"] * _weight(row))
    for row in heaviest[:most]:
        table.add_row(
            Text(row["op"], style="bold"),
            row["shape"],
            str(row["count"]),
            compact(row["flops"]),
            _bytes(row["read_bytes"]),
            _bytes(row["write_bytes"]),
        )
    return table


def _is_timed(found: Mapping[str, Any]) -> bool:
    return "cell" in found and found["kernels"][0]["time_us"] is not None


def _on_gpu(found: Mapping[str, Any]) -> str:
    """Where they were timed, and what they add up to; why not, where they cannot run there."""
    if "cell" not in found:
        return ""
    cell = found["cell"]
    if cell["problem"] is not None:
        return f" on {cell['gpu']}: {cell['problem']['what']}"
    return f" on {cell['gpu']}: {figure(cell['latency_ms'])} ms in all"


def _timed_kernels(found: Mapping[str, Any], most: int) -> Any:
    """The kernels with the longest first, which is how they come."""
    table = plain_table(
        "kernel", "shape", "count", "each, µs", "all, ms", "share", "bound by",
        numeric=("count", "each, µs", "all, ms", "share"),
    )  # fmt: skip
    for row in found["kernels"][:most]:
        table.add_row(
            Text(row["op"], style="bold"),
            row["shape"],
            str(row["count"]),
            figure(row["time_us"]),
            figure(row["total_ms"]),
            f"{100 * row['share']:.1f} %",
            row["bound"],
        )
    return table


def _weight(row: Mapping[str, Any]) -> float:
    """How much a kernel matters on a board of a hundred FLOPs per byte, which most are near."""
    return max(float(row["flops"]) / 100, float(row["read_bytes"] + row["write_bytes"]))


def _print_approximations(shapes: Mapping[str, Any], out: Console) -> None:
    if not shapes["approximate"]:
        return
    out.print()
    out.print(Text("Approximations", style="bold"))
    table = plain_table("node", "operator", "reason")
    for item in shapes["approximate"]:
        table.add_row(item["node"], item["op"], item["reason"])
    out.print(table)


def _bytes(count: int) -> str:
    return f"{compact(count)}B" if count >= 1000 else f"{count} B"
