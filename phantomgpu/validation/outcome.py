"""What became of one measured row: its prediction, or the reason why there is none."""

from dataclasses import dataclass

from phantomgpu.validation.rows import Row


@dataclass(frozen=True, slots=True)
class Outcome:
    """A measured row beside what the model says, all in the row's own unit.

    Attributes:
        row: As read.
        measured: What the row says.
        predicted: What the model says; None where it makes no prediction.
        low: Lower end of the 80 % prediction interval.
        high: Upper end.
        roofline: What a plain roofline at peak says.
        reason: Why there is no prediction; empty where there is one.
    """

    row: Row
    measured: float
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    roofline: float | None = None
    reason: str = ""
