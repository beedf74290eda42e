"""Workload and GPUs to Estimate: one physical effect per file, combined in predict.py alone."""
