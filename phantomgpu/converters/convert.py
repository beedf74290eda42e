"""A source to an ONNX file: recognise, check, let the framework write, leave the weights out."""

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from phantomgpu.converters.archives import check_archive, unpack
from phantomgpu.converters.environment import Tell, python_for
from phantomgpu.converters.frameworks import FRAMEWORKS
from phantomgpu.converters.process import TIME_LIMIT_S, run
from phantomgpu.converters.recognise import ONNX, Found, OpenFile, recognise
from phantomgpu.errors import SourceError
from phantomgpu.families import is_json, read_definition
from phantomgpu.onnx import BytesSource, Source, batch_symbol, read_model
from phantomgpu.onnx.graph import Graph
from phantomgpu.onnx.weightless import rewritten
from phantomgpu.onnx.write import model_bytes

_SAFE_TORCH: Final = {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1"}
"""PyTorch's own switch: nothing in the process may unpickle more than tensors."""

_NUMBERED: Final = re.compile(r"(unk__|s)\d+")
"""Free dimensions as tf2onnx and torch.export call them."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to convert.

    Attributes:
        module: ``file.py:factory`` that makes the model; empty where none is needed.
        inputs: Types and shapes of the inputs, where the source does not tell them.
        dims: Sizes for free dimensions of the result, by name.
        keep_weights: Put the weights into the result.
        trust: Run code that the source brings along.
        isolated: Run the framework in an environment of its own.
        time_limit_s: Seconds it may take.
    """

    module: str = ""
    inputs: tuple[str, ...] = ()
    dims: Mapping[str, int] = field(default_factory=dict)
    keep_weights: bool = False
    trust: bool = False
    isolated: bool = False
    time_limit_s: float = TIME_LIMIT_S


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was made.

    Attributes:
        path: The ONNX file.
        size_bytes: Its size.
        data: The file with its weights, where they are kept in a file of their own.
        by: What converted it: "PyTorch 2.13.0", or "its configuration".
        notes: What was guessed or left out, in words for people.
    """

    path: Path
    size_bytes: int
    data: Path | None = None
    by: str = ""
    notes: tuple[str, ...] = ()


def convert(
    source: str,
    out: Path,
    options: Options,
    *,
    open_file: OpenFile,
    described: Callable[[str], Source | None],
    tell: Tell,
) -> Conversion:
    """Write the ONNX file of a source.

    Args:
        source: A path, a name on the Hub, ``file.py:factory``, or empty with ``options.module``.
        out: The file to write.
        options: How.
        open_file: Opens a path as a ``Source``.
        described: The configuration, or ONNX file, of a folder or name of Hugging Face; None
            where its family is not known.
        tell: Told how far it is.

    Raises:
        SourceError: There is nothing to convert, a framework is missing, or it cannot convert.
        FormatError, LimitError, TruncatedError: An archive that is not opened.
        ModelError: What the framework wrote cannot be read.
    """
    found = recognise(source, open_file, module=options.module)
    with TemporaryDirectory(prefix="phantomgpu-") as name:
        made = Path(name) / f"{out.stem}.onnx"
        done: dict[str, Any] = {}
        graph: Source | None = None
        if found.kind == ONNX:
            graph = open_file(found.path)
        elif found.kind == "huggingface" and not (options.keep_weights or options.isolated):
            graph, done = _by_description(described(found.path))
        if graph is None:
            done = _by_framework(found, made, options, Path(name), tell)
            graph = open_file(str(made))
        tell(0.95, "writing")
        _write(graph, out, options)
        return Conversion(
            path=out,
            size_bytes=out.stat().st_size,
            data=_keep_data(made, out) if options.keep_weights else None,
            by=str(done.get("by", "")),
            notes=tuple(done.get("notes", ())),
        )


def _by_description(source: Source | None) -> tuple[Source | None, dict[str, Any]]:
    """The ONNX file of a model whose family is known, and what is to say about it."""
    if source is None:
        return None, {}
    if not is_json(source):
        return source, {}
    definition = read_definition(source, name=source.name)
    graph = BytesSource(source.name, model_bytes(definition.main.graph))
    return graph, {"by": "its configuration", "notes": definition.notes}


def _by_framework(
    found: Found, made: Path, options: Options, folder: Path, tell: Tell
) -> dict[str, Any]:
    """Let the framework write ``made``; what it says about it."""
    if Path(found.path).is_file():
        check_archive(Path(found.path))
    kind = found.kind
    if kind == "tflite" and options.keep_weights:
        kind = "tflite-weights"
    framework = FRAMEWORKS[Found(kind, found.path).framework]
    path = _unpacked(found, folder) if found.zipped else found.path
    on_disk = bool(path) and Path(path).exists()
    task = {
        "kind": kind,
        "path": str(Path(path).absolute()) if on_disk else path,
        "out": str(made),
        "module": found.module,
        "factory": found.factory,
        "inputs": list(options.inputs),
        "trust": options.trust,
        "keep_weights": options.keep_weights,
    }
    python = python_for(framework, isolated=options.isolated, tell=tell)
    tell(0.05, framework.title)
    return run(
        python,
        framework.script,
        task,
        tell=tell,
        time_limit_s=options.time_limit_s,
        variables={**({} if options.trust else _SAFE_TORCH), **_scratch(folder)},
    )


def _scratch(folder: Path) -> dict[str, str]:
    """Variables that make temporary files go away with the folder: frameworks leave theirs."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


def _unpacked(found: Found, folder: Path) -> str:
    """The folder with ``saved_model.pb`` in an archive that was checked."""
    place = folder / "unpacked"
    unpack(Path(found.path), place)
    return str(next(place.rglob("saved_model.pb")).parent)


def _write(made: Source, out: Path, options: Options) -> None:
    if out.exists() and Path(made.name).exists() and out.samefile(made.name):
        raise SourceError(
            f"{out} would be written over itself", where=f"-o {out}", fix="give another file to -o"
        )
    pieces = rewritten(
        made,
        dims=options.dims,
        names=_names(read_model(made)),
        keep_weights=options.keep_weights,
    )
    first = next(pieces, b"")  # what is wrong is told before a file is touched
    try:
        with out.open("wb") as file:
            file.write(first)
            file.writelines(pieces)
    except OSError as error:
        raise SourceError(
            f"{out} cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(out.absolute()),
            fix="give a path in a folder that you may write to: -o FILE",
        ) from error


def _names(graph: Graph) -> dict[str, str]:
    """A batch that an exporter numbered is called what it is."""
    symbol = batch_symbol(graph)
    if symbol is None or not _NUMBERED.fullmatch(symbol):
        return {}
    taken = any("batch" in (tensor.dims or ()) for tensor in graph.tensors.values())
    return {} if taken else {symbol: "batch"}


def _keep_data(made: Path, out: Path) -> Path | None:
    """Move the file with the weights beside the graph, where the framework wrote one."""
    data = made.with_name(made.name + ".data")
    if not data.is_file():
        return None
    kept = out.with_name(data.name)
    shutil.move(data, kept)
    return kept
