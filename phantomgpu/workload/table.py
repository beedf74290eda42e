"""Kernel table to Schedule: a model known by what its kernels do, and by nothing else.

The table itself is described in ``workload.tabulate``, which writes it. What it
does not hold (names, weights, the order of the launches) nobody can read from it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from phantomgpu.errors import BatchError, RequestError
from phantomgpu.onnx.graph import Graph, Tensor
from phantomgpu.ops import Parallel
from phantomgpu.workload.columns import FLOPS, READ, READ_WEIGHT, SHAPE, WRITE, Traits
from phantomgpu.workload.precision import (
    CLASSES,
    FOLLOWS,
    VECTOR_FP16,
    widths,
)
from phantomgpu.workload.rows import Run
from phantomgpu.workload.schedule import Schedule
from phantomgpu.workload.shapings import Shapings, check_batch
from phantomgpu.workload.steps import Step
from phantomgpu.workload.workload import FAMILIES, PEAKS, FloatArray, KernelNames, Workload

MOST_KERNELS: Final = 20_000
MOST_PARTS: Final = 100
MOST_STEPS: Final = 1_000
LARGEST: Final = 2.0**60
"""Of the numbers of a table: more FLOPs than any kernel has."""

NUMBERS: Final = (
    *FLOPS,
    *SHAPE,
    *(f"{name}_{at}" for name in ("read", "weight", "write") for at in range(CLASSES)),
)
"""Names of the rows of ``columns.numbers``; the last three by width class."""

MORE: Final = "+"
"""Ends the name of a list of what one more sample adds."""

PEAK_CODES: Final = {
    "": FOLLOWS,
    "half": VECTOR_FP16,
    **{name: at for at, name in enumerate(PEAKS)},
}
"""Peaks as a table spells them; empty for the one of the requested precision."""

DEFAULTS: Final = {name: float(getattr(Parallel(), name)) for name in SHAPE}
"""What a column of the shape is where it is left out, as in tables older than the column."""

_KEYS: Final = frozenset(
    {"runtime", "half", "autocast", "only", "from", "kernels", "family", "peak", "class", "size",
     "count", "weights", "cap", "live", f"live{MORE}", "ends", f"ends{MORE}"}
    | {name + end for name in NUMBERS for end in ("", MORE)}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """The kernels under one runtime at one width of activations, at one batch or at all.

    Attributes:
        runtime: Id.
        half: Activations have 16 bits or fewer.
        autocast: Casts are inserted as torch.autocast does.
        only: The one batch it serves; 0 where it serves all from ``first`` on.
        first: The smallest it serves.
        base: At batch 0, or at ``only``; its numbers are ``columns.numbers``.
        more: What each sample adds.
        cap: Most of a weight that a kernel can read; 0 where it reads all it says. [kernel]
    """

    runtime: str
    half: bool
    autocast: bool
    only: int
    first: int
    base: Run
    more: Run
    cap: FloatArray

    def serves(self, batch: int) -> bool:
        """Whether it says what happens at a batch."""
        return batch == self.only if self.only else batch >= self.first

    def at(self, batch: int) -> Run:
        """The run at a batch that it serves."""
        base, more = self.base, self.more
        numbers = np.maximum(base.numbers + batch * more.numbers, 0.0)
        over = np.where(self.cap > 0, np.maximum(numbers[READ_WEIGHT:WRITE] - self.cap, 0.0), 0.0)
        numbers[READ_WEIGHT:WRITE] -= over
        numbers[READ:READ_WEIGHT] -= over
        return Run(
            base.traits,
            base.count,
            numbers,
            np.maximum(base.live + batch * more.live, 0.0),
            np.maximum(base.ends + batch * more.ends, 0.0),
            base.weights,
        )


def parts_of(document: object, *, where: str) -> tuple[Part, ...]:
    """The parts of a kernel table, checked.

    Args:
        document: As ``tabulate.tabulated`` gives it.
        where: Where it stands, for messages.

    Raises:
        RequestError: It is none, or larger than the documented limits.
    """
    if not isinstance(document, Sequence) or isinstance(document, str) or not document:
        raise _no_table("it is not a list of parts", where)
    if len(document) > MOST_PARTS:
        raise _no_table(f"it has {len(document)} parts, more than {MOST_PARTS}", where)
    return tuple(
        part_of(part, where=f"{where}, part {at}") for at, part in enumerate(document, start=1)
    )


def part_of(document: object, *, where: str) -> Part:
    """One part of a kernel table, checked; arguments and errors as ``parts_of``."""
    if not isinstance(document, Mapping):
        raise _no_table("a part is not a table of columns", where)
    unknown = sorted(str(key) for key in document if key not in _KEYS)
    if unknown:
        raise _no_table(f"it has a column {unknown[0]!r} that this version does not know", where)
    kernels = document.get("kernels")
    if not isinstance(kernels, int) or not 1 <= kernels <= MOST_KERNELS:
        raise _no_table(f"it does not say how many kernels there are, 1 to {MOST_KERNELS:,}", where)
    read = _Reader(document, int(kernels), where)
    base = Run(
        Traits(
            read.codes("family", {name: at for at, name in enumerate(FAMILIES)}, None),
            read.codes("peak", PEAK_CODES, ""),
            read.column("class", 0.0, most=CLASSES - 1).astype(np.int64),
            read.column("size", 1.0, most=64.0),
            np.ones(read.kernels),
        ),
        np.maximum(read.column("count", 1.0), 0.0),
        np.stack([read.column(name, DEFAULTS.get(name, 0.0)) for name in NUMBERS]),
        read.matrix("live"),
        read.matrix("ends", rows=2),
        read.matrix("weights", rows=None)[0],
    )
    more = Run(
        base.traits,
        base.count,
        np.stack([read.column(name + MORE, 0.0) for name in NUMBERS]),
        read.matrix(f"live{MORE}", like=base.live),
        read.matrix(f"ends{MORE}", like=base.ends),
        base.weights,
    )
    runtime = document.get("runtime")
    if not isinstance(runtime, str):
        raise _no_table("it does not say under which runtime", where)
    return Part(
        runtime=runtime,
        half=document.get("half") is True,
        autocast=document.get("autocast") is True,
        only=read.whole("only", 0),
        first=read.whole("from", 1),
        base=base,
        more=more,
        cap=read.column("cap", 0.0),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Columns of one part, each checked where it is read."""

    document: Mapping[str, Any]
    kernels: int
    where: str

    def column(self, name: str, default: float, *, most: float = LARGEST) -> FloatArray:
        """Numbers, one for each kernel."""
        value = self.document.get(name, default)
        values = value if isinstance(value, list | tuple) else [value] * self.kernels
        return self._checked(name, values, self.kernels, most)

    def codes(self, name: str, known: Mapping[str, int], default: str | None) -> Any:
        """Words, one for each kernel, as their numbers."""
        value = self.document.get(name, default)
        words = value if isinstance(value, list | tuple) else [value] * self.kernels
        if len(words) != self.kernels or not all(
            isinstance(word, str) and word in known for word in words
        ):
            raise _no_table(
                f"its column {name!r} does not say one of {', '.join(known)}", self.where
            )
        return np.array([known[word] for word in words], dtype=np.int64)

    def matrix(
        self, name: str, *, rows: int | None = 0, like: FloatArray | None = None
    ) -> FloatArray:
        """Rows of one number for each width class; a single row where ``rows`` is None."""
        value = self.document.get(name)
        if value is None and like is not None:
            return np.zeros_like(like)
        lines = [value] if rows is None else value
        if not isinstance(lines, list | tuple) or not 1 <= len(lines) <= MOST_STEPS:
            raise _no_table(f"its column {name!r} is not a list of rows", self.where)
        wanted = rows or (None if like is None else len(like))
        if wanted and len(lines) != wanted:
            raise _no_table(f"its column {name!r} has {len(lines)} rows, not {wanted}", self.where)
        return np.stack([self._checked(name, line, CLASSES, LARGEST) for line in lines])

    def whole(self, name: str, default: int) -> int:
        """A batch."""
        value = self.document.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
            raise _no_table(f"{name} is {value!r}, which is no batch", self.where)
        return value

    def _checked(self, name: str, values: object, length: int, most: float) -> FloatArray:
        if (
            not isinstance(values, list | tuple)
            or len(values) != length
            or not all(
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and math.isfinite(value)
                and abs(value) <= most
                for value in values
            )
        ):
            raise _no_table(f"its column {name!r} is not {length} numbers", self.where)
        return np.array(values, dtype=np.float64)


