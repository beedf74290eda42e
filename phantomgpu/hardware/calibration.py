"""The names a ``[calibration]`` table may hold: what each fitted value is, and its limits.

Every value has a default in ``profiles/architectures/default.toml``, which the catalogue lays
under the architecture's file, which it lays under the GPU's, field by field. So a GPU without
measurements gets typical efficiencies, and ``cost`` finds every name.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Parameter:
    """One fitted value.

    Attributes:
        name: Its key in ``[calibration]``.
        low: Smallest value that makes sense.
        high: Largest.
        unit: ``"1"``, ``"s"``, ``"B"``, ``"J/FLOP"``.
        meaning: What it is, for people.
    """

    name: str
    low: float
    high: float
    unit: str
    meaning: str


PARAMETERS: Final[dict[str, Parameter]] = {
    parameter.name: parameter
    for parameter in (
        Parameter("matrix_efficiency", 0.02, 1.2, "1", "share of the tensor-core peak of a tile"),
        Parameter("vector_efficiency", 0.02, 1.2, "1", "share of the fp32 peak of a tile"),
        Parameter("bandwidth_efficiency", 0.05, 1.2, "1", "share of the peak bandwidth"),
        Parameter("roofline_sharpness", 1.0, 20.0, "1", "how well arithmetic and traffic overlap"),
        Parameter("interval_log_low", -3.0, 0.0, "1", "ln(lower end / latency) of the 80 % band"),
        Parameter("interval_log_high", 0.0, 3.0, "1", "ln(upper end / latency) of the 80 % band"),
    )
}
"""All of them, by name."""

RUNTIME_PARAMETERS: Final[dict[str, Parameter]] = {}
"""The same for the ``[calibration]`` table of a runtime."""
