"""What a rule is: one operator call in, what it demands of a GPU out."""

from collections.abc import Callable

from phantomgpu.ops.call import Call
from phantomgpu.ops.work import Demand

Rule = Callable[[Call], Demand]
"""May raise ``UnknownShapeError`` (then the call is counted by its bytes) or ``ShapeError``."""
