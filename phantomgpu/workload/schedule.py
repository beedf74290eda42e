"""A model under one runtime: its fused schedule, ready for any batch and precision."""

from dataclasses import dataclass, field

import numpy as np

from phantomgpu.dtype import Precision
from phantomgpu.onnx.graph import ShapedGraph
from phantomgpu.workload.fusion import fused
from phantomgpu.workload.lines import Line, line_through
from phantomgpu.workload.measures import Measures
from phantomgpu.workload.names import Names
from phantomgpu.workload.operation import Op
from phantomgpu.workload.precision import narrowed, precision_named, widths
from phantomgpu.workload.rows import Rows, Run, kernels_at, run_of
from phantomgpu.workload.shapings import Shaping, Shapings, check_batch, same_nodes
from phantomgpu.workload.steps import Step, steps_of
from phantomgpu.workload.structure import Structure, distinct, structure_of
from phantomgpu.workload.workload import KernelNames, Workload

_LOW, _HIGH, _CHECK = 2, 3, 5
"""Sizes are interpolated between the first two batches when the third agrees. Batch 1 is looked
at by itself: what broadcasts over a batch of one is no kernel there."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What of a precision changes which kernels there are.

    Attributes:
        half: Activations have 16 bits or fewer, which fused attention kernels need.
        autocast: Casts are inserted as torch.autocast does.
    """

    half: bool
    autocast: bool


@dataclass(frozen=True, slots=True)
class Fused:
    """A structure and its distinct kernels, measured at one batch or along a line."""

    structure: Structure
    rows: Rows
    names: Names
    measured: Measures | Line

    def at(self, batch: int) -> Measures:
        """The numbers at a batch; those it was made for where there is but one."""
        return self.measured.at(batch) if isinstance(self.measured, Line) else self.measured


@dataclass(slots=True)
class Schedule:
    """What a runtime launches for one model, at any batch and precision.

    Attributes:
        runtime: Id of the runtime.
        fusion: Names of the rules it applies, in order.
        casts: ``"none"`` or ``"autocast"``.
        shapings: The graph with its shapes at each batch looked at.
    """

    runtime: str
    fusion: tuple[str, ...]
    casts: str
    shapings: Shapings
    _points: dict[tuple[Variant, int], Fused] = field(default_factory=dict)
    _lines: dict[Variant, Fused | None] = field(default_factory=dict)

    @property
    def batch_dim(self) -> str | None:
        """Symbol of the model's batch dimension; None where it has none."""
        return self.shapings.batch_dim

    @property
    def shaped(self) -> ShapedGraph:
        """The graph with the shapes of one run, at batch 1 where it has a batch dimension."""
        return self.shapings.at(1).shaped

    @property
    def kernels(self) -> tuple[Op, ...]:
        """Every operation of one fp32 run at batch 1, in execution order."""
        return self._fused(self._variant(precision_named("fp32")), 1).structure.flow.ops

    def at(self, batch: int, precision: str, *, alone: bool = False) -> Workload:
        """The model's work at one batch and precision.

        Args:
            batch: Samples per run.
            precision: A key of ``PRECISIONS``.
            alone: Whether hardly any other batch will be asked for: its shapes are then worked
                out by themselves, once, which a sweep would do three times for all its batches.

        Raises:
            BatchError: The model cannot take that batch.
            UnknownNameError: There is no such precision.
            ModelError: The shapes cannot be worked out.
        """
        asked = self._asked(precision)
        variant = self._variant(asked)
        done = self._point(variant, batch) if alone else self._fused(variant, batch)
        run = run_of(done.structure, done.rows, done.at(batch))
        return self._workload(run, done.names.at(batch), batch, asked)

    def run(self, batch: int, precision: str) -> Run:
        """The same before any precision: all precisions of one width share it.

        Raises as ``at``.
        """
        done = self._fused(self._variant(precision_named(precision)), batch)
        return run_of(done.structure, done.rows, done.at(batch))

    def variant(self, precision: str) -> Variant:
        """What of a precision changes which kernels there are."""
        return self._variant(precision_named(precision))

    def _workload(
        self, run: Run, names: tuple[KernelNames, ...], batch: int, precision: Precision
    ) -> Workload:
        width = widths(precision)
        ends = run.ends @ width
        return Workload(
            kernels=kernels_at(run, precision),
            names=names,
            batch=batch,
            precision=precision.name,
            runtime=self.runtime,
            weight_bytes=_whole(float(run.weights @ width)),
            peak_activation_bytes=_whole(float(np.max(run.live @ width, initial=0.0))),
            input_bytes=_whole(float(ends[0])),
            output_bytes=_whole(float(ends[1])),
        )

    def steps(self, batch: int, precision: str) -> list[Step]:
        """Every launch in execution order, with the activations alive while it runs.

        Raises as ``at``.
        """
        asked = self._asked(precision)
        done = self._fused(self._variant(asked), batch)
        live = done.at(batch).live @ widths(asked)
        return steps_of(done.structure, done.rows, [_whole(size) for size in live.tolist()])

    def memory_timeline(self, batch: int, precision: str) -> list[tuple[str, int]]:
        """What each kernel is, and activation bytes alive while it runs, in execution order.

        Raises as ``at``.
        """
        return [(step.op, step.alive_bytes) for step in self.steps(batch, precision)]

    def _asked(self, precision: str) -> Precision:
        """The precision of that name, as this runtime runs it."""
        asked = precision_named(precision)
        return narrowed(asked) if "int8-activations" in self.fusion else asked

    def _variant(self, precision: Precision) -> Variant:
        half = precision.vector_bits <= 16
        return Variant(half, self.casts == "autocast" and half and precision.activation_bits == 16)

    def _fused(self, variant: Variant, batch: int) -> Fused:
        """The structure that holds at a batch: shared by all batches where sizes are affine."""
        check_batch(batch)
        if self.batch_dim is None:
            self.shapings.at(batch)
            return self._point(variant, 1)
        if batch == 1:
            return self._point(variant, 1)
        if variant not in self._lines:
            self._lines[variant] = self._line(variant)
        return self._lines[variant] or self._point(variant, batch)

    def _point(self, variant: Variant, batch: int) -> Fused:
        """The structure of one batch alone."""
        if (variant, batch) not in self._points:
            shaping = self.shapings.at(batch)
            structure = self._structure(variant, shaping)
            measures = structure.measured(*shaping)
            rows = Rows(distinct(structure, [measures]), structure.traits.repeats)
            names = Names(structure, rows, {batch: shaping.shaped})
            self._points[variant, batch] = Fused(structure, rows, names, measures)
        return self._points[variant, batch]

    def _line(self, variant: Variant) -> Fused | None:
        """One structure for all batches from two up; None where they do not lie on a line."""
        low, high, check = (self.shapings.at(batch) for batch in (_LOW, _HIGH, _CHECK))
        if not (same_nodes(low, high) and same_nodes(low, check)):
            return None
        structure = self._structure(variant, low)
        line = line_through(structure, low, high, check, (_LOW, _HIGH, _CHECK))
        if line is None:
            return None
        rows = Rows(distinct(structure, [line.low, line.high]), structure.traits.repeats)
        names = Names(structure, rows, {_LOW: low.shaped, _HIGH: high.shaped})
        return Fused(structure, rows, names, line)

    def _structure(self, variant: Variant, shaping: Shaping) -> Structure:
        flow = fused(*shaping, rules=self.fusion, half=variant.half, autocast=variant.autocast)
        return structure_of(flow, shaping.demands, in_place="in-place" in self.fusion)


def _whole(size: float) -> int:
    """Bytes, without the rounding of the interpolation."""
    return round(size)
