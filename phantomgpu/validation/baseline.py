"""What a plain roofline says of a workload: the baseline that every figure is shown beside."""

import numpy as np
from numpy.typing import NDArray

from phantomgpu.hardware.gpu import Spec
from phantomgpu.workload.workload import PEAKS, Kernels


def roofline_s(kernels: Kernels, spec: Spec) -> NDArray[np.float64]:
    """Seconds of each kernel at the peaks of the data sheet. [kernel].

    The larger of arithmetic at the dense peak of its precision and traffic at the peak bandwidth,
    no launch, no efficiency. NaN where the GPU has no such peak.

    Source:
        Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for
        Multicore Architectures", CACM 52 (4), 2009.
    """
    stated = {**spec.peak_flops_per_s}
    stated["fp16_accumulate"] = spec.fp16_accumulate_flops_per_s or stated.get("fp16", np.nan)
    peaks = np.array([stated.get(name, np.nan) for name in PEAKS])[kernels.peak]
    vector = (kernels.vector_flops + kernels.special_flops) / spec.peak_flops_per_s["fp32"]
    matrix = np.where(kernels.matrix_flops > 0.0, kernels.matrix_flops / peaks, 0.0)
    traffic = (kernels.read_bytes + kernels.write_bytes) / spec.bandwidth_bytes_per_s
    return np.asarray(np.maximum(np.maximum(matrix, vector), traffic))
