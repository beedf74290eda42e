"""Workload and GPUs to Estimate: one physical effect per file, combined in predict.py alone."""

from phantomgpu.cost.estimate import Estimate
from phantomgpu.cost.predict import predict as predict

__all__ = ["Estimate", "predict"]
