"""A model that generates tokens, under one runtime: prompts and steps to what users wait for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from phantomgpu.cost import Estimate, predict
from phantomgpu.cost.interval import interval_ends
from phantomgpu.hardware import GpuProfile, Runtime
from phantomgpu.serving.batching import FloatArray, Times, in_flight, static
from phantomgpu.serving.figures import Served
from phantomgpu.serving.memory import Memory
from phantomgpu.serving.program import combined
from phantomgpu.serving.stages import Stages


@dataclass(frozen=True, slots=True)
class Found:
    """One concurrency on all GPUs.

    Attributes:
        estimate: Of all that a board does in the life of one request.
        times: What users wait for.
        prompt_s: Passes over one prompt, or over all where they go together. [gpu]
        step_s: One step. [gpu]
        served: One for each GPU.
    """

    estimate: Estimate
    times: Times
    prompt_s: FloatArray
    step_s: FloatArray
    served: tuple[Served, ...]


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of a run on all GPUs.

    Attributes:
        times: How often it is made.
        launches: Kernels in it.
        estimate: Of one.
    """

    times: float
    launches: float
    estimate: Estimate


class Generating:
    """What users of a model wait for.

    Args:
        stages: Of the model under its runtime.

    Attributes:
        memory: What it needs.
    """

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        self.memory = Memory(stages)

    def at(
        self, precision: str, concurrencies: Sequence[int], gpus: Sequence[GpuProfile]
    ) -> list[Found]:
        """What each number of requests at once gives."""
        stages = [self.stages.at(concurrency) for concurrency in concurrencies]
        flat = [stage for each in stages for stage in each]
        keys = [(id(stage.schedule), stage.samples) for stage in flat]
        distinct = {key: stage.at(1, precision) for key, stage in zip(keys, flat, strict=True)}
        made = predict(list(distinct.values()), gpus, self.stages.runtime)
        estimates = dict(zip(distinct, made, strict=True))
        launches = {key: float(w.kernels.count.sum()) for key, w in distinct.items()}
        size = len(stages[0]) if stages else 0
        return [
            self._found(
                concurrency,
                precision,
                [
                    Pass(stage.times, launches[key], estimates[key].scaled(stage.slowdown))
                    for stage, key in zip(stages[at], keys[at * size :], strict=False)
                ],
                gpus,
            )
            for at, concurrency in enumerate(concurrencies)
        ]

    def times(
        self, concurrency: int, prompt_s: FloatArray, step_s: FloatArray, *, together: bool = False
    ) -> Times:
        """What users wait for, from the times of a prompt and of a step.

        Args:
            concurrency: Requests at once.
            prompt_s: One prompt, or all of them where they go together. [gpu]
            step_s: One step. [gpu]
            together: See ``batching.in_flight``.
        """
        serving = self.stages.runtime.serving
        if serving.batching == "static":
            return static(prompts_s=prompt_s, step_s=step_s, request_s=serving.request_s)
        return in_flight(
            prompt_s=prompt_s,
            step_s=step_s,
            passes=self.stages.passes(concurrency).times,
            concurrency=concurrency,
            later_tokens=self.stages.load.later_tokens,
            result_steps=serving.result_steps,
            request_s=serving.request_s,
            together=together,
        )

    def _found(
        self,
        concurrency: int,
        precision: str,
        passes: Sequence[Pass],
        gpus: Sequence[GpuProfile],
    ) -> Found:
        serving = self.stages.runtime.serving
        *prompts, step = passes
        prompt_s = np.asarray(sum(each.estimate.latency_s * each.times for each in prompts))
        times = self.times(concurrency, prompt_s, step.estimate.latency_s)
        of_prompt, steps = self.stages.in_a_life(concurrency)
        counts = [*(each.times * of_prompt for each in prompts), steps]
        made = [*prompts, step]
        whole = combined(
            [each.estimate for each in made],
            counts,
            self.memory.needed_bytes(concurrency, precision),
        )
        launched = sum(each.launches * count for each, count in zip(made, counts, strict=True))
        whole = replace(whole, launch_s=whole.launch_s + serving.request_s / launched)
        ends = self._ends(times, gpus)
        later = self.stages.load.later_tokens
        estimate = replace(
            whole,
            latency_s=times.latency_s(later),
            low_s=ends[0].latency_s(later),
            high_s=ends[1].latency_s(later),
        )
        served = tuple(
            self._served(concurrency, precision, at, gpu, (times, *ends))
            for at, gpu in enumerate(gpus)
        )
        return Found(estimate, times, prompt_s, step.estimate.latency_s, served)

    def _ends(self, times: Times, gpus: Sequence[GpuProfile]) -> tuple[Times, Times]:
        """Lower and upper ends of the 80 % intervals."""
        serving = self.stages.runtime.serving
        runtime, one = self.stages.runtime, np.ones(())
        ttft = interval_ends(
            time_s=times.ttft_s,
            spread=served_spread(gpus, runtime, serving.spread_ttft),
            scale=one,
        )
        tpot = interval_ends(
            time_s=times.tpot_s,
            spread=served_spread(gpus, runtime, serving.spread_tpot),
            scale=one,
        )
        return Times(ttft[0], tpot[0]), Times(ttft[1], tpot[1])

    def _served(
        self,
        concurrency: int,
        precision: str,
        at: int,
        gpu: GpuProfile,
        times: tuple[Times, Times, Times],
    ) -> Served:
        mean, low, high = times
        memory = self.memory
        return Served(
            concurrency=concurrency,
            output_tokens=self.stages.load.output_tokens,
            ttft_s=float(mean.ttft_s[at]),
            ttft_low_s=float(low.ttft_s[at]),
            ttft_high_s=float(high.ttft_s[at]),
            tpot_s=float(mean.tpot_s[at]),
            tpot_low_s=float(low.tpot_s[at]),
            tpot_high_s=float(high.tpot_s[at]),
            kv_bytes=memory.cache_bytes(concurrency),
            kv_bytes_per_token=memory.cache_bytes_per_token,
            weight_bytes=memory.weight_bytes(precision),
            largest_batch=memory.largest_batch(gpu.spec.memory_bytes, precision),
        )


def served_spread(gpus: Sequence[GpuProfile], runtime: Runtime, measured: float) -> FloatArray:
    """Logarithm that 80 % of errors stay below: of board or runtime, whichever is known less well.

    Args:
        gpus: Profiles.
        runtime: The runtime.
        measured: What its profile says of its own rows; 0 where it says nothing.

    Returns:
        [gpu]
    """
    spreads = []
    for gpu in gpus:
        values = gpu.calibration.values
        runs = runtime.run_spread(gpu.spec.architecture)
        of_runtime = measured or runs or values["spread_unmeasured_runtime"]
        is_known = bool(measured) and gpu.calibration.basis == "calibrated"
        spreads.append(of_runtime if is_known else max(values["spread_run"], of_runtime))
    return np.array(spreads)
