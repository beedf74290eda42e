"""Prediction intervals: how far off the model was on boards it had not seen."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import Boards
from phantomgpu.cost.kinds import KINDS
from phantomgpu.hardware.runtime import Runtime

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

ENOUGH_RUNS: Final = 10
"""Measured runs, shaped by a kind of kernel, that tell how far off it is in a run."""


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


def run_spread(
    boards: Boards,
    runtime: Runtime,
    unfamiliar: FloatArray | float = 0.0,
    *,
    is_fp32: bool = False,
) -> FloatArray:
    """Spread of a run: of board or runtime, whichever is known less well. [gpu].

    A runtime under which no whole model was measured has none of its own and must not look sure;
    nor must one on an architecture that none of its runs was measured on, or in kinds of kernels
    that no measured run of it consists of.

    Args:
        boards: The GPUs.
        runtime: Its profile.
        unfamiliar: Share of the run's time in such kinds. [gpu]
        is_fp32: Whether it runs in fp32, whose boards and kernels are others.
    """
    of_board = boards.values["spread_run"][:, 0]
    unmeasured = boards.values["spread_unmeasured_runtime"][:, 0]
    said = [
        runtime.run_spread(name, is_fp32=is_fp32) for name in boards.architecture[:, 0].tolist()
    ]
    of_runtime = np.array([
        other if known is None else known for known, other in zip(said, unmeasured, strict=True)
    ])  # fmt: skip
    widened = of_runtime + unfamiliar * np.maximum(unmeasured - of_runtime, 0.0)
    return np.asarray(np.maximum(of_board, widened))


def unfamiliar_share(time_s: FloatArray, kinds: IndexArray, runtime: Runtime) -> FloatArray:
    """Share of a run's time in kinds that shaped too few of the runtime's measured runs. [gpu]."""
    runs = np.array([runtime.calibration.get(f"runs_{kind}", 0.0) for kind in KINDS])
    share = np.sum(time_s * (runs[kinds] < ENOUGH_RUNS), axis=1) / np.sum(time_s, axis=1)
    return np.asarray(np.nan_to_num(share))
