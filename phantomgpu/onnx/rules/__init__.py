"""Shape rules in Python for the operators that make up most of every model, one table per family."""

from phantomgpu.onnx.call import Call, Typed


def find_rule(domain: str, op_type: str, version: int):
    return None
