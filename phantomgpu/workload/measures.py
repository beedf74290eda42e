"""What of a fused flow depends on the batch, as arrays."""

from dataclasses import dataclass

import numpy as np

from phantomgpu.workload.workload import FloatArray


@dataclass(frozen=True, slots=True)
class Measures:
    """What depends on the batch.

    Attributes:
        numbers: See ``columns.numbers``. [row, op]
        live: Activation elements alive at each step, by width class. [step, class]
        ends: Elements of all graph inputs, then of all outputs, by class. [2, class]
    """

    numbers: FloatArray
    live: FloatArray
    ends: FloatArray

    def between(self, other: "Measures", share: float) -> "Measures":
        """Linear inter- or extrapolation: ``share`` 0 is this, 1 is ``other``."""
        return Measures(
            self.numbers + share * (other.numbers - self.numbers),
            self.live + share * (other.live - self.live),
            self.ends + share * (other.ends - self.ends),
        )

    def equals(self, other: "Measures") -> bool:
        """Whether all numbers are the same, to the rounding of a float."""
        return (
            np.allclose(self.numbers, other.numbers, rtol=1e-9, atol=0.5)
            and np.allclose(self.live, other.live, rtol=1e-9, atol=0.5)
            and np.allclose(self.ends, other.ends, rtol=1e-9, atol=0.5)
        )
