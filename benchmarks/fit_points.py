"""What a few measured rows of a board are worth: ``docs/calibrate.md`` has the table.

    python benchmarks/fit_points.py --data ../shared/data

Run it after ``fit.py --left-out``. Of each board with bf16 products, in the profiles that have not
seen its architecture, random rows are given to ``phantomgpu calibrate``'s own function, and the
error of the other rows is printed.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.load import catalog_in, units_left_out
from benchmarks.fitting.table import Array
from phantomgpu.cost.columns import boards_of
from phantomgpu.hardware import Catalog
from phantomgpu.hardware.gpu import Calibration, GpuProfile
from phantomgpu.validation.bench import Bench, benches
from phantomgpu.validation.calibrate import calibrate, read_spreads
from phantomgpu.validation.operators import COLUMNS, Measured, measured
from phantomgpu.validation.rows import read_rows

ROOT = Path(__file__).resolve().parents[1]
POINTS = (0, 1, 5, 20)
DRAWS = 6


def main() -> None:
    """Leave out, give points, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    given = options.parse_args()
    profiles = ROOT / "profiles"
    spreads = read_spreads((profiles / "reference" / "spread.csv").read_text("utf-8"))
    text = (given.data / "measurements" / "ops.csv").read_text("utf-8")
    rows = [
        measured(row)
        for row in read_rows(text, origin="ops.csv", columns=COLUMNS)
        if row.text("op") == "matmul" and row.text("dtype") == "bfloat16"
    ]
    errors: dict[int, list[Array]] = {points: [] for points in POINTS}
    draw = np.random.default_rng(20)
    for profile, unseen, mine in left_out_boards(rows):
        for points in POINTS:
            found = []
            for _ in range(DRAWS if points else 1):
                chosen = np.zeros(len(mine), dtype=bool)
                chosen[draw.permutation(len(mine))[:points]] = True
                board = profile
                if points:
                    some = tables(mine, chosen, unseen)
                    fitted = calibrate(some, profile, spreads).values
                    values = {**profile.calibration.values, **fitted}
                    board = replace(profile, calibration=Calibration(values, "spec"))
                found += [off(bench, board) for bench in tables(mine, ~chosen, unseen)]
            errors[points].append(np.concatenate(found))
            print(f"{profile.id:20s}{points:4d} points {summary(errors[points][-1])}")
    for points, each in errors.items():
        print(f"{'all':20s}{points:4d} points {summary(np.concatenate(each))}")


def left_out_boards(
    rows: Sequence[Measured],
) -> Iterator[tuple[GpuProfile, Catalog, list[Measured]]]:
    """Boards as the fit without their architecture knows them, its profiles, and their rows."""
    ids = sorted({each.row.text("gpu") for each in rows})
    for architecture, folder in units_left_out("architecture").items():
        catalog = catalog_in(folder)
        for name in ids:
            profile = catalog.gpu(name)
            if profile.spec.architecture == architecture:
                yield profile, catalog, [each for each in rows if each.row.text("gpu") == name]


def tables(rows: Sequence[Measured], chosen: Array, catalog: Catalog) -> list[Bench]:
    """Some of the rows as ``calibrate`` takes them."""
    some = [row for row, take in zip(rows, chosen, strict=True) if take]
    return benches(some, [], catalog.runtime)


def off(bench: Bench, board: GpuProfile) -> Array:
    """Relative error of each row."""
    return np.expm1(bench.log_error(boards_of([board])))


def summary(error: Array) -> str:
    """Mean, median, nine-tenth quantile and bias, in percent."""
    size = np.abs(error)
    figures = (size.mean(), np.median(size), np.quantile(size, 0.9), error.mean())
    return "".join(f"{100.0 * figure:8.1f}" for figure in figures)


if __name__ == "__main__":
    main()