def _no_table(what: str, where: str) -> RequestError:
    return RequestError(
        f"the kernel table cannot be used: {what}",
        where=where,
        fix="ask its sender for a new link or file",
    )


@dataclass(slots=True)
class TableSchedule(Schedule):
    """A schedule that a kernel table tells of.

    Attributes:
        parts: Of the table.
    """

    parts: tuple[Part, ...] = field(default=())

    def at(self, batch: int, precision: str, *, alone: bool = False) -> Workload:
        """As ``Schedule.at``; names say the family and the shape of the work.

        Raises:
            BatchError: The table does not hold that batch.
            RequestError: It does not hold that runtime or width.
        """
        run = self.run(batch, precision)
        return self._workload(run, _names(run), batch, self._asked(precision))

    def run(self, batch: int, precision: str) -> Run:
        """As ``Schedule.run``; errors as ``at``."""
        check_batch(batch)
        variant = self.variant(precision)
        under = [part for part in self.parts if part.runtime == self.runtime]
        wide = [
            part for part in under if (part.half, part.autocast) == (variant.half, variant.autocast)
        ]
        if not wide:
            held = sorted({part.runtime for part in self.parts})
            raise RequestError(
                f"the kernel table does not say what {self.runtime} launches at {precision}",
                where=f"{self.runtime}, {precision}",
                fix=f"it holds {', '.join(held)} at the precisions that its sender compared; "
                "choose among those, or open the model itself",
            )
        found = [part for part in wide if part.serves(batch)]
        if not found:
            known = ", ".join(str(part.only) for part in wide if part.only)
            raise BatchError(
                f"the kernel table does not hold batch {batch}",
                where="batch",
                fix=f"choose among {known}, or open the model itself",
            )
        return max(found, key=lambda part: part.only).at(batch)

    def steps(self, batch: int, precision: str) -> list[Step]:
        """One step for each distinct kernel, each with the fullest moment's activations alive.

        In which order they run, and what is alive when, the table does not say.
        """
        run = self.run(batch, precision)
        alive = round(float(np.max(run.live @ widths(self._asked(precision)))))
        return [
            Step(at, name.op, (), "", (), int(run.count[at]), alive)
            for at, name in enumerate(_names(run))
        ]


