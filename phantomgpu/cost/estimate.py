"""What the cost model says of one workload on a list of GPUs."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_GROWING: Final = (
    "compute_s", "memory_s", "launch_s", "kernel_s", "latency_s", "low_s", "high_s", "energy_j",
)  # fmt: skip
"""What is in proportion to the time of a run."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One workload on G GPUs; K distinct kernels.

    Attributes:
        compute_s: Time the arithmetic of one such kernel needs in a run. [gpu, kernel]
        memory_s: Time its memory traffic needs. [gpu, kernel]
        launch_s: Start cost that is not hidden, of one such kernel. [gpu, kernel]
        kernel_s: Time of one such kernel among others: smooth maximum of the first two, times
            what the runtime and a run of many make of it. [gpu, kernel]
        latency_s: One run of the model. [gpu]
        low_s: Lower end of the 80 % prediction interval. [gpu]
        high_s: Upper end. [gpu]
        energy_j: What the board draws in one run: a hook for cost and carbon, shown nowhere: half
            of what an H100 was measured to draw (docs/serving.md). [gpu]
        memory_bytes: Weights, activations, workspace and context. [gpu]
        mfu: Matrix FLOPs over latency times the peak, weighted by peak. [gpu]
        bound: "compute", "memory" or "launch": which takes the largest share. one per GPU
        supported: False where the GPU has no peak for a kernel's precision. [gpu]
    """

    compute_s: FloatArray
    memory_s: FloatArray
    launch_s: FloatArray
    kernel_s: FloatArray
    latency_s: FloatArray
    low_s: FloatArray
    high_s: FloatArray
    energy_j: FloatArray
    memory_bytes: FloatArray
    mfu: FloatArray
    bound: tuple[str, ...]
    supported: NDArray[np.bool_]

    def scaled(self, factor: float) -> "Estimate":
        """The estimate of a model known to take so many times longer; itself where it is 1."""
        if factor == 1.0:
            return self
        changed = {name: getattr(self, name) * factor for name in _GROWING}
        return replace(self, mfu=self.mfu / factor, **changed)
