"""One workload on one GPU taken apart: the terms that ``predict`` combines, kernel by kernel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost.columns import boards_of
from phantomgpu.cost.host import host_of, kernels_on
from phantomgpu.cost.kernels import Activities, activities
from phantomgpu.cost.kinds import KINDS, kinds_of
from phantomgpu.cost.predict import Times, run_times, sharpness_of
from phantomgpu.hardware.gpu import GpuProfile
from phantomgpu.hardware.runtime import Runtime
from phantomgpu.workload.workload import Workload

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the time of each kernel is made of. All [kernel], ``clock_slowdown`` apart.

    Attributes:
        kinds: As ``cost.kinds`` tells kernels apart.
        core_s: Arithmetic at boost clock.
        cache_s: Traffic with the last-level cache at boost clock.
        memory_s: Traffic with the memory.
        transposing_s: Copies in another layout before and after it.
        cached_bytes: What the cache serves.
        memory_bytes: What the memory does.
        clock_slowdown: Factor by which the board's power limit lowers the clock over the run.
        sharpness: How well arithmetic and traffic overlap: the exponent of their maximum.
        runtime_slowdown: Time of the runtime's kernel beside the best one.
    """

    kinds: tuple[str, ...]
    core_s: FloatArray
    cache_s: FloatArray
    memory_s: FloatArray
    transposing_s: FloatArray
    cached_bytes: FloatArray
    memory_bytes: FloatArray
    clock_slowdown: float
    sharpness: FloatArray
    runtime_slowdown: FloatArray


def terms_of(workload: Workload, gpu: GpuProfile, runtime: Runtime) -> Terms:
    """The terms of one run.

    Args:
        workload: What runs.
        gpu: On which board.
        runtime: The one whose fusion made the workload.
    """
    boards, kernels = boards_of([gpu]), workload.kernels
    kinds = kinds_of(kernels)
    weights_in_use = np.full(len(kernels), np.sum(kernels.weight_bytes * kernels.count))
    host = host_of(runtime, kinds, 1)
    work = activities(kernels, kinds, boards, weights_in_use, host.variants)
    times = run_times(kernels, kinds, np.zeros(1, dtype=np.int64), boards, host)
    memory_rate = boards.bandwidth_bytes_per_s * boards.copy_efficiency
    return Terms(
        kinds=tuple(KINDS[kind] for kind in kinds.tolist()),
        core_s=work.core_s[0],
        cache_s=work.cache_s[0],
        memory_s=work.memory_s[0],
        transposing_s=np.broadcast_to(work.transposing_s, work.core_s.shape)[0],
        cached_bytes=(work.cache_s * boards.cache_bytes_per_s)[0],
        memory_bytes=(work.memory_s * memory_rate)[0],
        clock_slowdown=_clock_slowdown(work, times),
        sharpness=np.broadcast_to(sharpness_of(kinds, boards, work), work.core_s.shape)[0],
        runtime_slowdown=np.broadcast_to(kernels_on(host, boards)[0], work.core_s.shape)[0],
    )


def _clock_slowdown(work: Activities, times: Times) -> float:
    """Read off what the run made of its activities at boost clock."""
    at_boost = np.sum(work.core_s[0] + work.cache_s[0])
    slowed = np.sum(times.core_s[0] + times.traffic_s[0] - work.memory_s[0])
    return float(slowed / at_boost) if at_boost > 0.0 else 1.0
