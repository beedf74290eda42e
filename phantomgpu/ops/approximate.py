"""What cannot be counted is counted by its bytes, and says so."""

from phantomgpu.ops.call import Call
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand


def because(reason: str) -> Rule:
    """All inputs read, all outputs written, no arithmetic; ``reason`` reaches the user."""

    def rule(call: Call) -> Demand:
        """As wide as its largest output."""
        domain = call.node.domain
        name = f"{domain}.{call.node.op_type}" if domain else call.node.op_type
        return call.demand("approximate", approximation=f"{name}: {reason}")

    return rule