def _names(run: Run) -> tuple[KernelNames, ...]:
    rows = [NUMBERS.index(name) for name in ("batch", "m", "n", "k")]
    return tuple(
        KernelNames(
            op=FAMILIES[family],
            nodes=(),
            shape=" x ".join(f"{value:,.0f}" for value in sizes),
        )
        for family, sizes in zip(run.traits.family.tolist(), run.numbers[rows].T, strict=True)
    )


def table_schedule(
    parts: tuple[Part, ...], graph: Graph, *, runtime: str, fusion: tuple[str, ...], casts: str
) -> TableSchedule:
    """What a runtime launches for the model of a table; ``graph`` is from ``table_graph``."""
    return TableSchedule(runtime, fusion, casts, Shapings(graph, {}), parts=parts)


def table_graph(name: str, parts: tuple[Part, ...], *, sha256: str = "") -> Graph:
    """The graph of a model of which only the kernels are known: one input, no node.

    Args:
        name: What it is called.
        parts: Of its table; where they serve all batches, the graph has a batch dimension.
        sha256: Of a graph that everyone knows, which boards measured.
    """
    has_batch = any(part.only == 0 for part in parts)
    dims: tuple[int | str, ...] = ("batch" if has_batch else 1, 1)
    return Graph(
        name=name,
        nodes=(),
        tensors={"input": Tensor("input", dims, "float32")},
        inputs=("input",),
        outputs=(),
        sha256=sha256,
    )
