"""Measured rows that are valid as they come; a test says what it changes."""

from phantomgpu.validation.rows import Row


def a_model_row(line=2, **cells):
    """ResNet-18 at batch 8 on a T4 in 5 ms."""
    row = {
        "source": "here", "gpu": "t4", "model": "resnet18", "runtime": "tensorrt",
        "precision": "fp16", "layout": "", "batch": "8", "input": "224x224",
        "metric": "latency_ms", "value": "5.0",
    }  # fmt: skip
    return Row(line, {**row, **{name: str(text) for name, text in cells.items()}}, "rows.csv")


def an_operator_row(line=2, **cells):
    """A product of 1024 cubed in fp16 on a T4, its kernel alone."""
    row = {
        "source": "here", "gpu": "t4", "op": "matmul", "sub": "", "dtype": "fp16",
        "runtime": "pytorch-eager(cuda graph)", "B": "1", "M": "1024", "N": "1024", "K": "1024",
        "latency_ms": "0.1",
    }  # fmt: skip
    return Row(line, {**row, **{name: str(text) for name, text in cells.items()}}, "rows.csv")
