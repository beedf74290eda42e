"""A TensorFlow Lite file to plain tensors and operators, through its generated classes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.converters.runners.protocol import Refused

DTYPES: Final = {
    "FLOAT32": "float32", "FLOAT16": "float16", "FLOAT64": "float64", "BFLOAT16": "bfloat16",
    "INT8": "int8", "UINT8": "uint8", "INT16": "int16", "UINT16": "uint16", "INT32": "int32",
    "UINT32": "uint32", "INT64": "int64", "UINT64": "uint64", "BOOL": "bool", "INT4": "int4",
}  # fmt: skip
_QUANTISED: Final = frozenset({"int8", "uint8", "int16", "int4", "int32"})
_KEPT_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor of the file.

    Attributes:
        name: Unique; the file's own, with its number.
        dims: Sizes, a free one as "batch" (the first) or "dim_<axis>".
        dtype: A key of ``phantomgpu.dtype.BITS``.
        is_weight: The file holds its content.
        value: The content where it is small; else None.
        scales: Scale of each channel, or of all; empty where it is not quantised.
        channel_axis: The axis those scales belong to.
    """

    name: str
    dims: tuple[int | str, ...]
    dtype: str
    is_weight: bool
    value: NDArray[Any] | None
    scales: int
    channel_axis: int

    @property
    def is_quantised(self) -> bool:
        """Whether its numbers stand for reals."""
        return self.scales > 0 and self.dtype in _QUANTISED


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """One operator: its name, tensors by number (-1: left out), and its options."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The main graph of the file."""

    tensors: tuple[TensorInfo, ...]
    operators: tuple[OperatorInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(path: Path) -> FileInfo:
    """Read the main graph.

    Raises:
        Refused: The file is cut off or damaged.
    """
    import struct

    import tflite

    try:
        model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        return _read(model, model.Subgraphs(0), tflite)
    except (struct.error, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        raise Refused(
            f"{path.name} is no whole TensorFlow Lite file: {error}",
            "fetch the file again; it is cut off or damaged",
        ) from None


def _read(model: Any, graph: Any, tflite: Any) -> FileInfo:
    types = {number: name for name, number in vars(tflite.TensorType).items() if name[0] != "_"}
    operators = _names(tflite.BuiltinOperator)
    options = _names(tflite.BuiltinOptions)
    tensors = [_tensor(model, graph.Tensors(at), at, types) for at in range(graph.TensorsLength())]
    made = []
    for at in range(graph.OperatorsLength()):
        operator = graph.Operators(at)
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = operators[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        if name == "CUSTOM":
            name = f"CUSTOM {(code.CustomCode() or b'').decode('utf-8', 'replace')}"
        made.append(
            OperatorInfo(
                name,
                _numbers(operator.InputsAsNumpy()),
                _numbers(operator.OutputsAsNumpy()),
                _options(operator, options, tflite),
            )
        )
    inputs, outputs = _numbers(graph.InputsAsNumpy()), _numbers(graph.OutputsAsNumpy())
    return FileInfo(tuple(tensors), tuple(made), inputs, outputs)


def _tensor(model: Any, tensor: Any, at: int, types: dict[int, str]) -> TensorInfo:
    dims: list[int | str] = [int(size) for size in _numbers(tensor.ShapeAsNumpy())]
    for axis, size in enumerate(_numbers(tensor.ShapeSignatureAsNumpy())):
        if size < 0:
            dims[axis] = f"dim_{axis}" if axis else "batch"
    dtype = DTYPES[types[tensor.Type()]]
    buffer = model.Buffers(tensor.Buffer())
    length = buffer.DataLength() or int(buffer.Size() if hasattr(buffer, "Size") else 0)
    value = None
    if 0 < buffer.DataLength() <= _KEPT_BYTES and dtype not in ("bfloat16", "int4"):
        value = buffer.DataAsNumpy().view(dtype).reshape([int(size) for size in dims])
    quantization = tensor.Quantization()
    scales = quantization.ScaleLength() if quantization else 0
    name = (tensor.Name() or b"").decode("utf-8", "replace")
    return TensorInfo(
        name=f"{name}_{at}",
        dims=tuple(dims),
        dtype=dtype,
        is_weight=length > 0,
        value=value,
        scales=scales,
        channel_axis=quantization.QuantizedDimension() if scales > 1 else 0,
    )


def _options(operator: Any, names: dict[int, str], tflite: Any) -> Any:
    table = operator.BuiltinOptions()
    kind = names.get(operator.BuiltinOptionsType(), "NONE")
    if table is None or kind == "NONE":
        return None
    options = getattr(tflite, kind)()
    options.Init(table.Bytes, table.Pos)
    return options


def _names(enumeration: Any) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if isinstance(number, int)}


def _numbers(found: Any) -> tuple[int, ...]:
    """A vector of numbers; one that is absent reads as 0."""
    return tuple(int(each) for each in found) if isinstance(found, np.ndarray) else ()
