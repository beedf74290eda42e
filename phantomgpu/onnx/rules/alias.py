"""Contrib operators that are shaped as a standard one is."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Alias:
    """The standard operator that another is shaped as.

    Attributes:
        op_type: Of the standard domain.
        version: Opset whose schema is asked.
        inputs: Which inputs are handed on, in its order.
        dtype_of: The input whose dtype the output has; -1 where the schema says it.
    """

    op_type: str
    version: int
    inputs: tuple[int, ...]
    dtype_of: int = -1


ALIASES: Final[dict[str, Alias]] = {
    "FusedConv": Alias("Conv", 11, (0, 1, 2)),
    "Conv": Alias("Conv", 11, (0, 1, 2)),
    "MaxPool": Alias("MaxPool", 11, (0,)),
    "AveragePool": Alias("AveragePool", 11, (0,)),
    "GlobalAveragePool": Alias("GlobalAveragePool", 1, (0,)),
    "GlobalMaxPool": Alias("GlobalMaxPool", 1, (0,)),
    "QLinearAveragePool": Alias("AveragePool", 11, (0,), 0),
    "QLinearGlobalAveragePool": Alias("GlobalAveragePool", 1, (0,), 0),
    "QLinearReduceMean": Alias("ReduceMean", 11, (0,), 0),
    "FusedGemm": Alias("Gemm", 13, (0, 1, 2)),
    "GemmFloat8": Alias("Gemm", 13, (0, 1, 2)),
    "GridSample": Alias("GridSample", 16, (0, 1)),
    "Unique": Alias("Unique", 11, (0,)),
    "Trilu": Alias("Trilu", 14, (0, 1)),
    "Range": Alias("Range", 11, (0, 1, 2)),
    "Pad": Alias("Pad", 13, (0, 1, 2)),
    "GatherND": Alias("GatherND", 11, (0, 1)),
}
"""By operator. Source: onnxruntime, docs/ContribOperators.md, and its ``nchwc`` schemas."""
