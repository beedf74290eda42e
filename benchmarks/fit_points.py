"""What a few measured rows of a board are worth: ``docs/calibrate.md`` has the table.

    python benchmarks/fit_points.py --data ../shared/data

Each architecture with bf16 products is left out of the fit. Of each of its boards, random rows are
given to ``phantomgpu calibrate``'s own function, and the error of the other rows is printed.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fit import RUNTIMES
from benchmarks.fitting.load import boards_in, catalog_in, runs_in
from benchmarks.fitting.model import Model
from benchmarks.fitting.noise import noise_of
from benchmarks.fitting.table import Array, table
from phantomgpu.cost.columns import boards_of
from phantomgpu.hardware import Catalog
from phantomgpu.hardware.gpu import Calibration, GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.validation.bench import Bench, benches
from phantomgpu.validation.calibrate import calibrate, read_spreads
from phantomgpu.validation.operators import COLUMNS, Measured, measured
from phantomgpu.validation.rows import read_rows

ROOT = Path(__file__).resolve().parents[1]
POINTS = (0, 1, 5, 20)
DRAWS = 6
ROUNDS = 8


def main() -> None:
    """Leave out, give points, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    options.add_argument("--every", type=int, default=8, help="use every n-th image-model row")
    given = options.parse_args()
    profiles = ROOT / "profiles"
    catalog = catalog_in(profiles)
    spreads = read_spreads((profiles / "reference" / "spread.csv").read_text("utf-8"))
    text = (given.data / "measurements" / "ops.csv").read_text("utf-8")
    rows = [
        measured(row)
        for row in read_rows(text, origin="ops.csv", columns=COLUMNS)
        if row.text("op") == "matmul" and row.text("dtype") == "bfloat16"
    ]
    errors: dict[int, list[Array]] = {points: [] for points in POINTS}
    draw = np.random.default_rng(20)
    for profile, runtimes, mine in left_out_boards(given.data, given.every, catalog, rows):
        for points in POINTS:
            found = []
            for _ in range(DRAWS if points else 1):
                chosen = np.zeros(len(mine), dtype=bool)
                chosen[draw.permutation(len(mine))[:points]] = True
                board = profile
                if points:
                    some = tables(mine, chosen, runtimes)
                    fitted = calibrate(some, profile, spreads).values
                    values = {**profile.calibration.values, **fitted}
                    board = replace(profile, calibration=Calibration(values, "spec"))
                found += [off(bench, board) for bench in tables(mine, ~chosen, runtimes)]
            errors[points].append(np.concatenate(found))
            print(f"{profile.id:20s}{points:4d} points {summary(errors[points][-1])}")
    for points, each in errors.items():
        print(f"{'all':20s}{points:4d} points {summary(np.concatenate(each))}")


def left_out_boards(
    data: Path, every: int, catalog: Catalog, rows: Sequence[Measured]
) -> list[tuple[GpuProfile, dict[str, Runtime], list[Measured]]]:
    """Boards as the fit without their architecture knows them, its runtimes, and their rows."""
    boards = boards_in(ROOT / "profiles", catalog)
    runtimes = {name: catalog.runtime(name) for name in RUNTIMES}
    runs = table(
        runs_in(data, catalog, every=every), [b.profile.id for b in boards], list(runtimes)
    )
    whole = Model(runs, boards, runtimes)
    x = whole.fit(noise_of(runs))
    slopes = dict(zip(whole.names, whole.slopes(x).T, strict=True))
    known = dict(zip(whole.names, x.tolist(), strict=True))
    architecture = np.array([b.profile.spec.architecture for b in boards])[runs.run_gpu]
    ids = sorted({each.row.text("gpu") for each in rows})
    out = []
    for name in sorted({catalog.gpu(id_).spec.architecture for id_ in ids}):
        kept = architecture != name
        rest = Model(runs.where(kept), boards, runtimes)
        start = np.array([known.get(n, p) for n, p in zip(rest.names, rest.prior, strict=True)])
        columns = np.stack([slopes[n][kept] for n in rest.names], axis=1)
        found = rest.fit(noise_of(rest.table), start=start, rounds=ROUNDS, slopes=columns)
        values = rest.board_values(found)
        served = _served(runtimes, rest, found)
        for at, board in enumerate(boards):
            if board.profile.spec.architecture == name and board.profile.id in ids:
                own = {key: float(column[at]) for key, column in values.items()}
                stated = board.profile.calibration.values
                own.update({key: v for key, v in stated.items() if _is_interval(key)})
                profile = replace(board.profile, calibration=Calibration(own, "spec"))
                mine = [each for each in rows if each.row.text("gpu") == profile.id]
                out.append((profile, served, mine))
    return out


def _served(runtimes: dict[str, Runtime], model: Model, x: Array) -> dict[str, Runtime]:
    """Runtimes with the values of a fit."""
    fitted = {n[1:]: float(np.exp(v)) for n, v in zip(model.names, x, strict=True)}
    return {
        id_: replace(
            runtime,
            calibration={
                key: fitted.get((key, id_), value) for key, value in runtime.calibration.items()
            },
        )
        for id_, runtime in runtimes.items()
    }


def tables(rows: Sequence[Measured], chosen: Array, runtimes: dict[str, Runtime]) -> list[Bench]:
    """Some of the rows as ``calibrate`` takes them."""
    some = [row for row, take in zip(rows, chosen, strict=True) if take]
    return benches(some, [], runtimes.__getitem__)


def off(bench: Bench, board: GpuProfile) -> Array:
    """Relative error of each row."""
    return np.expm1(bench.log_error(boards_of([board])))


def summary(error: Array) -> str:
    """Mean, median, nine-tenth quantile and bias, in percent."""
    size = np.abs(error)
    figures = (size.mean(), np.median(size), np.quantile(size, 0.9), error.mean())
    return "".join(f"{100.0 * figure:8.1f}" for figure in figures)


def _is_interval(name: str) -> bool:
    return name.startswith("spread") or name == "interval_scale"


if __name__ == "__main__":
    main()
