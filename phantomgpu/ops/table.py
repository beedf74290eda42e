"""The table of operators: what rule each one has. To add an operator, add a row here."""

from collections.abc import Mapping
from typing import Final

from phantomgpu.ops import conv, gather, matmul, move, norm, pointwise, pool, quantize, reduce
from phantomgpu.ops.rule import Rule

STANDARD: Final[Mapping[str, Rule]] = {
    "Conv": conv.convolution(),
    "ConvTranspose": conv.transposed(),
    "MatMul": matmul.matmul,
    "Gemm": matmul.gemm,
    "Add": pointwise.each(vector=1),
    "Sub": pointwise.each(vector=1),
    "Mul": pointwise.each(vector=1),
    "Div": pointwise.each(special=1),
    "Relu": pointwise.each(vector=1),
    "Clip": pointwise.each(vector=2),
    "Sigmoid": pointwise.each(vector=2, special=2),
    "Softmax": norm.softmax,
    "LayerNormalization": norm.over_last_axes(each=8),
    "BatchNormalization": norm.batch,
    "ReduceMean": reduce.reduction(),
    "MaxPool": pool.window(),
    "AveragePool": pool.window(special_out=1),
    "GlobalAveragePool": pool.whole_space(special_out=1),
    "Transpose": move.copy,
    "Concat": move.copy,
    "Split": move.of_data,
    "Slice": move.of_data,
    "Gather": gather.gather,
    "Reshape": move.view,
    "Flatten": move.view,
    "Squeeze": move.view,
    "Unsqueeze": move.view,
    "Identity": move.view,
    "Constant": move.view,
    "Shape": move.view,
    "QuantizeLinear": quantize.linear(each=4, special_each=1),
    "DequantizeLinear": quantize.linear(each=2),
}

CONTRIB: Final[Mapping[str, Rule]] = {}
ML: Final[Mapping[str, Rule]] = {}
TRAINING: Final[Mapping[str, Rule]] = {}
