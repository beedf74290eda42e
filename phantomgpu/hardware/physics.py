"""Peaks held against arithmetic: SMs x clock x dense FLOP per clock."""

from collections.abc import Iterable, Iterator
from typing import Final

from phantomgpu.hardware.gpu import Sm, Spec

SPARSE_LOOKING: Final = 1.6
"""A peak this many times what the SMs can do is probably the sparse one, twice the dense."""

_AT_BOOST: Final = frozenset({"fp64", "fp64_matrix", "fp32", "fp32_matrix"})
"""Peaks that vendors state at the boost clock even where the others have a clock of their own."""


def arithmetic_peaks(spec: Spec, sm: Sm) -> dict[str, float]:
    """Dense peak by precision that the SMs can reach, in FLOP/s.

    Args:
        spec: Gives SMs and clocks.
        sm: Gives the dense rate of one SM by precision, and which of them are the vector units'.
    """
    at_boost = _AT_BOOST.union(sm.vector)
    tensor_clock_hz = spec.tensor_clock_hz or spec.boost_clock_hz
    return {
        name: rate * spec.sm_count * (spec.boost_clock_hz if name in at_boost else tensor_clock_hz)
        for name, rate in sm.flops_per_clock.items()
    }


def sparse_looking(spec: Spec, sms: Iterable[Sm]) -> Iterator[tuple[str, float]]:
    """Peaks that look like the figure with 2:4 sparsity, and how many times too large they are.

    Args:
        spec: The board.
        sms: The kinds of SM it may have; the fastest counts.
    """
    possible: dict[str, float] = {}
    for sm in sms:
        for name, peak in arithmetic_peaks(spec, sm).items():
            possible[name] = max(peak, possible.get(name, 0.0))
    for name, peak in spec.peak_flops_per_s.items():
        if name in possible and peak > SPARSE_LOOKING * possible[name]:
            yield name, peak / possible[name]
