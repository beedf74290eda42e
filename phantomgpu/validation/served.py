"""Serving rows to outcomes: the mean of what a benchmark's requests waited for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from phantomgpu.hardware import Catalog, GpuProfile, Runtime
from phantomgpu.serving.batching import FloatArray, Times
from phantomgpu.serving.generate import Generating, served_spread
from phantomgpu.serving.program import Stage
from phantomgpu.validation.baseline import roofline_s
from phantomgpu.validation.language import ROUNDS, LanguageModel, ServedRow
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.rows import Row

MS_PER_S: Final = 1e3


@dataclass(frozen=True, slots=True)
class Served:
    """A serving row and what was asked of the server.

    Attributes:
        row: As read.
        runtime: Id of a runtime profile.
        precision: A key of ``PRECISIONS``.
        concurrency: Requests at once.
        model: What it served.
        asked: The load.
    """

    row: Row
    runtime: str
    precision: str
    concurrency: int
    model: LanguageModel
    asked: ServedRow

    def generating(self, runtime: Runtime) -> Generating:
        """The model under the row's load."""
        return self.model.served(runtime, self.asked.load).generating


@dataclass(frozen=True, slots=True)
class Passes:
    """Seconds of a prompt and of a step, and the requests that were in flight.

    Attributes:
        prompt_s: All passes over one prompt.
        step_s: One step.
        running: Requests at once that the board has memory for, at most those of the row.
    """

    prompt_s: FloatArray
    step_s: FloatArray
    running: int


def served_outcomes(rows: Iterable[Served], catalog: Catalog) -> Iterator[Outcome]:
    """What the model says of serving rows."""
    for each in rows:
        gpu, runtime = catalog.gpu(each.row.text("gpu")), catalog.runtime(each.runtime)
        measured = each.row.number("value")
        generating = each.generating(runtime)
        running = requests_in_flight(generating, each, gpu)
        if not running:
            yield Outcome(each.row, measured, reason=f"it does not fit on {each.row.text('gpu')}")
            continue
        found = generating.at(each.precision, [running], [gpu])[0]
        if not found.estimate.supported[0]:
            reason = f"{each.row.text('gpu')} has no peak for {each.precision}"
            yield Outcome(each.row, measured, reason=reason)
            continue
        passes = Passes(found.prompt_s, found.step_s, running)
        is_first = each.row.text("metric") == "ttft_ms"
        value = _value(mean_times(generating, each, passes), is_first)
        serving = runtime.serving
        spread = served_spread(
            [gpu], runtime, serving.spread_ttft if is_first else serving.spread_tpot
        )
        factor = float(np.exp(spread[0]))
        bound = _at_peak(generating, each, running, gpu)
        yield Outcome(
            each.row,
            measured,
            predicted=value,
            low=value / factor,
            high=value * factor,
            roofline=_value(mean_times(generating, each, bound), is_first),
        )


def requests_in_flight(generating: Generating, each: Served, gpu: GpuProfile) -> int:
    """Requests that the server's share of the memory has room for, at most those of the row."""
    return generating.memory.largest_batch(gpu.spec.memory_bytes, each.precision, each.concurrency)


def mean_times(generating: Generating, each: Served, passes: Passes) -> Times:
    """What the requests of a benchmark waited for on average.

    Requests beyond those in flight wait until others end. Of the first round all come at once:
    its prompts wait for each other.
    """
    running, load = passes.running, each.asked.load
    steady = generating.times(running, passes.prompt_s, passes.step_s, together=each.asked.together)
    first_s = (running + 1) / 2 * passes.prompt_s
    queue_s = (each.concurrency - running) / running * steady.latency_s(load.later_tokens)
    ttft_s = (1 - 1 / ROUNDS) * steady.ttft_s + first_s / ROUNDS + queue_s
    return Times(np.asarray(ttft_s), steady.tpot_s)


def _at_peak(generating: Generating, each: Served, running: int, gpu: GpuProfile) -> Passes:
    """The passes at the peaks of the data sheet, the scheduler left out."""
    *prompts, step = generating.stages.at(running)
    prompt_s = sum(stage.times * _at_roof(stage, each.precision, gpu) for stage in prompts)
    step_s = _at_roof(step, each.precision, gpu)
    return Passes(np.array([prompt_s]), np.array([step_s]), running)


def _at_roof(stage: Stage, precision: str, gpu: GpuProfile) -> float:
    kernels = stage.at(1, precision).kernels
    return float(np.sum(roofline_s(kernels, gpu.spec) * kernels.count))


def _value(times: Times, is_first: bool) -> float:
    return float((times.ttft_s if is_first else times.tpot_s)[0]) * MS_PER_S
