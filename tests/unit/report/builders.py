"""A finished comparison by hand, so that no change of the cost model changes a report's test."""

from phantomgpu.comparison import Cell, Comparison, ModelFacts, Problem, Request
from tests.unit.comparison.builders import a_catalog, a_gpu_text

GIB = 2**30


def a_cell(gpu, batch, latency_ms, *, bound="memory", precision="fp16", **changes):
    """A point that runs: an interval of 20 % to both sides, 1 GB of 16."""
    latency_s = latency_ms / 1e3
    figures = {
        "model": "chain", "gpu": gpu, "runtime": "tensorrt", "precision": precision,
        "batch": batch, "latency_s": latency_s, "low_s": 0.8 * latency_s,
        "high_s": 1.2 * latency_s, "throughput_per_s": batch / latency_s, "memory_bytes": GIB,
        "memory_limit_bytes": 16 * GIB, "bound": bound, "basis": "calibrated", "mfu": 0.41,
    }  # fmt: skip
    return Cell(**(figures | changes))


def a_failing_cell(gpu, batch, problem, **changes):
    """A point that cannot run."""
    empty = {
        "low_s": None,
        "high_s": None,
        "throughput_per_s": None,
        "mfu": None,
        "latency_s": None,
    }
    return a_cell(gpu, batch, 1.0, **(empty | {"bound": "", "problem": problem} | changes))


TOO_LARGE = Problem(
    code="memory",
    what="needs 31.2 of 16 GB",
    where="round under tensorrt, fp16, batch 64",
    fix="fits at batch 5 or less, or in int8",
    largest_batch=5,
)
NO_PEAK = Problem(
    code="precision",
    what="Old has no fp16 peak",
    where="old under tensorrt, fp16",
    fix="choose one of fp32, int8",
)


def a_comparison(*cells, gpus=None, batches=None):
    """A comparison of those cells; their GPUs are made up."""
    catalog = a_catalog(
        round=a_gpu_text(),
        fast=a_gpu_text(name="Fast", bandwidth=2000, fp16=300),
        old=a_gpu_text(name="Old", fp16=None),
    )
    ids = gpus or tuple(dict.fromkeys(cell.gpu for cell in cells))
    request = Request(
        models=("chain",),
        gpus=ids,
        precisions=tuple(dict.fromkeys(cell.precision for cell in cells)),
        batches=batches or tuple(dict.fromkeys(cell.batch for cell in cells)),
    )
    return Comparison(
        request=request,
        models=(ModelFacts("chain", "abc", 3),),
        cells=cells,
        gpus={name: catalog.gpu(name) for name in ids},
        runtimes={"tensorrt": catalog.runtime("tensorrt")},
    )


def a_full_comparison():
    """Two GPUs that run, one row that does not fit, one GPU without the peak."""
    return a_comparison(
        a_cell("round", 1, 1.234567891),
        a_cell("round", 8, 4.2, bound="compute"),
        a_failing_cell("round", 64, TOO_LARGE, memory_bytes=33_500_000_000),
        a_cell("fast", 1, 0.8, bound="launch", basis="architecture"),
        a_cell("fast", 8, 2.1, basis="architecture"),
        a_cell("fast", 64, 12.0, basis="architecture"),
        a_failing_cell("old", 1, NO_PEAK, basis="spec"),
        a_failing_cell("old", 8, NO_PEAK, basis="spec"),
        a_failing_cell("old", 64, NO_PEAK, basis="spec"),
    )
