"""A measured model row to the point it was measured at: runtime, precision, batch and input."""

import re
from dataclasses import dataclass
from typing import Final

from phantomgpu.dtype import PRECISIONS
from phantomgpu.hardware import Catalog
from phantomgpu.onnx.graph import Graph
from phantomgpu.validation.rows import Row

MODEL_COLUMNS: Final = (
    "gpu", "model", "runtime", "precision", "batch", "metric", "value",
)  # fmt: skip
"""Columns that every model row must have; ``source``, ``input`` and ``layout`` may tell more."""

_PRECISION: Final = {
    "amp": "fp16", "int8-qat": "int8", "Q4_K_M": "int4", "Q8_0": "int8", "bfloat16": "bf16",
    "float16": "fp16", "fp8_block": "fp8", "nvfp4": "fp4", "mxfp4": "fp4",
}  # fmt: skip
"""Precision by the word of a row, where it is not the same."""

_RUNTIME: Final = {"trtllm": "trt-llm", "tensorrt-llm": "trt-llm", "llamacpp": "llama-cpp"}
"""Runtime profile by the word of a row, where it is not the same."""

_IMAGE: Final = re.compile(r"(\d+)x(\d+)")
_SEQUENCE: Final = re.compile(r"seq(\d+)")


@dataclass(frozen=True, slots=True)
class Point:
    """What of a row decides its work.

    Attributes:
        runtime: Id of a runtime profile.
        precision: A key of ``PRECISIONS``.
        batch: Samples per run.
        casts: How the graph was brought to the precision; a row of `amp` ran under autocast,
            whatever the runtime does with a model that was converted.
    """

    runtime: str
    precision: str
    batch: int
    casts: str


def point_of(row: Row, catalog: Catalog) -> Point | str:
    """The point of a row; a reason where there is none.

    A runtime that has a profile for the row's memory layout, ``<runtime>-<layout>``, is that one.

    Raises:
        DataError: The batch is no number.
    """
    stored = row.text("precision")
    precision = _PRECISION.get(stored, stored)
    if precision not in PRECISIONS:
        return f"there is no precision {stored!r}"
    if row.text("gpu") not in catalog.gpu_ids:
        return f"there is no profile of {row.text('gpu')!r}"
    word = row.text("runtime").replace(".", "-")
    name = _RUNTIME.get(word, word)
    laid_out = f"{name}-{row.text('layout')}"
    runtime = laid_out if laid_out in catalog.runtime_ids else name
    if runtime not in catalog.runtime_ids:
        return f"there is no runtime {row.text('runtime')!r}"
    if precision not in catalog.runtime(runtime).precisions:
        return f"{runtime} has no {precision}"
    casts = "autocast" if stored == "amp" else catalog.runtime(runtime).casts
    return Point(runtime, precision, round(row.number("batch", 1.0)), casts)


def dims_of(row: Row, graph: Graph, batch: str | None) -> dict[str, int] | str:
    """Sizes of the graph's free dimensions for the row's ``input``; a reason where it has none.

    Args:
        row: A model row.
        graph: Its model.
        batch: Symbol of the batch dimension.
    """
    text = row.text("input")
    if not text:
        return {}
    if image := _IMAGE.fullmatch(text):
        return _image_dims(graph, int(image[1]), int(image[2]), text)
    if sequence := _SEQUENCE.fullmatch(text):
        free = {
            dim
            for name in graph.inputs
            for dim in graph.tensors[name].dims or ()
            if isinstance(dim, str) and dim != batch
        }
        if free:
            return dict.fromkeys(sorted(free), int(sequence[1]))
        return f"the graph has no free dimension for {text}"
    return f"input {text!r} is no image size and no sequence length"


def _image_dims(graph: Graph, height: int, width: int, text: str) -> dict[str, int] | str:
    """Height and width of the one image the graph takes, channels first or last."""
    images = [name for name in graph.inputs if len(graph.tensors[name].dims or ()) == 4]
    if len(images) != 1:
        return f"the graph takes no single image for {text}"
    dims = graph.tensors[images[0]].dims or ()
    first = 1 if dims[3] in (1, 3, 4) and dims[1] not in (1, 3, 4) else 2
    if dims[first : first + 2] == (height, width):
        return {}
    return {f"{images[0]}:{first}": height, f"{images[0]}:{first + 1}": width}
