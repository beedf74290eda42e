"""What a target that is not reached lacks: what was tried, and what the residuals say."""

from collections.abc import Iterable, Mapping, Sequence

MISSING: Mapping[str, str] = {
    "NeuSight operators": """\
  V100 reaches 0.99 of its fp32 peak in large products, A100 0.86, P100 0.77, and nothing stated
  about the boards tells why; the host's time in a stopwatch differs from machine to machine
  (see below); cuDNN's choice among direct and Winograd kernels (a fifth of the convolutions
  are off by more than 30 %: another kernel ran); P4's hot rows; rocBLAS's tables. Even fitted
  on these very rows the error is the one that the table calls fitted. Tried: one tile for
  batches, long rows, Winograd's blocks and transforms, rows read again, the stopwatch's host,
  all kept (22 to 17); without gain: kriging on the rows of other boards, trees on the
  residuals.""",
    "NeuSight end to end": """\
  these values of boards again, on five to eighteen runs each: V100 left out comes out too slow,
  MI100 and P4 too fast. Tried: everything above; none of it tells one board's share of its
  peak from another's.""",
    "bf16 GEMM": """\
  cuBLAS's choice of a kernel for each shape: even 18 values for each board, fitted on all its
  rows, leave 8 %. Tried: what small tiles cost to feed, the cache's halves, splits, stages by
  format, cold weights, all kept (21 to 11); without gain: kriging on calibrated rows.""",
    "attention, prompt": """\
  each of the four boards is the first of its architecture. SGLang's own kernel on A100 is a fifth
  faster than FlashAttention-2 there, long prompts on L40S are slower than products there say,
  and nothing of either is seen on another board. Tried: kernels told apart by library, group,
  format and width; copies around them; starts that no SM clock paces; all kept (23 to 17).""",
    "attention, decoding": """\
  SGLang's own kernels on A100 move keys at 0.4 of the bandwidth where vLLM's reach 0.9;
  TensorRT-LLM 1.0 on L40S takes another kernel for few sequences, 1.3 does not. Both are
  known once rows of the board are. Tried: rules for splitting read from each library, blocks
  that fill an SM, fp8 unpacked by hand, all kept (40 to 17).""",
    "TensorRT BERT": """\
  one version of TensorRT ran on each architecture, so that age
  and board cannot be told apart. Tried: its plugins' attention, kept (10 to 5); a floor under
  kernels that falls with the clock, taken back.""",
    "image models, compiled": """\
  two boards of one kind, each told by the other alone.""",
}
"""By the name of a goal; one that is reached is not shown."""

BESIDE = """\
- **bf16 GEMM with 20 points of the board**, asked 8 / 5.5 / 17: `docs/calibrate.md` has the
  figure. 18 free values for each board, fitted on all of its 200 rows, end at 7.8 / 6.1 / 16.
- **Intervals** (each GPU between 0.75 and 0.87, width at most 0.40): errors of one board go
  together, so that some boards lie wholly inside and some wholly outside; lone kernels that are off
  by 15 % on average need a width of 0.5.
"""


def shortfalls(reached: Iterable[tuple[str, str, Sequence[float]]]) -> str:
    """A list of the targets that are not reached, with what is missing.

    Args:
        reached: Name of each goal, its target as ``"mean / median / p90"`` in percent or less of
            that, and the three figures in percent.

    Raises:
        KeyError: Nothing is said of a goal that is missed.
    """
    lines = []
    for name, target, figures in reached:
        asked = [float(part) for part in target.split("/")]
        if all(is_ <= most for is_, most in zip(figures, asked, strict=False)):
            continue
        are = " / ".join(f"{figure:.1f}" for figure in figures[: len(asked)])
        lines.append(f"- **{name}**: {are}, asked {target}. Missing:\n{MISSING[name]}\n")
    return "".join(lines) + BESIDE
