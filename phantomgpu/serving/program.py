"""Several graphs that one run goes through, each so many times, as if they were one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost import Estimate
from phantomgpu.dtype import PRECISIONS
from phantomgpu.onnx.graph import ShapedGraph
from phantomgpu.serving.converting import with_conversions
from phantomgpu.serving.launches import with_added
from phantomgpu.serving.widths import (
    with_cache,
    with_kept,
    with_quantising,
    with_vector_rows,
    with_weight_bits,
)
from phantomgpu.workload import Kernels, Schedule, Workload
from phantomgpu.workload.steps import Step

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stage:
    """One graph of a run.

    Attributes:
        name: Of the part; stages of one name share their weights.
        schedule: What the runtime launches for it.
        times: Passes in one run; any number above 0, since some are means.
        samples: Samples of a pass for each sample of the run.
        alone: One sample a pass, whatever the batch.
        cache_element_bytes: Width of cached keys and values; None where nothing is cached.
        weight_bits: Stored bits of a weight by precision, where they are not the precision's.
        kept: Modules whose weights stay in 16 bits at precisions that narrow others.
        head_bits: Stored bits of a weight of the last product by precision, where it is kept.
        row_operations: Of the ordinary units for one multiply-add of a single row; 0 where such
            products run on the matrix units.
        quantises: Precisions at which activations are narrowed in kernels of their own.
        library_rows: Above which products go to a library of 16 bits; 0 where none do.
        slowdown: Of a pass beside what its kernels take.
        past: Tokens of each sequence in the cache when the pass begins: inputs of its graph.
        shared_parameters: See ``Part``.
    """

    name: str
    schedule: Schedule
    times: float = 1.0
    samples: int = 1
    alone: bool = False
    cache_element_bytes: float | None = None
    weight_bits: Mapping[str, float] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    head_bits: Mapping[str, float] = field(default_factory=dict)
    past: int = 0
    row_operations: float = 0.0
    quantises: tuple[str, ...] = ()
    library_rows: int = 0
    slowdown: float = 1.0
    shared_parameters: int = 0

    def batch(self, batch: int) -> int:
        """Samples of one pass."""
        return self.samples * (1 if self.alone else batch)

    def at(self, batch: int, precision: str) -> Workload:
        """The work of one pass."""
        samples = self.batch(batch)
        workload = self.schedule.at(samples, precision)
        if PRECISIONS[precision].weight_bits < PRECISIONS["fp16"].weight_bits:
            wide = self.schedule.at(samples, "fp16")
            workload = with_weight_bits(workload, bits=self.weight_bits.get(precision), wide=wide)
            head_bits = self.head_bits.get(precision)
            workload = with_kept(workload, modules=self.kept, head_bits=head_bits, wide=wide)
        if precision in self.quantises:
            workload = with_quantising(workload)
        if self.shared_parameters:
            shared = self.shared_parameters * PRECISIONS[precision].vector_bits // 8
            workload = replace(workload, weight_bytes=workload.weight_bytes - shared)
        if self.cache_element_bytes is not None:
            workload = with_cache(workload, element_bytes=self.cache_element_bytes)
        if self.row_operations:
            workload = with_vector_rows(workload, operations=self.row_operations)
        if self.library_rows:
            workload = with_conversions(workload, rows=self.library_rows)
        return workload


@dataclass(frozen=True, slots=True)
class Program:
    """Stages one after the other. Has what a ``Schedule`` has for those who look inside.

    Attributes:
        stages: At least one, in order.
    """

    stages: tuple[Stage, ...]

    @property
    def runtime(self) -> str:
        """Id of the runtime."""
        return self.stages[0].schedule.runtime

    @property
    def shaped(self) -> ShapedGraph:
        """The graph of the first stage with its shapes."""
        return self.stages[0].schedule.shaped

    @property
    def batch_dim(self) -> str | None:
        """Symbol of the batch dimension; None where a stage has none."""
        symbols = [stage.schedule.batch_dim for stage in self.stages]
        return None if None in symbols else symbols[0]

    def at(self, batch: int, precision: str) -> Workload:
        """The work of a whole run; each pass counts as often as it is made.

        Raises as ``Schedule.at``.
        """
        return merged(
            [stage.at(batch, precision) for stage in self.stages], self.stages, batch=batch
        )

    def steps(self, batch: int, precision: str) -> list[Step]:
        """Every launch, stage by stage; launches of a stage repeat with its passes.

        Raises as ``Schedule.at``.
        """
        found: list[Step] = []
        before = 0
        for stage in self.stages:
            workload = stage.at(batch, precision)
            made = with_added(stage.schedule.steps(stage.batch(batch), precision), workload)
            found += [
                replace(
                    step,
                    kernel=step.kernel + before,
                    module=(stage.name, *step.module),
                    repeats=step.repeats * stage.times,  # type: ignore[arg-type]
                )
                for step in made
            ]
            before += len(workload.kernels)
        return found

    def memory_timeline(self, batch: int, precision: str) -> list[tuple[str, int]]:
        """As ``Schedule.memory_timeline``, one pass of each stage."""
        return [(step.op, step.alive_bytes) for step in self.steps(batch, precision)]


def merged(workloads: Sequence[Workload], stages: Sequence[Stage], *, batch: int) -> Workload:
    """The workloads of stages as one."""
    weights: dict[str, int] = {}
    for workload, stage in zip(workloads, stages, strict=True):
        weights[stage.name] = max(weights.get(stage.name, 0), workload.weight_bytes)
    columns = {
        column.name: np.concatenate([getattr(w.kernels, column.name) for w in workloads])
        for column in fields(Kernels)
    }
    columns["count"] = np.concatenate(
        [w.kernels.count * stage.times for w, stage in zip(workloads, stages, strict=True)]
    )
    return Workload(
        kernels=Kernels(**columns),
        names=tuple(name for workload in workloads for name in workload.names),
        batch=batch,
        precision=workloads[0].precision,
        runtime=workloads[0].runtime,
        weight_bytes=sum(weights.values()),
        peak_activation_bytes=max(w.peak_activation_bytes for w in workloads),
        input_bytes=workloads[0].input_bytes,
        output_bytes=workloads[-1].output_bytes,
    )


def combined(estimates: Sequence[Estimate], times: Sequence[float], memory_bytes: int) -> Estimate:
    """The estimate of a run from those of its passes; their errors go the same way.

    Args:
        estimates: Of one pass of each stage.
        times: Passes of each stage.
        memory_bytes: Of the whole run.
    """
    weights = np.array(times)[:, None]

    def total(name: str) -> FloatArray:
        return np.asarray(np.sum([getattr(e, name) for e in estimates] * weights, axis=0))

    latency_s = total("latency_s")
    shares = np.array([e.latency_s for e in estimates]) * weights
    longest = np.argmax(np.nan_to_num(shares), axis=0)
    used = np.sum([e.mfu for e in estimates] * shares, axis=0)
    kernels = {
        name: np.concatenate([getattr(e, name) for e in estimates], axis=1)
        for name in ("compute_s", "memory_s", "launch_s", "kernel_s")
    }
    return Estimate(
        latency_s=latency_s,
        low_s=total("low_s"),
        high_s=total("high_s"),
        energy_j=total("energy_j"),
        memory_bytes=np.full_like(latency_s, memory_bytes),
        mfu=used / latency_s,
        bound=tuple(estimates[stage].bound[gpu] for gpu, stage in enumerate(longest)),
        supported=np.all([e.supported for e in estimates], axis=0),
        **kernels,
    )
