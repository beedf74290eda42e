"""Fit the kernels of runtimes that only image models ran in, with the GPUs held.

    python benchmarks/fit_runtimes.py --data ../shared/data

``fit.py`` thins the rows of image models, since there are many of few boards; then some kinds of
kernels have hardly one. This second step takes all rows of ``pytorch-compile`` and
``pytorch-eager-nhwc`` and fits their ``slowdown_*`` alone. Run it after ``fit.py``: same rows and
profiles, same values. It prints the error with each half of the models left out as well, and goes
on with the profiles that ``fit.py`` left of fits without a GPU, on the rows of the others.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting import plan
from benchmarks.fitting.load import catalog_in, image_models, units_left_out
from benchmarks.fitting.write import replace_sections, section
from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.kinds import KINDS
from phantomgpu.hardware import Catalog
from phantomgpu.validation.bench import model_bench
from phantomgpu.validation.models import Placed

Array = NDArray[np.float64]

PROFILES = Path(__file__).resolve().parents[1] / "profiles"
RUNTIMES = ("pytorch-compile", "pytorch-eager-nhwc")
NOT_THERE = ("weight_only", "quantize", "block_quantize", "approximate", "decode", "gemv")
"""Kinds of kernels that image models do not have."""

NAMES = tuple(f"slowdown_{kind}" for kind in KINDS if kind not in NOT_THERE)
SIGMA = np.array(
    [plan.SAME_LIBRARY.get(f"pytorch-compile {name}", plan.SLOWDOWN_SIGMA) for name in NAMES]
)
"""How far a runtime's kernels may be from the best: its products are the library's own."""

NOTHING = np.zeros(len(NAMES))
NOISE = 0.08
STEP = 0.05
ROUNDS = 6


def main() -> None:
    """Read, fit, print, write."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    options.add_argument("--dry-run", action="store_true", help="write nothing")
    given = options.parse_args()
    catalog = catalog_in(PROFILES)
    placed = image_models(given.data, catalog)
    for runtime in RUNTIMES:
        mine = [each for each in placed if each.point is not None and each.point.runtime == runtime]
        found = fit(mine, runtime, catalog)
        report(mine, runtime, catalog, found)
        if given.dry_run:
            continue
        write(PROFILES, runtime, found, len(mine))
        gpus = {each.row.text("gpu") for each in mine}
        for unit, folder in units_left_out("gpu").items():
            if unit in gpus:
                others = [each for each in mine if each.row.text("gpu") != unit]
                found = fit(others, runtime, catalog_in(folder)) if others else NOTHING
                write(folder, runtime, found, len(others))


def fit(rows: Sequence[Placed], runtime: str, catalog: Catalog) -> Array:
    """Logarithms of the slowdowns that explain the rows best; outliers are weighted down."""
    errors = errors_of(rows, runtime, catalog)
    x = NOTHING
    for _ in range(ROUNDS):
        error = errors(x)
        slopes = np.stack(
            [(errors(x + STEP * row) - error) / STEP for row in np.eye(len(NAMES))], axis=1
        )
        weight = np.minimum(1.0, 2.0 * NOISE / np.maximum(np.abs(error), 1e-9)) / NOISE**2
        hessian = slopes.T @ (slopes * weight[:, None]) + np.diag(1.0 / SIGMA**2)
        gradient = slopes.T @ (weight * error) + x / SIGMA**2
        x = x - np.clip(np.linalg.solve(hessian, gradient), -0.3, 0.3)
    return x


def errors_of(rows: Sequence[Placed], runtime: str, catalog: Catalog) -> Callable[[Array], Array]:
    """Logarithm of predicted over measured, by logarithms of the slowdowns. [row]."""
    by_gpu: dict[str, list[Placed]] = {}
    for row in rows:
        by_gpu.setdefault(row.row.text("gpu"), []).append(row)
    profile = catalog.runtime(runtime)

    def errors(x: Array) -> Array:
        values = {name: float(np.exp(log)) for name, log in zip(NAMES, x, strict=True)}
        changed = replace(profile, calibration={**profile.calibration, **values})
        return np.concatenate(
            [
                model_bench(members, changed).log_error(boards_of([catalog.gpu(gpu)]))
                for gpu, members in by_gpu.items()
            ]
        )

    return errors


def report(rows: Sequence[Placed], runtime: str, catalog: Catalog, found: Array) -> None:
    """Errors before, after, and with each half of the models left out."""
    fitted = catalog.runtime(runtime).calibration
    before = np.log([fitted.get(name, 1.0) for name in NAMES])
    print(f"{runtime}, {len(rows)} rows")
    print("  before               ", shown(errors_of(rows, runtime, catalog)(before)))
    print("  after                ", shown(errors_of(rows, runtime, catalog)(found)))
    is_first = [crc32(row.row.text("model").encode()) % 2 == 0 for row in rows]
    left: list[Array] = []
    for half in (True, False):
        others = [row for row, first in zip(rows, is_first, strict=True) if first != half]
        own = [row for row, first in zip(rows, is_first, strict=True) if first == half]
        x = fit(others, runtime, catalog)
        left.append(errors_of(own, runtime, catalog)(x))
    print("  half of the models left out", shown(np.concatenate(left)))


def shown(errors: Array) -> str:
    """Mean, median and 90th percentile of the error, in per cent."""
    off = 100.0 * np.abs(np.expm1(errors))
    return f"{np.mean(off):5.1f} {np.median(off):5.1f} {np.quantile(off, 0.9):5.1f}"


def write(profiles: Path, runtime: str, found: Array, rows: int) -> None:
    """The slowdowns into a profile, beside the rest there."""
    known = catalog_in(profiles).runtime(runtime)
    values = dict(known.calibration)
    values.update({name: float(np.exp(log)) for name, log in zip(NAMES, found, strict=True)})
    path = profiles / "runtimes" / f"{runtime}.toml"
    fitted_on = f"{rows} rows of timm, the GPUs held; what is no slowdown, as fit.py says"
    replace_sections(
        path, [section("calibration", dict(sorted(values.items())), fitted_on, known.measured_on)]
    )


if __name__ == "__main__":
    main()
