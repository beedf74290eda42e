"""Sustained power: a board that would draw more than its limit lowers its clock."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_LEAST_SHARE: Final = 0.1
"""Of the limit, left for switching on even the smallest board."""


def switching_scale(*, clock_hz: FloatArray, nominal_hz: FloatArray) -> FloatArray:
    """Energy of a switching event at a clock, beside that at the nominal one.

    A faster clock needs a higher voltage, about in proportion, and energy goes with its square.

    Args:
        clock_hz: Boost clock. [gpu, 1]
        nominal_hz: Clock the energies are stated at. [gpu, 1]

    Returns:
        More than 0. [gpu, 1]

    Source:
        Rabaey, Chandrakasan, Nikolic, "Digital Integrated Circuits", section 5.5: ``C·V²``.

    >>> float(switching_scale(clock_hz=np.float64(3e9), nominal_hz=np.float64(1.5e9)))
    4.0
    """
    ratio = clock_hz / nominal_hz
    return np.asarray(ratio * ratio)


def clock_slowdown(
    *,
    energy_j: FloatArray,
    time_s: FloatArray,
    tdp_w: FloatArray,
    static_w: FloatArray,
    static_share: FloatArray,
    exponent: FloatArray,
    settle_s: FloatArray,
) -> FloatArray:
    """Factor by which the clock falls below boost over a run.

    What is left of the limit after leakage, memory refresh and the rest of the board feeds the
    arithmetic and the traffic. Where they would draw more, the clock falls. Voltage falls with
    it, so less than in proportion: by ``excess ** exponent``. A run too short for the
    controller to settle is spared.

    Args:
        energy_j: Of all switching in the run, at boost clock. [gpu, run]
        time_s: Of the run at boost clock, more than 0. [gpu, run]
        tdp_w: Board limit. [gpu, 1]
        static_w: Drawn by any board without any switching: memory, regulators, fans. [gpu, 1]
        static_share: Of the limit, drawn likewise: leakage. [gpu, 1]
        exponent: 1 at the lowest voltage, towards 1/3 above it. [gpu, 1]
        settle_s: Length of a run at which half the effect shows. [gpu, 1]

    Returns:
        At least 1. [gpu, run]

    Source:
        Dynamic power is proportional to frequency times the square of the voltage: Rabaey,
        Chandrakasan, Nikolic, "Digital Integrated Circuits", section 5.5.

    >>> float(clock_slowdown(energy_j=np.float64(400), time_s=np.float64(1),
    ...     tdp_w=np.float64(260), static_w=np.float64(8), static_share=np.float64(0.2),
    ...     exponent=np.float64(1), settle_s=np.float64(0)))
    2.0
    """
    available_w = np.maximum(tdp_w * (1.0 - static_share) - static_w, _LEAST_SHARE * tdp_w)
    excess = np.maximum(energy_j / time_s / available_w, 1.0)
    return np.asarray(1.0 + (excess**exponent - 1.0) * time_s / (time_s + settle_s))


def run_energy(
    *,
    switching_j: FloatArray,
    time_s: FloatArray,
    tdp_w: FloatArray,
    static_w: FloatArray,
    static_share: FloatArray,
) -> FloatArray:
    """Energy that the board draws in a run: leakage, the rest of the board, and switching.

    No board draws more than its limit for long, whatever its units would switch at boost.

    Args:
        switching_j: Of all switching in the run, at boost clock. [gpu, run]
        time_s: Of the run. [gpu, run]
        tdp_w: Board limit. [gpu, 1]
        static_w: As for ``clock_slowdown``. [gpu, 1]
        static_share: Likewise. [gpu, 1]

    Returns:
        Joules. [gpu, run]

    Source:
        Rabaey, Chandrakasan, Nikolic, "Digital Integrated Circuits", section 5.5. The values are
        fitted on times alone, through the clocks that the limit leaves: no power was measured.

    >>> float(run_energy(switching_j=np.float64(100), time_s=np.float64(2), tdp_w=np.float64(100),
    ...     static_w=np.float64(10), static_share=np.float64(0.1)))
    140.0
    """
    power_w = np.minimum(static_w + tdp_w * static_share + switching_j / time_s, tdp_w)
    return np.asarray(power_w * time_s)
