"""What all charts share: Vega-Lite specs that carry their data, in colours all can tell apart.

Every spec carries its values, so nothing is fetched to draw it, and its
description says in words what is to be seen. Colours are of the Okabe-Ito
palette, which colour-blind people can tell apart; shapes repeat what colours say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Spec = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
PALETTE: Final = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442",
)  # fmt: skip
"""Okabe and Ito, "Color Universal Design" (2008)."""


def chart(description: str, values: Sequence[Mapping[str, Any]], body: Spec) -> Spec:
    """A spec with its words and its data."""
    return {
        "$schema": SCHEMA,
        "description": description,
        "data": {"values": list(values)},
        **body,
    }


def colour(field: str, order: Sequence[str]) -> Spec:
    """An encoding by colour: one of the palette for each value of the field, in that order."""
    colours = [PALETTE[at % len(PALETTE)] for at in range(len(order))]
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(order), "range": colours},
    }


def tooltip(*fields: str) -> list[Spec]:
    """What is shown of a point that one looks at."""
    return [{"field": field} for field in fields]


def shape(field: str, order: Sequence[str]) -> Spec:
    """An encoding by shape that says the same as ``colour``, for those who see no colours."""
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(order)},
    }
