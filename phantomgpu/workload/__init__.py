"""Graph to Workload: the kernels a runtime would launch, as arrays."""
