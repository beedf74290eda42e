"""Request to Comparison: every model, GPU, runtime, precision and batch asked for."""

from phantomgpu.comparison.cell import Cell, Comparison, ModelFacts, Problem
from phantomgpu.comparison.check import request_from
from phantomgpu.comparison.fits import largest_batch
from phantomgpu.comparison.pareto import latency_throughput_front, pareto_front
from phantomgpu.comparison.request import Request, request_as_dict
from phantomgpu.comparison.sweep import compare, compare_streaming

__all__ = [
    "Cell",
    "Comparison",
    "ModelFacts",
    "Problem",
    "Request",
    "compare",
    "compare_streaming",
    "largest_batch",
    "latency_throughput_front",
    "pareto_front",
    "request_as_dict",
    "request_from",
]
