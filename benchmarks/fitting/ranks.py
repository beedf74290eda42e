"""Which of two GPUs is faster: how often the predictions say so rightly."""

from benchmarks.fitting.judged import Judged
from phantomgpu.validation.figures import rank_agreement

NOISE = 0.06
"""What the same shape differs by between versions of the same library."""

HEAD_OF_RANKS = (
    "source of runs", "pairs", "Kendall tau", "fitted", "roofline",
    f"pairs more than {100 * NOISE:.0f} % apart", "Kendall tau of these", "target",
)  # fmt: skip

SAID_OF_RANKS = """Kendall's tau: pairs of GPUs put in the right order less those put in the wrong
one, over all pairs that did the same work; GPU left out unless said. Two GPUs whose measurements
are closer than what versions of a library differ by have no order that could be told: the second
tau leaves them out.
"""


def rank_lines(rows: Judged) -> list[list[str]]:
    """Cells of the table of ranks, a line a source of runs of whole models."""
    lines = []
    for source in sorted(set(rows.column("source")[rows.is_model].tolist())):
        some = rows.where(rows.is_model & (rows.column("source") == source))
        told = {way: rank_agreement(some.said(way)) for way in ("gpu", "fitted", "roofline")}
        pairs = told["gpu"][1]
        if not pairs:
            continue
        clear, clear_pairs = rank_agreement(some.said("gpu"), apart=NOISE)
        lines.append([
            source, str(pairs), *(f"{tau:.2f}" for tau, _ in told.values()), str(clear_pairs),
            f"{clear:.2f}", "0.98" if source == "neusight" else "",
        ])  # fmt: skip
    return lines
