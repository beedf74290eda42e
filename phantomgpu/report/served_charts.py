"""Served models against the number of requests at once, as charts."""

from typing import Any, Final, Literal

from phantomgpu.comparison import Cell, Comparison
from phantomgpu.report.charts import out_of_memory
from phantomgpu.report.rounding import rounded
from phantomgpu.report.served import has_served
from phantomgpu.report.vega import Spec, chart, colour, shape, tooltip

Quantity = Literal["tokens", "tpot", "ttft"]

_TITLES: Final[dict[Quantity, tuple[str, str, str]]] = {
    "tokens": ("tokens_per_s", "tokens/s of all users", "Throughput"),
    "tpot": ("tpot_ms", "time per token, ms", "Time per output token"),
    "ttft": ("ttft_ms", "time to first token, ms", "Time to first token"),
}


def served_charts(comparison: Comparison) -> dict[str, Spec]:
    """Curves against concurrency by name; none where no model of it generates tokens."""
    if not has_served(comparison.cells):
        return {}
    quantities: tuple[Quantity, ...] = ("tokens", "tpot", "ttft")
    return {f"{each}_by_concurrency": against_concurrency(comparison, each) for each in quantities}


def against_concurrency(comparison: Comparison, quantity: Quantity) -> Spec:
    """One quantity of each GPU against the requests at once, times with their 80 % band.

    Where so many requests do not fit, a dotted rule stands at the first number that does not.
    """
    field, title, words = _TITLES[quantity]
    served = [cell for cell in comparison.cells if cell.serving is not None]
    values = [_value(cell) for cell in served if cell.problem is None]
    x = {
        "field": "concurrency",
        "type": "quantitative",
        "title": "requests at once",
        "scale": {"type": "log", "base": 2},
    }
    y = {"field": field, "type": "quantitative", "title": title, "scale": {"type": "log"}}
    colours = colour("gpu", comparison.request.gpus)
    series = {"field": "run", "type": "nominal", "title": "run"}
    layers: list[dict[str, Any]] = []
    low, high = (field.replace("_ms", f"_{end}_ms") for end in ("low", "high"))
    if quantity != "tokens":
        layers.append(
            {
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": {
                    "x": x, "y": {**y, "field": low}, "y2": {"field": high}, "color": colours,
                    "detail": series,
                },
            }
        )  # fmt: skip
    layers.append(
        {
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": x, "y": y, "color": colours, "detail": series,
                "shape": shape("gpu", comparison.request.gpus),
                "tooltip": tooltip("gpu", "concurrency", "tokens_per_s", "ttft_ms", "tpot_ms"),
            },
        }
    )  # fmt: skip
    limits = [
        {"gpu": found["gpu"], "concurrency": found["batch"], "note": found["note"]}
        for found in out_of_memory(served, noun="concurrency")
    ]
    if limits:
        layers.append(
            {
                "data": {"values": limits},
                "mark": {"type": "rule", "strokeDash": [3, 3]},
                "encoding": {"x": x, "color": colours, "tooltip": tooltip("gpu", "note")},
            }
        )
    return chart(f"{words} against requests at once.", values, {"layer": layers})


def _value(cell: Cell) -> dict[str, Any]:
    served = cell.serving

    def ms(name: str) -> float | int | None:
        seconds = getattr(served, name)
        return None if seconds is None else rounded(seconds * 1e3)

    return {
        "gpu": cell.gpu,
        "concurrency": cell.batch,
        "run": f"{cell.gpu}, {cell.model}, {cell.precision}, {cell.runtime}",
        "tokens_per_s": rounded(served.tokens_per_s if served else None),
        "tokens_per_s_per_user": rounded(served.tokens_per_s_per_user if served else None),
        "ttft_ms": ms("ttft_s"),
        "ttft_low_ms": ms("ttft_low_s"),
        "ttft_high_ms": ms("ttft_high_s"),
        "tpot_ms": ms("tpot_s"),
        "tpot_low_ms": ms("tpot_low_s"),
        "tpot_high_ms": ms("tpot_high_s"),
        "basis": cell.basis,
    }
