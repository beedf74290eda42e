"""Models of any kind as runs that can be compared: graphs, composite models, and served ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from phantomgpu.cost import Estimate, predict
from phantomgpu.cost.footprint import footprint_bytes
from phantomgpu.families.definition import Definition, Part
from phantomgpu.hardware import GpuProfile, Runtime
from phantomgpu.onnx.graph import Graph
from phantomgpu.serving.figures import Served
from phantomgpu.serving.generate import Generating
from phantomgpu.serving.load import Load
from phantomgpu.serving.program import Program, Stage, combined
from phantomgpu.serving.stages import Stages
from phantomgpu.workload import Schedule, Workload

Lowered = Callable[[Graph, Runtime, Mapping[str, int]], Schedule]
"""What a runtime launches for a graph whose free dimensions are set so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One batch of a run on all GPUs.

    Attributes:
        estimate: Of the whole run.
        served: One for each GPU, of a model that generates tokens.
    """

    estimate: Estimate
    served: tuple[Served, ...] = ()


class Run(Protocol):
    """A model under a runtime, at any batch and precision."""

    def needed_bytes(self, batch: int, precision: str) -> int:
        """Device memory of one run."""

    def usable_bytes(self, memory_bytes: int, batch: int, precision: str) -> int:
        """What of a board's memory it may fill; it fits when it needs no more."""

    def at(
        self, precision: str, batches: Sequence[int], gpus: Sequence[GpuProfile]
    ) -> list[Outcome]:
        """What each batch costs."""

    def inside(self, batch: int) -> Schedule | Program:
        """What is launched, for those who ask why."""


class GraphRun:
    """A graph as a file holds it: one pass a run."""

    def __init__(self, schedule: Schedule, runtime: Runtime, factor: float = 1.0) -> None:
        self._schedule, self._runtime, self._factor = schedule, runtime, factor
        self._needed = cache(self._needed_bytes)

    def needed_bytes(self, batch: int, precision: str) -> int:
        """See ``Run``."""
        return self._needed(batch, precision)

    def usable_bytes(self, memory_bytes: int, batch: int, precision: str) -> int:
        """See ``Run``."""
        return memory_bytes

    def at(
        self, precision: str, batches: Sequence[int], gpus: Sequence[GpuProfile]
    ) -> list[Outcome]:
        """See ``Run``."""
        workloads = [self._schedule.at(batch, precision) for batch in batches]
        found = predict(workloads, gpus, self._runtime)
        return [Outcome(estimate.scaled(self._factor)) for estimate in found]

    def inside(self, batch: int) -> Schedule | Program:
        """See ``Run``."""
        return self._schedule

    def _needed_bytes(self, batch: int, precision: str) -> int:
        return _footprint_bytes(self._schedule.at(batch, precision), self._runtime)


class CompositeRun:
    """Several graphs, each a known number of times: text encoders, denoiser and decoder."""

    def __init__(self, program: Program, runtime: Runtime) -> None:
        self._program, self._runtime = program, runtime
        self._needed = cache(self._needed_bytes)

    def needed_bytes(self, batch: int, precision: str) -> int:
        """See ``Run``."""
        return self._needed(batch, precision)

    def usable_bytes(self, memory_bytes: int, batch: int, precision: str) -> int:
        """See ``Run``."""
        return memory_bytes

    def at(
        self, precision: str, batches: Sequence[int], gpus: Sequence[GpuProfile]
    ) -> list[Outcome]:
        """See ``Run``."""
        stages = self._program.stages
        flat = [stage.at(batch, precision) for batch in batches for stage in stages]
        found = predict(flat, gpus, self._runtime)
        times = [stage.times for stage in stages]
        return [
            Outcome(
                combined(
                    found[at * len(stages) : (at + 1) * len(stages)],
                    times,
                    self._needed(batch, precision),
                )
            )
            for at, batch in enumerate(batches)
        ]

    def inside(self, batch: int) -> Schedule | Program:
        """See ``Run``."""
        return self._program

    def _needed_bytes(self, batch: int, precision: str) -> int:
        return _footprint_bytes(self._program.at(batch, precision), self._runtime)


class ServedRun:
    """A model that generates tokens for several users at once; the batch is their number."""

    def __init__(self, stages: Stages) -> None:
        self.generating = Generating(stages)

    def needed_bytes(self, batch: int, precision: str) -> int:
        """See ``Run``."""
        return self.generating.memory.needed_bytes(batch, precision)

    def usable_bytes(self, memory_bytes: int, batch: int, precision: str) -> int:
        """See ``Run``."""
        return self.generating.memory.usable_bytes(memory_bytes, batch, precision)

    def at(
        self, precision: str, batches: Sequence[int], gpus: Sequence[GpuProfile]
    ) -> list[Outcome]:
        """See ``Run``."""
        found = self.generating.at(precision, batches, gpus)
        return [Outcome(each.estimate, each.served) for each in found]

    def inside(self, batch: int) -> Schedule | Program:
        """See ``Run``."""
        return self.generating.stages.program(batch)


def run_of(
    model: Graph | Definition,
    runtime: Runtime,
    dims: Mapping[str, int],
    *,
    load: Load,
    lowered: Lowered,
    factor: float = 1.0,
) -> Run:
    """A model as a run under a runtime.

    Args:
        model: A graph, or what a configuration describes.
        runtime: The runtime.
        dims: Free dimensions to set, by name; a part takes those that it has.
        load: Prompt, output and steps.
        lowered: Gives the schedules.
        factor: What times of a graph are multiplied by, since boards measured it.

    Raises:
        ModelError: Shapes cannot be worked out.
    """
    if isinstance(model, Graph):
        return GraphRun(lowered(model, runtime, dims), runtime, factor)

    def schedule(part: Part, sizes: Mapping[str, int]) -> Schedule:
        free = {dim for name in part.graph.inputs for dim in part.graph.tensors[name].dims or ()}
        known = {**part.dims, **dims, **sizes}
        chosen = {name: size for name, size in known.items() if name in free}
        return lowered(part.graph, runtime, chosen)

    if model.generation is not None:
        return ServedRun(Stages(model, model.generation, runtime, load, schedule))
    steps = load.steps or model.steps or 1
    stages = tuple(
        Stage(part.name, schedule(part, {}), float(steps if part.per_step else 1), part.evaluations)
        for part in model.parts
    )
    return CompositeRun(Program(stages), runtime)


def _footprint_bytes(workload: Workload, runtime: Runtime) -> int:
    return footprint_bytes(
        weights=workload.weight_bytes,
        activations=workload.peak_activation_bytes,
        workspace=runtime.workspace_bytes,
        context=runtime.context_bytes,
    )
