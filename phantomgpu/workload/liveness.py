"""Activation bytes alive while each operation runs.

A buffer lives from the operation that writes it to the last one that reads it;
a graph input for the whole run, since its owner keeps it; a graph output from
where it is written to the end; so does what is computed from shapes alone (masks,
positions), which a runtime keeps. A view keeps what it looks at alive. Weights are
not counted here, but their copies in another width are, to the end of the run as
torch.autocast caches them.

Where the runtime plans memory (rule ``in-place``), a pointwise operation writes
over an input that nobody needs afterwards, when both have equally many elements
of the same width, and copies of weights go when they have been used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phantomgpu.workload.flow import Flow
from phantomgpu.workload.precision import CLASSES
from phantomgpu.workload.storage import Storage
from phantomgpu.workload.workload import FloatArray


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """When each buffer is alive, in steps of the schedule.

    Attributes:
        names: The buffers.
        first: Step at whose start it is allocated. [buffer]
        last: Last step at which it is alive. [buffer]
    """

    names: tuple[str, ...]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def lifetimes(flow: Flow, storage: Storage, *, in_place: bool) -> Lifetimes:
    """When each activation of the schedule is alive."""
    end = max(len(flow.ops) - 1, 0)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for name in flow.shaped.inputs:
        if name not in flow.shaped.constant:
            first[name], last[name] = 0, end
    for step, op in enumerate(flow.ops):
        for name in op.inputs:
            if name in first:
                last[name] = max(last[name], step)
            elif name not in flow.shaped.constant:
                first[name], last[name] = 0, end
        for name in op.outputs:
            is_kept = name in flow.wanted or (flow.is_weight(name) and not in_place)
            first[name] = step
            last[name] = end if is_kept else step
    if in_place:
        _reuse(flow, storage, first, last)
    names = tuple(first)
    return Lifetimes(
        names, np.array([first[n] for n in names], int), np.array([last[n] for n in names], int)
    )


def _reuse(flow: Flow, storage: Storage, first: dict[str, int], last: dict[str, int]) -> None:
    """Let each pointwise output begin where the input it overwrites ends."""
    for step, op in enumerate(flow.ops):
        if op.family != "pointwise" or len(op.outputs) != 1:
            continue
        written = op.outputs[0]
        dying = [name for name in op.inputs if last.get(name) == step and first[name] <= step]
        if any(
            storage.counted(name) == storage.counted(written)
            for name in dying
            if name not in flow.wanted and name not in flow.shaped.inputs
        ):
            first[written] = step + 1
            last[written] = max(last[written], step)


def live_elements(times: Lifetimes, storage: Storage, steps: int) -> FloatArray:
    """Elements alive while each step runs, by width class, [step, class]."""
    change = np.zeros((steps + 2, CLASSES))
    for name, first, last in zip(times.names, times.first, times.last, strict=True):
        kind, count = storage.counted(name)
        change[first, kind] += count
        change[last + 1, kind] -= count
    return np.asarray(np.cumsum(change, axis=0)[:steps])
