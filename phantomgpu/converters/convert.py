"""A source to an ONNX file: recognise, check, let the framework write, leave the weights out."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from phantomgpu.converters.archives import check_archive, unpack
from phantomgpu.converters.configuration import configuration_of, definition_of
from phantomgpu.converters.environment import Tell, python_for
from phantomgpu.converters.frameworks import FRAMEWORKS
from phantomgpu.converters.process import TIME_LIMIT_S, run
from phantomgpu.converters.recognise import ONNX, Found, OpenFile, recognise
from phantomgpu.errors import SourceError
from phantomgpu.onnx import batch_symbol, read_model
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
    source: str, out: Path, options: Options, *, open_file: OpenFile, tell: Tell
) -> Conversion:
    """Write the ONNX file of a source.

    Args:
        source: A path, a name on the Hub, ``file.py:factory``, or empty with ``options.module``.
        out: The file to write.
        options: How.
        open_file: Opens a path as a ``Source``.
        tell: Told how far it is.

    Raises:
        SourceError: There is nothing to convert, a framework is missing, or it cannot convert.
        FormatError, LimitError, TruncatedError: An archive that is not opened.
        ModelError: What the framework wrote cannot be read.
    """
    found = recognise(source, open_file, module=options.module)
    with TemporaryDirectory(prefix="phantomgpu-") as name:
        folder = Path(name)
        made = folder / f"{out.stem}.onnx"
        done: dict[str, Any] = {}
        if found.kind == ONNX:
            made = Path(found.path)
        else:
            done = _convert(found, made, options, folder, tell)
        tell(0.95, "writing")
        _write(made, out, options, open_file)
        return Conversion(
            path=out,
            size_bytes=out.stat().st_size,
            data=_keep_data(made, out) if options.keep_weights and found.kind != ONNX else None,
            by=str(done.get("by", "")),
            notes=tuple(done.get("notes", ())),
        )


def _convert(
    found: Found, made: Path, options: Options, folder: Path, tell: Tell
) -> dict[str, Any]:
    """Let the framework write ``made``; what it says about it."""
    if Path(found.path).is_file():
        check_archive(Path(found.path))
    if found.kind == "huggingface" and not options.keep_weights and not options.isolated:
        source = configuration_of(Path(found.path))
        definition = definition_of(source) if source else None
        if definition is not None:
            made.write_bytes(model_bytes(definition.main.graph))
            return {"by": "its configuration", "notes": definition.notes}
    kind = found.kind
    if kind == "tflite" and options.keep_weights:
        kind = "tflite-weights"
    framework = FRAMEWORKS[Found(kind, found.path).framework]
    path = _unpacked(found, folder) if found.zipped else found.path
    python = python_for(framework, isolated=options.isolated, tell=tell)
    task = {
        "kind": kind,
        "path": path if kind == "huggingface" else str(Path(path).absolute()) if path else "",
        "out": str(made),
        "module": found.module,
        "factory": found.factory,
        "inputs": list(options.inputs),
        "trust": options.trust,
        "keep_weights": options.keep_weights,
    }
    safe = {} if options.trust else _SAFE_TORCH
    tell(0.05, framework.title)
    return run(
        python,
        framework.script,
        task,
        tell=tell,
        time_limit_s=options.time_limit_s,
        variables=safe,
    )


def _unpacked(found: Found, folder: Path) -> str:
    """The folder with ``saved_model.pb`` in an archive that was checked."""
    place = folder / "unpacked"
    unpack(Path(found.path), place)
    return str(next(place.rglob("saved_model.pb")).parent)


def _write(made: Path, out: Path, options: Options, open_file: OpenFile) -> None:
    if out.exists() and made.exists() and out.samefile(made):
        raise SourceError(
            f"{out} would be written over itself", where=f"-o {out}", fix="give another file to -o"
        )
    made_anew = open_file(str(made))
    pieces = rewritten(
        made_anew,
        dims=options.dims,
        names=_names(read_model(made_anew)),
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
