"""The fusion rules by name, and the flow they make of a graph.

Which rules a runtime applies stands in its profile; docs/fusion.md tells what
each does and where it is known from. A rule takes a flow and gives one in
which some operations have become one; the order of the names is the order of
application.
"""

from collections.abc import Callable, Sequence
from typing import Final

from phantomgpu.errors import ProfileError, nearest
from phantomgpu.onnx.graph import ShapedGraph
from phantomgpu.ops import Demand
from phantomgpu.workload.epilogues import conv_activation, conv_add_activation
from phantomgpu.workload.flow import Flow
from phantomgpu.workload.views import flow_of

Rule = Callable[[Flow], Flow]

RULES: Final[dict[str, Rule]] = {
    "conv-add-activation": conv_add_activation,
    "conv-activation": conv_activation,
}
"""Every rule that makes one operation of several, by the name profiles use."""

TRAITS: Final = frozenset({"in-place"})
"""Names a profile lists among its rules that change no operation but how memory is planned."""


def fused(
    shaped: ShapedGraph,
    demands: Sequence[Demand | None],
    *,
    rules: Sequence[str],
    half: bool,
    autocast: bool,
) -> Flow:
    """The operations a runtime with these rules launches.

    Args:
        shaped: The graph.
        demands: Of its nodes, None for those known before the run.
        rules: Names, in order of application.
        half: Activations have 16 bits or fewer.
        autocast: Casts are inserted as torch.autocast does.

    Raises:
        ProfileError: There is no rule of that name.
    """
    check_rules(rules)
    flow = flow_of(shaped, demands)
    for name in rules:
        if name in RULES:
            flow = RULES[name](flow)
    return flow


def check_rules(rules: Sequence[str]) -> None:
    """Raise ``ProfileError`` for a name that is no rule."""
    known = {*RULES, *TRAITS}
    for name in rules:
        if name not in known:
            raise ProfileError(
                f"there is no fusion rule '{name}'",
                where="runtime profile, fusion",
                fix=f"nearest: {', '.join(nearest(name, known))}; docs/fusion.md lists them all",
            )
