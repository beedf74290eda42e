"""Launches in execution order to the layers that people know: modules of the framework."""

from collections.abc import Sequence
from typing import Any, Final

from phantomgpu.report.rounding import SUMMED_DIGITS, rounded
from phantomgpu.workload.steps import Step

MOST_LAYERS: Final = 48
"""Layers that people take in at a glance: modules are told apart as deeply as this allows."""


def layers_json(steps: Sequence[Step], each_s: Sequence[float]) -> list[dict[str, Any]]:
    """Time by layer, in order of first execution.

    Args:
        steps: Every launch in order.
        each_s: Seconds of each, its repeats included.

    Returns:
        Per layer: name, steps (indices), total_ms, share of the run.
    """
    names = layer_names(steps)
    whole_s = sum(each_s) or 1.0
    members: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        members.setdefault(name, []).append(at)
    return [
        {
            "name": name,
            "steps": own,
            "total_ms": rounded(sum(each_s[at] for at in own) * 1e3, digits=SUMMED_DIGITS),
            "share": rounded(sum(each_s[at] for at in own) / whole_s, digits=SUMMED_DIGITS),
        }
        for name, own in members.items()
    ]


def layer_names(steps: Sequence[Step]) -> list[str]:
    """The layer of each launch: its module, as deep as leaves few enough layers.

    Where the model's names tell no modules apart, the kind of kernel.
    """
    paths = [step.module for step in steps]
    start = _shared(paths)
    longest = max((len(path) for path in paths), default=0)
    told_apart = {end: len({path[:end] for path in paths}) for end in range(start + 1, longest + 1)}
    most = max((n for n in told_apart.values() if n <= MOST_LAYERS), default=0)
    depth = next((end for end, n in told_apart.items() if n == most), start + 1)
    names = [".".join(path[start:depth]) for path in paths]
    if len(set(names)) < 2:
        return [step.op for step in steps]
    return [name or "(model)" for name in names]


def _shared(paths: Sequence[tuple[str, ...]]) -> int:
    """How many parts all paths begin with."""
    if not paths:
        return 0
    first, last = min(paths), max(paths)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return shared
