"""Node and shapes to Demand: what each operator asks of a GPU, one file per operator family."""

from phantomgpu.ops.lookup import demand
from phantomgpu.ops.work import Demand, Family, Parallel

__all__ = ["Demand", "Family", "Parallel", "demand"]
