"""The passes of a model that generates tokens: over prompts, and one step."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from phantomgpu.families.definition import Definition, Generation, Part
from phantomgpu.hardware import Runtime
from phantomgpu.serving.batching import waiting_steps
from phantomgpu.serving.cache import KV_PRECISIONS
from phantomgpu.serving.load import Load
from phantomgpu.serving.passes import Passes, largest_pass, passes_of
from phantomgpu.serving.program import Program, Stage
from phantomgpu.workload import Schedule

SchedulesOf = Callable[[Part, Mapping[str, int]], Schedule]
"""What the runtime launches for a part whose free dimensions are set so."""


class Stages:
    """A decoder, or an encoder with one, that serves a load under a runtime.

    Args:
        model: Its last part is the decoder.
        generation: What the decoder keeps of its tokens.
        runtime: The runtime.
        load: What each request is.
        schedules: Gives what the runtime launches.

    Attributes:
        element_bytes: Of the cache.
        has_encoder: The prompt is what an encoder reads; the decoder begins with one token.
    """

    def __init__(
        self,
        model: Definition,
        generation: Generation,
        runtime: Runtime,
        load: Load,
        schedules: SchedulesOf,
    ) -> None:
        self.generation, self.runtime, self.load = generation, runtime, load
        self.element_bytes = KV_PRECISIONS[load.kv_precision]
        self.has_encoder = len(model.parts) > 1
        *self._encoders, self._decoder = model.parts
        self._schedules = schedules

    @property
    def source_tokens(self) -> int:
        """Tokens of the encoder's output; 0 without an encoder."""
        if not self.has_encoder:
            return 0
        return self._decoder.dims.get("source", self.load.prompt_tokens)

    @property
    def longest(self) -> int:
        """Tokens of a request when it ends, as its decoder counts them."""
        return self.load.output_tokens + (0 if self.has_encoder else self.load.prompt_tokens)

    def passes(self, concurrency: int) -> Passes:
        """How the prompts of so many requests are cut into passes."""
        return passes_of(self.runtime.serving, self.load.prompt_tokens, concurrency)

    def at(self, concurrency: int) -> tuple[Stage, ...]:
        """What runs over the prompts, with its passes, and last one step.

        The step in the middle of the output stands for all: its time is nearly affine in the past.
        """
        later = {"sequence": 1, "past": max(self.longest - (self.load.output_tokens + 1) // 2, 1)}
        step = self._stage(self._decoder, later, 1.0, concurrency)
        return (
            *self._prompts(self.passes(concurrency)),
            replace(step, slowdown=self.runtime.serving.step_slowdown),
        )

    def largest_sequences(self, concurrency: int) -> int:
        """Prompts in the largest pass over so many requests."""
        return largest_pass(self.runtime.serving, self.load.prompt_tokens, concurrency).sequences

    def largest(self, sequences: int) -> tuple[Stage, ...]:
        """The largest pass of each part over so many prompts."""
        return self._prompts(largest_pass(self.runtime.serving, self.load.prompt_tokens, sequences))

    def program(self, concurrency: int) -> Program:
        """All that a board does in the life of one request among so many."""
        *prompts, step = self.at(concurrency)
        of_prompt, steps = self.in_a_life(concurrency)
        return Program(
            (
                *(replace(stage, times=stage.times * of_prompt) for stage in prompts),
                replace(step, times=steps),
            )
        )

    def in_a_life(self, concurrency: int) -> tuple[float, float]:
        """Prompts, or times all of them go together, and steps in the life of one request."""
        serving = self.runtime.serving
        if serving.batching == "static":
            return 1.0, float(self.load.later_tokens)
        waiting = waiting_steps(self.passes(concurrency).times, serving.result_steps, concurrency)
        return float(concurrency), self.load.later_tokens + waiting

    def _prompts(self, passes: Passes) -> tuple[Stage, ...]:
        sizes = {"sequence": passes.tokens, "past": passes.past}
        if not self.has_encoder:
            return (self._stage(self._decoder, sizes, passes.times, passes.sequences),)
        whole = {"sequence": self.load.prompt_tokens}
        first = {"sequence": 1, "past": 0}
        return (
            *(self._stage(part, whole, 1.0, passes.sequences) for part in self._encoders),
            self._stage(self._decoder, first, 1.0, passes.sequences),
        )

    def _stage(self, part: Part, sizes: Mapping[str, int], times: float, sequences: int) -> Stage:
        source = {"source": self.source_tokens} if self.has_encoder else {}
        return Stage(
            part.name,
            self._schedules(part, {**sizes, **source}),
            times,
            sequences * part.evaluations,
            alone=True,
            cache_element_bytes=self.element_bytes,
            slowdown=self.runtime.serving.prompt_slowdown,
            weight_bits=_bits(self.runtime.serving.weight_bits, part),
            kept=part.kept | set(self.runtime.serving.kept),
            head_bits=self.runtime.serving.head_bits,
            row_operations=self.runtime.serving.row_operations,
            quantises=self.runtime.serving.quantises,
            library_rows=self.runtime.serving.library_rows,
            past=sizes.get("past", 0),
            shared_parameters=part.shared_parameters,
        )


def _bits(of_runtime: Mapping[str, float], part: Part) -> Mapping[str, float]:
    """Stored bits of a weight by precision: the runtime's, or those of the published files."""
    return {**of_runtime, "fp4": part.weight_bits} if part.weight_bits else of_runtime
