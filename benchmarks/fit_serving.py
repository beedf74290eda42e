"""Fit how runtimes serve language models, with the GPUs held.

    python benchmarks/fit_serving.py --data ../shared/data

A third step after ``fit.py`` and ``fit_runtimes.py``: same rows and profiles, same values. Of the
serving runtimes it fits what kernels timed alone do not show: the slowdown of passes over prompts
and of steps (shared by all runtimes), the scheduler's time of a pass and the host's time of a
request (of each runtime). Of llama.cpp, whose kernels nobody timed alone, it fits the slowdown of
each kind. It writes the profiles, ``[serving]`` and ``cost.start_us`` of serving runtimes and
``[calibration]`` of llama.cpp, and goes on with those that ``fit.py`` left of fits without a GPU,
on the rows of the others.
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fitting.intervals import SHARE
from benchmarks.fitting.load import catalog_in, folders_in, rows_with_graph, units_left_out
from benchmarks.fitting.write import number, replace_sections, section
from phantomgpu.cost.columns import boards_of
from phantomgpu.hardware import Catalog
from phantomgpu.validation.bench import model_bench
from phantomgpu.validation.folders import ModelFolder
from phantomgpu.validation.language import ROUNDS
from phantomgpu.validation.models import Placed, model_outcomes, placed_rows
from phantomgpu.validation.rows import Row as UnplacedRow
from phantomgpu.validation.served import Passes, Served, mean_times, requests_in_flight
from phantomgpu.workload import FAMILIES

Array = NDArray[np.float64]
Errors = Callable[[Array], Array]

PROFILES = Path(__file__).resolve().parents[1] / "profiles"
LOCAL = "xiongjiedai-llamacpp"
SOURCES = ("aic-silicon", LOCAL)
SERVED_AS = ("trt-llm", "vllm")
START_US, REQUEST_US = 200.0, 5000.0
"""What is expected of a scheduler that works while the GPU does, and of a server's front end."""

SIGMA_SHARED, SIGMA_OWN = 0.1, 1.0
KINDS = ("gemv", "matmul", "decode", "softmax", "norm", "pointwise")
SIGMA_KIND = 0.5
OPERATIONS = 2.0
"""Of a multiply-add, the least that a row of 16 bits can cost on the ordinary units."""

NOISE, STEP, ROUNDS_OF_FIT, FURTHEST = 0.1, 0.02, 12, 0.5
MOST = float(np.log(9.99))
"""A profile takes no slowdown of more than 10."""


@dataclass(frozen=True, slots=True)
class Row:
    """A serving row with the times of its passes before any fitted value.

    Attributes:
        served: What was asked.
        passes: Scheduler and slowdowns left out.
        parts: Passes over one prompt.
        measured_s: What the row says.
    """

    served: Served
    passes: Passes
    parts: float
    measured_s: float

    def predicted_s(self, values: dict[str, float], generating: object) -> float:
        """With fitted values."""
        start_s = values[f"start {self.served.runtime}"]
        passes = replace(
            self.passes,
            prompt_s=values["prompt"] * (self.passes.prompt_s + self.parts * start_s),
            step_s=values["step"] * (self.passes.step_s + start_s),
        )
        times = mean_times(generating, self.served, passes)  # type: ignore[arg-type]
        if self.served.row.text("metric") == "tpot_ms":
            return float(times.tpot_s[0])
        request_s = values[f"request {self.served.runtime}"]
        return float(times.ttft_s[0]) + (1 - 1 / ROUNDS) * request_s


NAMES = (
    "prompt", "step", *(f"start {r}" for r in SERVED_AS), *(f"request {r}" for r in SERVED_AS),
)  # fmt: skip
EXPECTED = np.log([1.0, 1.0, *[START_US * 1e-6] * 2, *[REQUEST_US * 1e-6] * 2])
SIGMAS = np.array([SIGMA_SHARED] * 2 + [SIGMA_OWN] * 4)


