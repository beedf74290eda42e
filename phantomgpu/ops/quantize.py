"""Changing between floats and few-bit integers."""

from phantomgpu.ops.call import Call
from phantomgpu.ops.rule import Rule
from phantomgpu.ops.work import Demand


def linear(*, each: int, special_each: int = 0) -> Rule:
    """QuantizeLinear (divide, round, add, clip), DequantizeLinear (subtract, multiply)."""

    def rule(call: Call) -> Demand:
        """So many operations for every element."""
        out = call.out_size()
        return call.demand("quantize", vector=each * out, special=special_each * out)

    return rule


def dynamic(call: Call) -> Demand:
    """DynamicQuantizeLinear: minimum and maximum of all, then QuantizeLinear."""
    return call.demand("quantize", vector=6 * call.size(0), special=call.size(0))
