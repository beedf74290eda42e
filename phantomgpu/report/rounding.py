"""The only place where figures are rounded for people, so that every surface prints the same."""

from math import floor, isfinite, log10
from typing import Final

SIGNIFICANT_DIGITS: Final = 6

SUMMED_DIGITS: Final = 12
"""Of figures that are added up again, so that their sum rounds to what is stated for the whole."""


def rounded(value: float | None, *, digits: int = SIGNIFICANT_DIGITS) -> float | int | None:
    """A figure at a number of significant digits; whole ones without a fraction.

    None stays None, and so does what is not finite, which JSON cannot hold.

    >>> rounded(0.00123456789), rounded(4210.00000001), rounded(1234567.8), rounded(None)
    (0.00123457, 4210, 1234570, None)
    """
    if value is None or not isfinite(value):
        return None
    short = float(f"{value:.{digits - 1}e}")
    return int(short) if short == int(short) else short


def figure(value: float | None, *, digits: int = 3) -> str:
    """A figure for a table: few digits, never an exponent, an empty text for None.

    >>> figure(1.23456), figure(0.0123456), figure(12345.6), figure(99.96), figure(None)
    ('1.23', '0.0123', '12,346', '100', '')
    """
    if value is None or not isfinite(value):
        return ""
    if value == 0:
        return "0"
    short = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - floor(log10(abs(short)))
    if decimals <= 0:
        return f"{value:,.0f}"
    return f"{short:.{decimals}f}"


def stated(value: float | None) -> str:
    """A figure as a data sheet states it: no digit added, none lost that it would print.

    >>> stated(600.0), stated(22.5), stated(1555.0), stated(None)
    ('600', '22.5', '1,555', '')
    """
    return "" if value is None else f"{value:,.6g}"


_STEPS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def compact(value: float | None, *, digits: int = 3) -> str:
    """A large count with its SI prefix.

    >>> compact(4089184256), compact(25557032), compact(122), compact(1500)
    ('4.09 G', '25.6 M', '122', '1.50 k')
    """
    if value is None or not isfinite(value):
        return ""
    for size, prefix in _STEPS:
        if abs(value) >= size * (1 - 0.5 * 10.0**-digits):
            return f"{figure(value / size, digits=digits)} {prefix}"
    return figure(value, digits=digits) if value != int(value) else f"{int(value)}"
