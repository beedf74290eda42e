"""Each operator of TensorFlow Lite as operators of ONNX."""

from phantomgpu.converters.runners.tflite_compute import COMPUTE
from phantomgpu.converters.runners.tflite_file import OperatorInfo
from phantomgpu.converters.runners.tflite_graph import Building
from phantomgpu.converters.runners.tflite_moves import MOVES

_RULES = COMPUTE | MOVES


def add_operator(build: Building, op: OperatorInfo) -> None:
    """Add what an operator is in ONNX."""
    _RULES[op.name](build, op)


def is_known(name: str) -> bool:
    """Whether there is a rule for an operator."""
    return name in _RULES
