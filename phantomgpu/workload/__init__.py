"""Graph to Workload: the kernels a runtime would launch, as arrays."""

from phantomgpu.workload.lower import lower
from phantomgpu.workload.schedule import Schedule
from phantomgpu.workload.workload import FAMILIES, PEAKS, KernelNames, Kernels, Workload

__all__ = ["FAMILIES", "PEAKS", "KernelNames", "Kernels", "Schedule", "Workload", "lower"]
