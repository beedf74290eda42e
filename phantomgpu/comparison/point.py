"""One point of a grid with all that stands behind its cell, for those who ask why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from phantomgpu.comparison.cell import Cell
from phantomgpu.comparison.dims import dims_of_models
from phantomgpu.comparison.request import Request
from phantomgpu.comparison.sweep import compare, with_custom_profiles
from phantomgpu.cost import Estimate
from phantomgpu.families import Definition
from phantomgpu.hardware import Catalog, GpuProfile, Runtime
from phantomgpu.onnx.graph import Graph
from phantomgpu.serving import Lowered, run_of
from phantomgpu.serving.program import Program
from phantomgpu.workload import Schedule, Workload


@dataclass(frozen=True, slots=True)
class Point:
    """A cell and what it was made of.

    Attributes:
        cell: As the comparison has it.
        gpu: Its board.
        runtime: Its runtime.
        schedule: What the runtime launches, at any batch and precision.
        workload: At this one.
        estimate: Of this workload on this GPU alone, its only one.
    """

    cell: Cell
    gpu: GpuProfile
    runtime: Runtime
    schedule: Schedule | Program
    workload: Workload
    estimate: Estimate


def point_of(
    request: Request,
    models: Mapping[str, Graph],
    catalog: Catalog,
    *,
    lowered: Lowered,
    definitions: Mapping[str, Definition] | None = None,
) -> Point:
    """The first point of a request: its first model, GPU, runtime, precision and batch.

    Arguments and errors as for ``sweep.compare``.
    """
    name = request.models[0]
    dims = dims_of_models(request, models)[name]
    asked = replace(
        request,
        models=(name,),
        gpus=request.gpus[:1],
        runtimes=request.runtimes[:1],
        precisions=request.precisions[:1],
        batches=request.batches[:1],
        dims=dims,
    )
    described = {n: d for n, d in (definitions or {}).items() if n == name}
    cell = compare(asked, models, catalog, lowered=lowered, definitions=described).cells[0]
    catalog = with_custom_profiles(asked, catalog)
    gpu, runtime = catalog.gpu(cell.gpu), catalog.runtime(cell.runtime)
    run = run_of(
        described.get(name, models[name]),
        runtime,
        dims,
        load=request.load,
        lowered=lowered,
        factor=catalog.model_factor(models[name].sha256, runtime.id),
    )
    schedule = run.inside(cell.batch)
    workload = schedule.at(cell.batch, cell.precision)
    estimate = run.at(cell.precision, [cell.batch], [gpu])[0].estimate
    return Point(cell, gpu, runtime, schedule, workload, estimate)


def pass_of(point: Point, kernel: int) -> tuple[Point, int]:
    """The pass that a kernel belongs to, as a point of its own, and the kernel's place in it.

    Terms of a kernel are those of its pass: what is in the cache and what the board draws does not
    depend on the passes around it.

    Args:
        point: What runs where.
        kernel: Row of its workload.

    Returns:
        The point itself where it is no program.
    """
    program = point.schedule
    if not isinstance(program, Program):
        return point, kernel
    start = 0
    for stage in program.stages:
        workload = stage.at(point.cell.batch, point.cell.precision)
        end = start + len(workload.kernels)
        if kernel < end:
            break
        start = end
    columns = ("compute_s", "memory_s", "launch_s", "kernel_s")
    estimate = replace(
        point.estimate, **{name: getattr(point.estimate, name)[:, start:end] for name in columns}
    )
    fitted = dict(point.runtime.calibration)
    fitted["run_slowdown"] = fitted.get("run_slowdown", 1.0) * stage.slowdown
    known = dict(point.runtime.sources)
    if stage.slowdown != 1.0:
        known["calibration.run_slowdown"] = known.get("serving.step_slowdown", "")
    runtime = replace(point.runtime, calibration=fitted, sources=known)
    return Point(point.cell, point.gpu, runtime, stage.schedule, workload, estimate), kernel - start
