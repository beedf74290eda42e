"""Definitions to figures: generated tokens, composite runs, and the memory both need."""

from phantomgpu.serving.cache import KV_PRECISIONS, cache_bytes, cache_bytes_per_token
from phantomgpu.serving.figures import Served
from phantomgpu.serving.load import Load
from phantomgpu.serving.runs import Lowered, Outcome, Run, ServedRun, run_of

__all__ = [
    "KV_PRECISIONS",
    "Load",
    "Lowered",
    "Outcome",
    "Run",
    "Served",
    "ServedRun",
    "cache_bytes",
    "cache_bytes_per_token",
    "run_of",
]
