"""What the rules of TensorFlow Lite's operators share."""

from collections.abc import Callable, Sequence
from typing import Final

from phantomgpu.converters.runners.protocol import Refused
from phantomgpu.converters.runners.tflite_file import OperatorInfo
from phantomgpu.converters.runners.tflite_graph import Building

Rule = Callable[[Building, OperatorInfo], None]
"""Adds what an operator is in ONNX."""

_ACTIVATIONS: Final = ("", "Relu", "relu_n1_to_1", "relu6", "Tanh")
"""By number of ``ActivationFunctionType``."""


def activated(build: Building, name: str, function: int) -> str:
    """What a fused activation makes of a value."""
    kind = _ACTIVATIONS[function] if function < len(_ACTIVATIONS) else None
    if kind is None:
        raise Refused(
            f"the file has activation number {function}, which is not known here",
            "convert it with TensorFlow: add --keep-weights",
        )
    if kind in ("relu6", "relu_n1_to_1"):
        low, high = (0, 6) if kind == "relu6" else (-1, 1)
        return clip(build, name, low, high)
    return build.node(kind, [name]) if kind else name


def clip(build: Building, name: str, low: float, high: float) -> str:
    """A value held between two limits."""
    limits = [build.constant(low, "float32"), build.constant(high, "float32")]
    return build.node("Clip", [name, *limits])


def fused_activation(op: OperatorInfo) -> int:
    """Number of the activation that an operator ends with."""
    return int(op.options.FusedActivationFunction()) if op.options is not None else 0


def sizes(build: Building, number: int) -> list[int]:
    """Sizes of a weight, which are all known."""
    return [int(size) for size in build.info(number).dims]


def known_numbers(build: Building, op: OperatorInfo, at: int) -> list[int]:
    """The content of an input that must be in the file."""
    value = build.info(op.inputs[at]).value
    if value is None:
        raise Refused(
            f"{op.name} computes what it needs to know before",
            "convert it with TensorFlow: add --keep-weights",
        )
    return [int(each) for each in value.reshape(-1)]


def for_all(names: Sequence[str], rule: Rule) -> dict[str, Rule]:
    """One rule under several names."""
    return dict.fromkeys(names, rule)