def main() -> None:
    """Read, fit, print, write."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="folder with measurements/")
    options.add_argument("--dry-run", action="store_true", help="write nothing")
    given = options.parse_args()
    rows = [row for row in rows_with_graph(given.data, 1) if row.text("source") in SOURCES]
    models = folders_in(given.data)
    placed = list(placed_rows(rows, catalog_in(PROFILES), models))
    served = [each.served for each in placed if each.served is not None]
    own = [each for each in placed if each.workload is not None]
    folders = [(PROFILES, "")]
    if not given.dry_run:
        folders += [(folder, unit) for unit, folder in units_left_out("gpu").items()]
    for folder, unit in folders:
        others = [each for each in served if each.row.text("gpu") != unit]
        rest = [each for each in own if each.row.text("gpu") != unit]
        if not unit or len(others) < len(served):
            print(f"serving, {len(others)} rows", f"without {unit}" if unit else "")
            serve(others, folder, dry_run=given.dry_run)
        if not unit or len(rest) < len(own):
            print(f"llama.cpp, {len(rest)} rows", f"without {unit}" if unit else "")
            local(rest, folder, dry_run=given.dry_run)
    if not given.dry_run:
        spread_of_runs([row for row in rows if row.text("source") == LOCAL], models)


# Serving runtimes


def serve(served: Sequence[Served], profiles: Path, *, dry_run: bool) -> None:
    """Fit, print and write the runtimes that batch in flight."""
    catalog = catalog_in(profiles)
    rows = [_timed(each, catalog) for each in served]
    expected = errors_of(rows, catalog)(EXPECTED)
    _print("before", rows, expected)
    found = solved(errors_of(rows, catalog), EXPECTED, SIGMAS)
    _print("after", rows, errors_of(rows, catalog)(found))
    models = left_out(
        rows,
        [row.served.row.text("model") for row in rows],
        lambda some: errors_of(some, catalog),
        lambda some: solved(errors_of(some, catalog), EXPECTED, SIGMAS),
    )
    _print("model left out", rows, models)
    values = dict(zip(NAMES, np.exp(found), strict=True))
    print("  ", {name: float(f"{value:.4g}") for name, value in values.items()})
    if dry_run:
        return
    for runtime in SERVED_AS:
        own = {
            "request_us": values[f"request {runtime}"] * 1e6,
            "prompt_slowdown": values["prompt"],
            "step_slowdown": values["step"],
        }
        for metric in ("ttft", "tpot"):
            off = [
                abs(error)
                for row, error in zip(rows, models, strict=True)
                if row.served.runtime == runtime and row.served.row.text("metric")[:4] == metric
            ]
            own[f"spread_{metric}"] = float(np.quantile(off, SHARE))
        path = profiles / "runtimes" / f"{runtime}.toml"
        _write(path, runtime, values[f"start {runtime}"] * 1e6, own, rows)


def _timed(each: Served, catalog: Catalog) -> Row:
    runtime = catalog.runtime(each.runtime)
    plain = replace(runtime.serving, request_s=0.0, prompt_slowdown=1.0, step_slowdown=1.0)
    runtime, gpu = replace(runtime, start_s=0.0, serving=plain), catalog.gpu(each.row.text("gpu"))
    generating = each.generating(runtime)
    running = max(requests_in_flight(generating, each, gpu), 1)
    found = generating.at(each.precision, [running], [gpu])[0]
    return Row(
        each,
        Passes(found.prompt_s, found.step_s, running),
        generating.stages.passes(running).times,
        each.row.number("value") / 1e3,
    )


def errors_of(rows: Sequence[Row], catalog: Catalog) -> Errors:
    """Logarithm of predicted over measured, by logarithms of the values. [row]."""
    bare = {}
    for name in SERVED_AS:
        runtime = catalog.runtime(name)
        bare[name] = replace(runtime, serving=replace(runtime.serving, request_s=0.0))
    generating = [row.served.generating(bare[row.served.runtime]) for row in rows]
    measured = np.array([row.measured_s for row in rows])

    def errors(x: Array) -> Array:
        values = dict(zip(NAMES, np.exp(x).tolist(), strict=True))
        times = [row.predicted_s(values, each) for row, each in zip(rows, generating, strict=True)]
        return np.asarray(np.log(np.array(times) / measured))

    return errors


def _print(what: str, rows: Sequence[Row], errors: Array) -> None:
    for metric in ("tpot_ms", "ttft_ms"):
        of = np.array([row.served.row.text("metric") == metric for row in rows])
        by_gpu = {
            gpu: shown(errors[of & np.array([r.served.row.text("gpu") == gpu for r in rows])])
            for gpu in dict.fromkeys(row.served.row.text("gpu") for row in rows)
        }
        print(f"  {what:14} {metric} {shown(errors[of])}  {by_gpu}")


def _write(
    path: Path, runtime: str, start_us: float, own: dict[str, float], rows: Sequence[Row]
) -> None:
    """Values into ``[serving]`` and ``[cost]`` of a profile, each with its rows as its source."""
    text = path.read_text("utf-8")
    count = sum(row.served.runtime == runtime for row in rows)
    source = f"fitted on {count} rows of aic-silicon"
    text = re.sub(r"^(start_us *= *)[0-9.e+-]+", rf"\g<1>{number(start_us)}", text, flags=re.M)
    text = re.sub(r'^("cost\.start_us" *= *)".*"', rf'\g<1>"{source}"', text, flags=re.M)
    for key, value in own.items():
        line = f"{key} = {number(value)}"
        if re.search(rf"^{key} *=", text, flags=re.M):
            text = re.sub(rf"^{key} *= *[0-9.e+-]+", line, text, flags=re.M)
        else:
            text = text.replace("\n[serving.weight_bits]", f"{line}\n\n[serving.weight_bits]", 1)
            text = text.replace(f"\n\n{line}", f"\n{line}", 1)
        named = f'"serving.{key}"'
        if named in text:
            text = re.sub(
                rf'^{re.escape(named)} *= *".*"', f'{named} = "{source}"', text, flags=re.M
            )
        else:
            text = text.replace(
                '"serving.batching"', f'{named} = "{source}"\n"serving.batching"', 1
            )
    path.write_text(text, encoding="utf-8")


# llama.cpp


def local(rows: Sequence[Placed], profiles: Path, *, dry_run: bool) -> None:
    """Fit, print and write the kinds of kernels of llama.cpp."""
    catalog = catalog_in(profiles)
    names = [*(f"slowdown_{kind}" for kind in KINDS), "row"]
    runtime = catalog.runtime("llama-cpp")

    def errors(some: Sequence[Placed]) -> Errors:
        by_gpu = {
            gpu: [at for at, row in enumerate(some) if row.row.text("gpu") == gpu]
            for gpu in dict.fromkeys(row.row.text("gpu") for row in some)
        }

        def of(x: Array) -> Array:
            *slowdowns, row = np.exp(x).tolist()
            values = dict(zip(names, slowdowns, strict=False))
            fixed = {**runtime.calibration, **values, "run_slowdown": 1.0}
            changed = replace(runtime, calibration=fixed)
            found = np.zeros(len(some))
            for gpu, places in by_gpu.items():
                bench = model_bench([_with_rows(some[at], row) for at in places], changed)
                found[places] = bench.log_error(boards_of([catalog.gpu(gpu)]))
            return found

        return of

    start = np.append(np.zeros(len(KINDS)), np.log(OPERATIONS / runtime.serving.row_operations))
    sigmas = np.full(len(names), SIGMA_KIND)
    found = solved(errors(rows), start, sigmas)
    _print_local("after", rows, errors(rows)(found))
    print("  ", dict(zip(names, np.round(np.exp(found), 3).tolist(), strict=True)))
    if dry_run:
        return
    values = {
        **runtime.calibration,
        **{name: float(np.exp(x)) for name, x in zip(names[:-1], found, strict=False)},
        "run_slowdown": 1.0,
    }
    path = profiles / "runtimes" / "llama-cpp.toml"
    fitted_on = f"{len(rows)} rows of xiongjiedai-llamacpp, the GPUs held"
    replace_sections(
        path, [section("calibration", dict(sorted(values.items())), fitted_on, runtime.measured_on)]
    )
    row = number(runtime.serving.row_operations * float(np.exp(found[-1])))
    text = re.sub(
        r"^(row_operations *= *)[0-9.e+-]+", rf"\g<1>{row}", path.read_text("utf-8"), flags=re.M
    )
    path.write_text(text, encoding="utf-8")


def _print_local(what: str, rows: Sequence[Placed], error: Array) -> None:
    kinds = np.array([row.row.text("input")[:2] for row in rows])
    for kind, words in (("tg", "decode"), ("pp", "prompt")):
        some = error[kinds == kind]
        print(f"  {what:14} {words} time {shown(some)}; tokens/s {shown(-some)}")


def spread_of_runs(rows: Sequence[UnplacedRow], folders: Sequence[ModelFolder]) -> None:
    """Write how far runs of llama.cpp are off with their GPU left out, into all profiles."""
    off = []
    hidden = units_left_out("gpu")
    for unit, folder in hidden.items():
        catalog = catalog_in(folder)
        mine = [row for row in rows if row.text("gpu") == unit]
        outcomes = model_outcomes(placed_rows(mine, catalog, folders), catalog)
        off += [abs(np.log(each.predicted / each.measured)) for each in outcomes if each.predicted]
    if not off:
        return
    line = f"spread_run = {number(np.quantile(off, SHARE))}"
    print(f"llama.cpp, GPU left out: {line}")
    for folder in (PROFILES, *hidden.values()):
        path = folder / "runtimes" / "llama-cpp.toml"
        text = re.sub(r"^spread_run *=.*$", line, path.read_text("utf-8"), flags=re.M)
        path.write_text(text, encoding="utf-8")


def _with_rows(placed: Placed, factor: float) -> Placed:
    """A row whose products of a single row cost so many times the operations in 16 bits."""
    workload = placed.workload
    assert workload is not None
    kernels = workload.kernels
    is_wide = kernels.weight_bytes >= 0.75 * kernels.n * kernels.k * kernels.element_bytes
    is_row = (kernels.family == FAMILIES.index("matmul")) & (kernels.m == 1.0) & is_wide
    vector = np.where(is_row, factor * kernels.vector_flops, kernels.vector_flops)
    return replace(
        placed, workload=replace(workload, kernels=replace(kernels, vector_flops=vector))
    )


# Both


def solved(errors: Errors, expected: Array, sigmas: Array) -> Array:
    """The values that explain the rows best, near what is expected; outliers are weighted down."""
    x = expected.copy()
    for _ in range(ROUNDS_OF_FIT):
        error = errors(x)
        slopes = np.stack(
            [(errors(x + STEP * row) - error) / STEP for row in np.eye(len(x))], axis=1
        )
        weight = np.minimum(1.0, 2.0 * NOISE / np.maximum(np.abs(error), 1e-9)) / NOISE**2
        hessian = slopes.T @ (slopes * weight[:, None]) + np.diag(1.0 / sigmas**2)
        gradient = slopes.T @ (weight * error) + (x - expected) / sigmas**2
        x = x - np.clip(np.linalg.solve(hessian, gradient), -FURTHEST, FURTHEST)
        x = np.minimum(x, expected + MOST)
    return x


def left_out(
    rows: Sequence[object],
    groups: Sequence[str],
    errors: Callable[[Sequence[object]], Errors],
    fit: Callable[[Sequence[object]], Array],
) -> Array:
    """Errors of each group's rows with values fitted on the others'. [row]."""
    found = np.zeros(len(rows))
    for group in dict.fromkeys(groups):
        own = [at for at, name in enumerate(groups) if name == group]
        others = [row for row, name in zip(rows, groups, strict=True) if name != group]
        found[own] = errors([rows[at] for at in own])(fit(others))
    return found


def shown(errors: Array, without: int = 0) -> str:
    """Mean, median and 90th percentile of the error, in per cent."""
    off = np.sort(100.0 * np.abs(np.expm1(errors)))[: len(errors) - without]
    return f"{np.mean(off):5.1f} {np.median(off):5.1f} {np.quantile(off, 0.9):5.1f}"


if __name__ == "__main__":
    main()
