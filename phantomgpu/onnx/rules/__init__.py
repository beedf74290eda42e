"""Shape rules in Python for the operators that the C++ schemas of ``onnx`` leave open.

Four tables, one per family: `standard` (operators of the standard domain whose schema has no
inference at some opset), `contrib` (what ONNX Runtime adds), `ml` (``ai.onnx.ml``) and `own`
(``phantomgpu``). To add an operator, write a function from `Call` to the dtype and dims of its
outputs and name it there.
"""

from collections.abc import Callable
from typing import Final

from phantomgpu.onnx.call import Call, Typed
from phantomgpu.onnx.rules.alias import ALIASES, Alias
from phantomgpu.onnx.rules.contrib import CONTRIB, NOT_STANDARD
from phantomgpu.onnx.rules.ml import ML
from phantomgpu.onnx.rules.own import OWN
from phantomgpu.onnx.rules.standard import STANDARD

Rule = Callable[[Call], list[Typed]]

_CONTRIB_DOMAINS: Final = frozenset(
    {"com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", "com.microsoft.experimental"}
)


def find_rule(domain: str, op_type: str, version: int) -> Rule | None:
    """The rule of an operator at an opset version; None where the schemas know it better."""
    if domain == "":
        made_standard = NOT_STANDARD.get(op_type)
        if made_standard is not None:
            return CONTRIB[op_type] if version < made_standard else None
        found = STANDARD.get(op_type)
        return found[1] if found is not None and version <= found[0] else None
    if domain == "ai.onnx.ml":
        return ML.get(op_type)
    if domain == "phantomgpu":
        return OWN.get(op_type)
    return CONTRIB.get(op_type) if domain in _CONTRIB_DOMAINS else None


def find_alias(domain: str, op_type: str) -> Alias | None:
    """The standard operator whose schema shapes a contrib one; None where there is none."""
    return ALIASES.get(op_type) if domain in _CONTRIB_DOMAINS else None
