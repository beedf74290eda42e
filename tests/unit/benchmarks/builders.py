"""Outcomes of measured rows as the tests of the accuracy page want them."""

from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.rows import Row


def an_outcome(line, *, measured=10.0, predicted=10.0, **cells):
    """A run of a model; its 80 % interval is ten percent to each side."""
    usual = {"source": "timm", "gpu": "t4", "model": "resnet50", "runtime": "pytorch-eager",
             "precision": "amp", "metric": "latency_ms"}  # fmt: skip
    return Outcome(
        Row(line, {**usual, **cells}, "models.csv"), measured, predicted=predicted,
        low=0.9 * predicted, high=1.1 * predicted, roofline=0.5 * predicted,
    )  # fmt: skip
