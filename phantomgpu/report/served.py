"""What a served language model gives its users, in words and table cells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from phantomgpu.comparison import Cell, Comparison
from phantomgpu.hardware import GpuProfile
from phantomgpu.report.rounding import figure

SERVED_COLUMNS: Final = (
    "ttft_ms", "ttft_low_ms", "ttft_high_ms", "tpot_ms", "tpot_low_ms", "tpot_high_ms",
    "tokens_per_s", "tokens_per_s_per_user", "requests_per_s", "kv_bytes", "kv_bytes_per_token",
    "weight_bytes", "largest_batch",
)  # fmt: skip
"""Columns that the CSV has besides where a model generates tokens."""

MARKDOWN_HEADER: Final = (
    "Model", "GPU", "Runtime", "Precision", "Concurrency", "First token, ms", "80 % interval, ms",
    "Per token, ms", "80 % interval, ms ", "Tokens/s per user", "Tokens/s in all", "Memory, GB",
    "Bound by", "Basis", "Note",
)  # fmt: skip
"""Of the table of served models; no two are equal."""


def has_served(cells: Iterable[Cell]) -> bool:
    """Whether any of the cells is of a model that generates tokens."""
    return any(cell.serving is not None for cell in cells)


def milliseconds(seconds: float | None) -> str:
    """A time for a table; empty for None."""
    return figure(None if seconds is None else seconds * 1e3)


def first_token_interval(cell: Cell) -> str:
    """The 80 % interval of the time to first token, in ms; empty where it cannot run."""
    served = cell.serving
    return "" if served is None else _between(served.ttft_low_s, served.ttft_high_s)


def per_token_interval(cell: Cell) -> str:
    """The 80 % interval of the time per output token, in ms; empty where it cannot run."""
    served = cell.serving
    return "" if served is None else _between(served.tpot_low_s, served.tpot_high_s)


def _between(low_s: float | None, high_s: float | None) -> str:
    if low_s is None or high_s is None:
        return ""
    return f"{figure(low_s * 1e3)} - {figure(high_s * 1e3)}"


def load_words(comparison: Comparison, model: str) -> str:
    """What every request to a model is: ``"1,024 tokens in, 256 out, fp16 cache"``."""
    asked = comparison.request
    sound_s = next((facts.sound_s for facts in comparison.models if facts.id == model), 0.0)
    words = f"{asked.prompt_tokens:,} tokens in, {asked.output_tokens:,} out"
    if sound_s:
        words = f"{sound_s:g} s of sound in, {asked.output_tokens:,} tokens out"
    return f"{words}, {asked.kv_precision} cache"


def served_sentence(
    cells: Sequence[Cell], title: str, comparison: Comparison
) -> tuple[str, list[Cell]]:
    """Which GPU serves most tokens at the highest concurrency that any can, and what users get.

    Args:
        cells: Of one model, those that run.
        title: What people call it.
        comparison: What was worked out.

    Returns:
        The sentence, and the cells that were held against each other, the best first.
    """
    ranked = ranked_by_tokens(cells)
    best, gpus = ranked[0], comparison.gpus
    served = best.serving
    if served is None:
        return "", ranked
    users = "its one user" if best.batch == 1 else f"each of {best.batch:,} users"
    head = (
        f"{gpus[best.gpu].name} in {best.precision} under {comparison.runtimes[best.runtime].name} "
        f"gives {users} of {title} {figure(served.tokens_per_s_per_user)} tokens/s"
        f"{_of_interval(best)}, the first after {_seconds(served.ttft_s)}"
        f"{_first_interval(best)} ({load_words(comparison, best.model)})"
    )
    if len(ranked) > 1:
        second = ranked[1].serving
        mine, other = served.tokens_per_s or 0.0, (second and second.tokens_per_s) or 0.0
        if other:
            head += f": {figure(mine / other)} times the tokens of {gpus[ranked[1].gpu].name}"
    return f"{head}.", ranked


def ranked_by_tokens(cells: Sequence[Cell]) -> list[Cell]:
    """The best cell of each GPU at the highest concurrency that runs anywhere, most tokens first.

    Cells that cannot run must be left out before.
    """
    most = max((cell.batch for cell in cells), default=0)
    best: dict[str, Cell] = {}
    for cell in sorted(cells, key=lambda cell: -_tokens(cell)):
        if cell.batch == most:
            best.setdefault(cell.gpu, cell)
    return list(best.values())


def overlapping(ranked: Sequence[Cell], gpus: Mapping[str, GpuProfile]) -> list[str]:
    """Names of the GPUs whose interval of the time per token overlaps that of the best."""
    best = ranked[0].serving
    if best is None or best.tpot_high_s is None:
        return []
    return [
        gpus[cell.gpu].name
        for cell in ranked[1:]
        if cell.serving is not None
        and cell.serving.tpot_low_s is not None
        and cell.serving.tpot_low_s <= best.tpot_high_s
    ]


def _tokens(cell: Cell) -> float:
    return (cell.serving.tokens_per_s if cell.serving else None) or 0.0


def _of_interval(cell: Cell) -> str:
    served = cell.serving
    if served is None or not served.tpot_low_s or not served.tpot_high_s:
        return ""
    return f" ({figure(1 / served.tpot_high_s)} to {figure(1 / served.tpot_low_s)})"


def _first_interval(cell: Cell) -> str:
    served = cell.serving
    if served is None or served.ttft_low_s is None or served.ttft_high_s is None:
        return ""
    return f" ({figure(served.ttft_low_s)} to {figure(served.ttft_high_s)})"


def _seconds(seconds: float | None) -> str:
    return f"{figure(seconds)} s"
