"""Kernels that a runtime launches beside those of a workload."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantomgpu.workload import KernelNames, Kernels, Workload
from phantomgpu.workload.steps import Step

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Columns = Mapping[str, FloatArray | float]
Launches = tuple[Kernels, tuple[KernelNames, ...]]

_ONES: Final = ("m", "n", "k", "batch", "window", "stride", "kv_groups", "steps")


def beside(workload: Workload, mask: BoolArray, title: str, columns: Columns) -> Launches:
    """One more kernel with each of some, launched as often and named after it.

    Args:
        workload: Where those are.
        mask: Which. [kernel]
        title: What the new ones do.
        columns: Of ``Kernels``; what is left out is as small as it can be. Each [kernel] or one.
    """
    size = len(workload.kernels)
    given = {
        **dict.fromkeys(_ONES, 1.0),
        "count": workload.kernels.count,
        "peak": workload.kernels.peak,
        **columns,
    }
    made = {}
    for column in fields(Kernels):
        like = getattr(workload.kernels, column.name)
        whole = np.broadcast_to(np.asarray(given.get(column.name, 0.0)), (size,))
        made[column.name] = whole.astype(like.dtype)
    rows = np.flatnonzero(mask)
    names = tuple(replace(workload.names[row], op=title, approximation="") for row in rows.tolist())
    return Kernels(**{name: column[rows] for name, column in made.items()}), names


def with_launches(workload: Workload, added: Sequence[Launches]) -> Workload:
    """The workload with more kernels behind its own."""
    parts = [(workload.kernels, workload.names), *added]
    columns = {
        column.name: np.concatenate([getattr(kernels, column.name) for kernels, _ in parts])
        for column in fields(Kernels)
    }
    names = tuple(name for _, names in parts for name in names)
    return replace(workload, kernels=Kernels(**columns), names=names)


def with_added(steps: Sequence[Step], workload: Workload) -> list[Step]:
    """The steps of a schedule, each followed by the kernels that were added beside its own.

    Args:
        steps: Of the schedule; their ``kernel`` is a row of the workload.
        workload: What the schedule launches, and behind it what was added, under the same nodes.
    """
    own = {step.kernel for step in steps}
    first = {workload.names[at].nodes: at for at in sorted(own, reverse=True)}
    added: dict[int, list[int]] = {}
    for at, name in enumerate(workload.names):
        if at not in own and name.nodes in first:
            added.setdefault(first[name.nodes], []).append(at)
    return [
        made
        for step in steps
        for made in (
            step,
            *(
                replace(step, kernel=at, op=workload.names[at].op)
                for at in added.get(step.kernel, ())
            ),
        )
    ]
