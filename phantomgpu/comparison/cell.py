"""What a comparison is made of: the grid, its points, and why a point cannot run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from phantomgpu.comparison.request import Request
from phantomgpu.hardware import GpuProfile, Runtime
from phantomgpu.serving import Served


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a point of the grid cannot run; data, not an exception.

    Attributes:
        code: ``"memory"``, ``"precision"`` or ``"runtime"``.
        what: A fact with its value: ``"needs 31.2 of 24 GB"``.
        where: The point and the figure that decides.
        fix: What would run: ``"fits at batch 5 or less, or in int8"``.
        largest_batch: The largest batch that fits, 0 where none does; None where memory is
            not what stands in the way.
    """

    code: str
    what: str
    where: str
    fix: str
    largest_batch: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one GPU under one runtime, at one precision and batch.

    Times and rates are None where there is a problem.

    Attributes:
        model: As in the request.
        gpu: Profile id.
        runtime: Profile id.
        precision: As in the request.
        batch: Samples per run, or requests at once.
        latency_s: One run.
        low_s: Lower end of the 80 % prediction interval.
        high_s: Upper end.
        throughput_per_s: Samples per second: batch over latency.
        memory_bytes: Weights, activations, workspace and context.
        memory_limit_bytes: What the run may fill: all that the board has, or what a serving runtime
            takes of it.
        bound: "compute", "memory" or "launch"; empty where it cannot run.
        basis: Where the GPU's calibration comes from.
        mfu: Share of the matrix peak that is used.
        problem: Why it cannot run.
        serving: What users of a model that generates tokens wait for; None for other models.
            Its batch is the number of requests at once, its latency that of one request, its
            throughput requests per second.
    """

    model: str
    gpu: str
    runtime: str
    precision: str
    batch: int
    latency_s: float | None
    low_s: float | None
    high_s: float | None
    throughput_per_s: float | None
    memory_bytes: int
    memory_limit_bytes: int
    bound: str
    basis: str
    mfu: float | None
    problem: Problem | None = None
    serving: Served | None = None

    @property
    def fits(self) -> bool:
        """It needs no more memory than the board has."""
        return self.memory_bytes <= self.memory_limit_bytes


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What identifies a model that was compared, and the steps of one run of it.

    Attributes:
        id: As in the request.
        sha256: Of its graph; its main one where it has several.
        nodes: Of that graph.
        steps: That a diffusion model takes for an image; 0 for others.
        context_tokens: Most tokens of a request that a language model was made for; 0 where it
            does not say, and for others.
        sound_s: Of sound that it hears in each request; 0 where it reads tokens, and for others.
    """

    id: str
    sha256: str
    nodes: int
    steps: int = 0
    context_tokens: int = 0
    sound_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The grid that was asked for.

    Attributes:
        request: What was asked.
        models: In the order of the request.
        cells: By model, GPU, runtime, precision, batch, each in the order of the request.
        gpus: The profiles behind the cells, by id.
        runtimes: Likewise.
    """

    request: Request
    models: tuple[ModelFacts, ...]
    cells: tuple[Cell, ...]
    gpus: Mapping[str, GpuProfile] = field(default_factory=dict)
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
