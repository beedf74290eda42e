"""Fit the values in ``profiles/`` to measured rows: same rows, same values.

    python benchmarks/fit.py --data ../shared/data            fit, print, write profiles/
    python benchmarks/fit.py --data ../shared/data --left-out leave each GPU out as well

With GPUs left out, what each fit without one says goes into a folder of profiles of its own. Then
run ``fit_runtimes.py`` and ``fit_serving.py``, which go on with all of them, and ``accuracy.py``.

Only ``measurements/ops.csv`` and ``measurements/models.csv`` are read, and the graphs that
``models.csv`` names. Every ``--every``-th image-model row is used; there are many of few boards.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.intervals import Widths, widths_of
from benchmarks.fitting.leave_out import predictions, rests
from benchmarks.fitting.load import (
    boards_in,
    catalog_in,
    forget_left_out,
    new_profiles_without,
    runs_in,
)
from benchmarks.fitting.model import Model, Name
from benchmarks.fitting.noise import noise_of
from benchmarks.fitting.show import print_errors, print_values
from benchmarks.fitting.table import table
from benchmarks.fitting.write import Writer
from phantomgpu.cost.kinds import KINDS
from phantomgpu.hardware import Catalog, GpuProfile

ROOT = Path(__file__).resolve().parents[1]
RUNTIMES = (
    "pytorch-eager", "pytorch-eager-nhwc", "pytorch-compile", "tensorrt", "trt-llm", "vllm",
    "sglang", "llama-cpp",
)  # fmt: skip


def main() -> None:
    """Read, fit, print, write."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    options.add_argument("--every", type=int, default=8, help="use every n-th image-model row")
    options.add_argument("--rounds", type=int, default=20, help="steps of the fit at most")
    options.add_argument(
        "--left-out", action="store_true", help="leave out each GPU, then each architecture"
    )
    options.add_argument("--dry-run", action="store_true", help="write nothing")
    given = options.parse_args()

    profiles = ROOT / "profiles"
    catalog = catalog_in(profiles)
    boards = boards_in(profiles, catalog)
    rows = table(
        runs_in(given.data, catalog, every=given.every),
        [board.profile.id for board in boards],
        RUNTIMES,
    )
    print(f"{len(rows)} rows, {len(rows.kernels)} kernels")
    model = Model(rows, boards, {name: catalog.runtime(name) for name in RUNTIMES})
    x = model.fit(noise_of(rows), rounds=given.rounds)
    print_values(model, x)
    seen = model(x)
    print_errors("fitted on these rows", rows, seen)
    hidden = {}
    if given.left_out:
        hidden = {by: list(rests(model, x, by)) for by in ("gpu", "architecture")}
        unseen = {by: predictions(model, found) for by, found in hidden.items()}
        for by, says in unseen.items():
            print_errors(f"{by} left out", rows, says)
    if given.dry_run:
        return
    if given.left_out:
        widths = widths_of(rows, seen, unseen["gpu"], unseen["architecture"])
    else:
        widths = _last(catalog)
    print(widths)
    _write(model, dict(zip(model.names, x.tolist(), strict=True)), profiles, widths)
    forget_left_out()
    for by, found in hidden.items():
        for rest in found:
            folder = new_profiles_without(by, rest.unit, profiles)
            _write(rest.model, rest.values, folder, widths)


def _write(model: Model, values: dict[Name, float], profiles: Path, widths: Widths) -> None:
    """All values of a fit into a folder of profiles."""
    data = _data(model)
    writer = Writer(model, values, profiles, data)
    writer.default(widths, data["all"])
    writer.architectures(widths)
    writer.boards(widths)
    writer.runtimes(widths)


def _last(catalog: Catalog) -> Widths:
    """Widths that the profiles hold: by what is known of the board, and by runtime."""
    scale: dict[str, float] = {}
    run: dict[str, float] = {}
    for values, basis in ((g.calibration.values, g.calibration.basis) for g in _gpus(catalog)):
        scale[basis] = values["interval_scale"]
        run[basis] = max(values["spread_run"], run.get(basis, 0.0))
    own, own_fp32, elsewhere = (
        {
            at: values[name]
            for at, values in enumerate(catalog.runtime(name).calibration for name in RUNTIMES)
            if name in values
        }
        for name in ("spread_run", "spread_run_fp32", "spread_run_elsewhere")
    )
    run["calibrated"], run["unmeasured"] = min(own.values()), values["spread_unmeasured_runtime"]
    kinds = {f"spread_{kind}": values[f"spread_{kind}"] for kind in KINDS}
    kernels = {
        at: {f"spread_{kind}{suffix}": fitted[f"spread_{kind}{suffix}"]
             for kind in KINDS for suffix in ("", "_fp32") if f"spread_{kind}{suffix}" in fitted}
        for at, fitted in enumerate(catalog.runtime(name).calibration for name in RUNTIMES)
    }  # fmt: skip
    return Widths(kinds, kernels, scale, run, own, own_fp32, elsewhere)


def _gpus(catalog: Catalog) -> list[GpuProfile]:
    return [catalog.gpu(name) for name in catalog.gpu_ids]


def _data(model: Model) -> dict[str, str]:
    """Number of rows and their sources, by board, group and runtime."""
    rows = model.table
    counts: dict[str, Counter[str]] = {"all": Counter()}
    for at, runtime, label in zip(rows.run_gpu, rows.run_runtime, rows.label, strict=True):
        board = model.boards[at]
        names = ("all", board.profile.id, board.group, model.runtimes[runtime])
        for name in names:
            counts.setdefault(name, Counter())[str(label[0])] += 1
    return {
        name: f"{sum(count.values())} rows of {', '.join(sorted(count))}"
        for name, count in counts.items()
    }


if __name__ == "__main__":
    main()
