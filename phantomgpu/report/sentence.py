"""Comparison to the sentences that name the GPU to take, and why."""

from collections.abc import Mapping, Sequence

from phantomgpu.comparison import Cell, Comparison, ModelFacts
from phantomgpu.dtype import PRECISIONS
from phantomgpu.hardware import GpuProfile
from phantomgpu.report.rounding import figure
from phantomgpu.report.served import has_served, overlapping, served_sentence

_CLEAR = 1.02
"""A ratio of specs below this explains nothing."""


def winner_sentences(comparison: Comparison, titles: Mapping[str, str] | None = None) -> list[str]:
    """For each model of the comparison: which GPU is fastest, by how much, and why.

    GPUs are held against each other at the largest batch that any of them can run, each
    with its best runtime and precision.

    Args:
        comparison: What was worked out.
        titles: What people call a model, by id.
    """
    names = titles or {}
    return [
        _sentence(comparison, model, names.get(model.id, model.id)) for model in comparison.models
    ]


def _sentence(comparison: Comparison, model: ModelFacts, title: str) -> str:
    cells = [cell for cell in comparison.cells if cell.model == model.id]
    able = [cell for cell in cells if cell.problem is None]
    if not able:
        return _nothing_runs(cells, title, comparison.gpus)
    if has_served(able):
        said, ranked = served_sentence(able, title, comparison)
        close = _close_words(overlapping(ranked, comparison.gpus))
        left_out = _left_out(cells, ranked, comparison.gpus)
        return " ".join([said, *_too_long(comparison, model, title), *close, *left_out])
    ranked = _ranked(able)
    best, gpus = ranked[0], comparison.gpus
    runtime = comparison.runtimes[best.runtime].name
    run = f"{title} at batch {best.batch} in {best.precision} under {runtime} takes {_time(best)}"
    if model.steps:
        images = 60.0 * (best.throughput_per_s or 0.0)
        run = f"{run}: {figure(images)} images a minute with {model.steps} steps each"
    if len(ranked) == 1:
        is_choice = len({cell.gpu for cell in cells}) > 1
        head = f"Only {gpus[best.gpu].name} can run this: {run}" if is_choice else (
            f"{run} on {gpus[best.gpu].name}"
        )  # fmt: skip
        return " ".join([f"{head}; {_time_goes_into(best)}.", *_left_out(cells, ranked, gpus)])
    second = ranked[1]
    ratio = (second.latency_s or 0.0) / (best.latency_s or 1.0)
    head = (
        f"{gpus[best.gpu].name} is fastest: {run}, "
        f"{figure(ratio)} times as fast as {gpus[second.gpu].name}"
    )
    why = _reason(best, second, gpus)
    return " ".join([f"{head}; {why}.", *_too_close(ranked, gpus), *_left_out(cells, ranked, gpus)])


def _too_long(comparison: Comparison, model: ModelFacts, title: str) -> list[str]:
    """That requests are longer than the model was made for."""
    asked = comparison.request.prompt_tokens + comparison.request.output_tokens
    if not model.context_tokens or asked <= model.context_tokens:
        return []
    return [f"Mind that {title} was made for {model.context_tokens:,} tokens, not {asked:,}."]


def _ranked(cells: Sequence[Cell]) -> list[Cell]:
    """The best cell of each GPU at the largest batch that runs anywhere, fastest first."""
    largest = max((cell.batch for cell in cells), default=0)
    best: dict[str, Cell] = {}
    for cell in sorted(cells, key=lambda cell: cell.latency_s or 0.0):
        if cell.batch == largest:
            best.setdefault(cell.gpu, cell)
    return list(best.values())


def _time(cell: Cell) -> str:
    latency, low, high = (
        figure((seconds or 0.0) * 1e3) for seconds in (cell.latency_s, cell.low_s, cell.high_s)
    )
    return f"{latency} ms ({low} to {high})"


def _time_goes_into(cell: Cell) -> str:
    return {
        "compute": "most of the time goes into arithmetic",
        "memory": "most of the time goes into memory traffic",
        "launch": "most of the time goes into launching kernels",
    }[cell.bound]


def _reason(cell: Cell, runner_up: Cell, gpus: Mapping[str, GpuProfile]) -> str:
    best, second = gpus[cell.gpu], gpus[runner_up.gpu]
    said = _time_goes_into(cell)
    if cell.bound == "launch" and runner_up.bound == "launch":
        return "launching kernels takes most of the time, so a larger batch tells GPUs apart"
    if cell.bound == "launch":
        return "it is so fast that launching kernels takes most of the time"
    if cell.bound == "memory":
        ratio = best.spec.bandwidth_bytes_per_s / second.spec.bandwidth_bytes_per_s
        noun = "the memory bandwidth"
    else:
        peak = PRECISIONS[cell.precision].matrix_peak
        other = second.spec.peak_flops_per_s.get(peak, 0.0)
        ratio = best.spec.peak_flops_per_s[peak] / other if other else 0.0
        noun = f"the {peak} peak"
    return f"{said}, and it has {figure(ratio)} times {noun}" if ratio > _CLEAR else said


def _too_close(ranked: Sequence[Cell], gpus: Mapping[str, GpuProfile]) -> list[str]:
    best = ranked[0]
    close = [
        gpus[cell.gpu].name
        for cell in ranked[1:]
        if cell.low_s is not None and best.high_s is not None and cell.low_s <= best.high_s
    ]
    return _close_words(close)


def _close_words(close: Sequence[str]) -> list[str]:
    if not close:
        return []
    return [f"Too close to call against {_listed(close)}: the intervals overlap."]


def _left_out(
    cells: Sequence[Cell], ranked: Sequence[Cell], gpus: Mapping[str, GpuProfile]
) -> list[str]:
    """What the GPUs that did not take part would need."""
    batch = ranked[0].batch
    taking_part = {cell.gpu for cell in ranked}
    said = []
    for gpu in dict.fromkeys(cell.gpu for cell in cells if cell.gpu not in taking_part):
        problems = [
            cell.problem
            for cell in cells
            if cell.gpu == gpu and cell.batch == batch and cell.problem is not None
        ]
        if problems:
            said.append(f"{gpus[gpu].name} {_predicate(problems[0].what, gpus[gpu].name)}.")
    return said


def _predicate(what: str, subject: str) -> str:
    if what.startswith(f"{subject} "):
        return what[len(subject) + 1 :]
    return what if what.startswith("needs ") else f"cannot take part: {what}"


def _nothing_runs(cells: Sequence[Cell], title: str, gpus: Mapping[str, GpuProfile]) -> str:
    reasons = dict.fromkeys(
        f"{gpus[cell.gpu].name} {_predicate(cell.problem.what, gpus[cell.gpu].name)}"
        for cell in cells
        if cell.problem is not None
    )
    return f"None of these GPUs runs {title} as asked: {'; '.join(reasons)}."


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"
