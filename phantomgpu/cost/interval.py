"""Prediction intervals: how far off the model was on boards it had not seen."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def interval_ends(
    *, time_s: FloatArray, spread: FloatArray, scale: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Ends of the interval that holds 80 % of measurements.

    Errors are factors, so the interval is even in the logarithm.

    Args:
        time_s: Predicted. [gpu, run]
        spread: Logarithm that 80 % of the left-out residuals stay below, without their sign, of
            this kind of work on calibrated boards. [gpu, run]
        scale: Of it, for boards known less well. [gpu, 1]

    Returns:
        Lower and upper end, in seconds. Each [gpu, run]

    Source:
        Lei et al., "Distribution-Free Predictive Inference for Regression", JASA 113 (2018):
        split conformal intervals.

    >>> low, high = interval_ends(time_s=np.float64(1), spread=np.float64(0), scale=np.float64(1))
    >>> float(low), float(high)
    (1.0, 1.0)
    """
    factor = np.exp(spread * scale)
    return np.asarray(time_s / factor), np.asarray(time_s * factor)
