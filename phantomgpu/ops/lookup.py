"""Finds the rule of a node and applies it: the one function other packages call."""

from collections.abc import Mapping
from dataclasses import replace

from phantomgpu.onnx.graph import Node, ShapedGraph
from phantomgpu.ops.approximate import because
from phantomgpu.ops.call import NEWEST, Call, UnknownShapeError
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.table import ML, STANDARD, TRAINING
from phantomgpu.ops.table_contrib import BLOCKED, CHANNELS_LAST, CONTRIB, OWN
from phantomgpu.ops.work import Demand

RULES: Mapping[str, Mapping[str, Rule]] = {
    "": STANDARD,
    "com.microsoft": CONTRIB,
    "com.microsoft.experimental": CONTRIB,
    "com.microsoft.nchwc": BLOCKED,
    "com.ms.internal.nhwc": CHANNELS_LAST,
    "ai.onnx.ml": ML,
    "phantomgpu": OWN,
    "ai.onnx.preview": STANDARD,
    "ai.onnx.preview.training": TRAINING,
}
"""Rules by domain and operator."""


MEANT_CONTRIB_BEFORE: Mapping[str, int] = {"Attention": 23}
"""Names that ONNX Runtime wrote into the standard domain before it took them, otherwise meant."""


def rule_of(domain: str, op_type: str, opset: int = NEWEST) -> Rule | None:
    """The rule of an operator, None where there is none.

    ONNX Runtime writes some of its own operators into the standard domain, so a name that the
    standard does not know, or did not know yet, is looked up among those of com.microsoft.
    """
    rule = RULES.get(domain, {}).get(op_type)
    too_early = opset < MEANT_CONTRIB_BEFORE.get(op_type, 0)
    return CONTRIB.get(op_type) if domain == "" and (rule is None or too_early) else rule


def demand(node: Node, shaped: ShapedGraph) -> Demand:
    """What one node asks of a GPU, in operations and elements.

    An unknown operator, or one whose shapes are not known, is counted by the tensors it reads and
    writes; ``approximation`` then says why. Nothing is dropped.

    Raises:
        ShapeError: The operands cannot be those of the operator.
    """
    call = Call.of(node, shaped)
    rule = rule_of(node.domain, node.op_type, call.opset) or because(
        "not an operator that is known"
    )
    try:
        done = rule(call)
    except UnknownShapeError as unknown:
        return because(f"the shape of '{unknown}' is not known")(call)
    if done.family != "view" and not done.approximation and (name := call.unknown()):
        return replace(done, approximation=f"{node.op_type}: the shape of '{name}' is not known")
    return done
