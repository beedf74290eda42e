"""What a model's time on one GPU is worth on another: ``docs/calibrate.md`` has the table.

    python benchmarks/other_gpu.py --data ../shared/data

Run it after the fits with ``--left-out``. Image models are predicted for one of two boards whose
rows no fit has seen, as they are and times what ``phantomgpu calibrate``'s own function makes of
their times on the other board.
"""

import argparse
import sys
from itertools import permutations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.judged import time_ratio
from benchmarks.fitting.load import catalog_in, image_models, units_left_out
from phantomgpu.validation.bench import benches
from phantomgpu.validation.calibrate import calibrate, read_spreads
from phantomgpu.validation.figures import errors_of
from phantomgpu.validation.models import Placed, model_outcomes

ROOT = Path(__file__).resolve().parents[1]
GPUS = ("rtx-4090", "rtx-3090")
LAYOUTS = {"nchw": "channels-first", "nhwc": "channels-last"}


def main() -> None:
    """Predict, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    data = options.parse_args().data
    placed = [
        each
        for each in image_models(data, catalog_in(ROOT / "profiles"))
        if each.row.text("runtime") == "pytorch-eager"
    ]
    for target, given in permutations(GPUS):
        for layout, words in LAYOUTS.items():
            some = [each for each in placed if each.row.text("layout") == layout]
            print(f"{target}, {words}: {compared(some, target, given)}")


def compared(rows: list[Placed], target: str, given: str) -> str:
    """Mean and median error on one board, without and with the times on the other."""
    unseen = catalog_in(units_left_out("gpu")[target])
    spreads = read_spreads((ROOT / "profiles" / "reference" / "spread.csv").read_text("utf-8"))
    known = [row for row in rows if row.row.text("gpu") == given]
    found = calibrate(benches([], known, unseen.runtime), unseen.gpu(given), spreads)
    factors = {factor.subject.graph: factor.factor for factor in found.factors}
    graphs = {row.row.line: row.graph for row in rows}
    shown = [
        outcome
        for outcome in model_outcomes([r for r in rows if r.row.text("gpu") == target], unseen)
        if outcome.predicted is not None and graphs[outcome.row.line] in factors
    ]
    ratio = np.array([time_ratio(outcome) for outcome in shown])
    factor = np.array([factors[graphs[outcome.row.line]] for outcome in shown])
    errors = (errors_of(ratio), errors_of(ratio * factor))
    figures = [f"{100 * each.mape:.1f} / {100 * each.median_ape:.1f}" for each in errors]
    return f"{len(shown)} rows, {figures[0]} without, {figures[1]} with"


if __name__ == "__main__":
    main()
