"""One point of a comparison, taken apart: its kernels with their work, times and shares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from phantomgpu.cost import Estimate
from phantomgpu.report.rounding import SUMMED_DIGITS, rounded
from phantomgpu.workload import Workload
from phantomgpu.workload.workload import FAMILIES, PEAKS

_MICRO = 1e6


def kernel_work(workload: Workload) -> list[dict[str, Any]]:
    """What each distinct kernel does, whichever GPU it runs on.

    Returns:
        Per kernel: op, family, nodes (of its first occurrence), count, flops (all, and those for
        the matrix, vector and special units), read_bytes (weight_bytes of them), write_bytes
        of one occurrence, shape, approximation (or null).
    """
    kernels = workload.kernels
    flops = kernels.matrix_flops + kernels.vector_flops + kernels.special_flops
    return [
        {
            "op": names.op,
            "family": FAMILIES[int(kernels.family[at])],
            "nodes": list(names.nodes[0]) if names.nodes else [],
            "count": int(kernels.count[at]),
            "flops": int(flops[at]),
            "matrix_flops": int(kernels.matrix_flops[at]),
            "vector_flops": int(kernels.vector_flops[at]),
            "special_flops": int(kernels.special_flops[at]),
            "read_bytes": int(kernels.read_bytes[at]),
            "weight_bytes": int(kernels.weight_bytes[at]),
            "write_bytes": int(kernels.write_bytes[at]),
            "shape": names.shape,
            "approximation": names.approximation or None,
        }
        for at, names in enumerate(workload.names)
    ]


def kernel_times(workload: Workload, estimate: Estimate, gpu: int = 0) -> list[dict[str, Any]]:
    """``kernel_work`` with the times on one GPU, the longest in total first.

    Args:
        workload: What runs.
        estimate: Its cost.
        gpu: Index into the GPUs of the estimate.

    Returns:
        Besides the work: peak (the rate its matrix work runs at), intensity (FLOPs per byte),
        flops_per_s (achieved), time_us, compute_us, memory_us, launch_us of one occurrence,
        total_ms of all, share of the run, bound.
    """
    kernels = workload.kernels
    each_s = seconds_each(estimate, gpu)
    total_s = each_s * kernels.count
    whole_s = float(np.sum(total_s)) or 1.0
    rows = kernel_work(workload)
    for at, row in enumerate(rows):
        moved = row["read_bytes"] + row["write_bytes"]
        terms = {
            "compute": float(estimate.compute_s[gpu, at]),
            "memory": float(estimate.memory_s[gpu, at]),
            "launch": float(estimate.launch_s[gpu, at]),
        }
        row.update(
            peak=PEAKS[int(kernels.peak[at])],
            intensity=rounded(row["flops"] / moved if moved else 0.0),
            flops_per_s=rounded(row["flops"] / float(each_s[at]) if each_s[at] > 0 else 0.0),
            time_us=rounded(float(each_s[at]) * _MICRO),
            total_ms=rounded(float(total_s[at]) * 1e3, digits=SUMMED_DIGITS),
            share=rounded(float(total_s[at]) / whole_s, digits=SUMMED_DIGITS),
            bound=max(terms, key=lambda name: terms[name]),
            **{f"{name}_us": rounded(seconds * _MICRO) for name, seconds in terms.items()},
        )
    return [rows[at] for at in longest_first(workload, estimate, gpu)]


def seconds_each(estimate: Estimate, gpu: int = 0) -> NDArray[np.float64]:
    """Seconds of one launch of each kernel, what is waited for it included. [kernel]."""
    return np.asarray(estimate.kernel_s[gpu] + estimate.launch_s[gpu])


def longest_first(workload: Workload, estimate: Estimate, gpu: int = 0) -> list[int]:
    """Rows of the workload in the order of ``kernel_times``."""
    total_s = np.nan_to_num(seconds_each(estimate, gpu) * workload.kernels.count)
    return [int(at) for at in np.argsort(-total_s, kind="stable")]
