"""Measured model rows to outcomes: each graph is read once, lowered once for every runtime."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from phantomgpu.cost import predict
from phantomgpu.errors import ModelError, PhantomGPUError, RequestError
from phantomgpu.families import is_json, read_definition
from phantomgpu.hardware import Catalog
from phantomgpu.onnx import batch_symbol, read_model
from phantomgpu.onnx.graph import Graph
from phantomgpu.validation.age import age_slowdown
from phantomgpu.validation.baseline import roofline_s
from phantomgpu.validation.folders import ModelFolder, Variant, find
from phantomgpu.validation.language import (
    SERVED_METRICS,
    LanguageModel,
    language_workload,
    served_row,
)
from phantomgpu.validation.outcome import Outcome
from phantomgpu.validation.points import Point, dims_of, point_of
from phantomgpu.validation.rows import Row
from phantomgpu.validation.served import Served, served_outcomes
from phantomgpu.workload import Schedule, Workload, lower
from phantomgpu.workload.shapings import Shapings

Sizes = tuple[tuple[str, int], ...]

MOST_ALONE: Final = 3
"""Batches of one model that are looked at one by one."""

METRICS: Final[dict[str, Callable[[float, int], float]]] = {
    "latency_ms": lambda latency_s, batch: latency_s * 1e3,
    "samples/s": lambda latency_s, batch: batch / latency_s,
    "tokens/s": lambda latency_s, batch: batch / latency_s,
}
"""A row's unit from seconds of one run at a batch."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the work it measured.

    Attributes:
        row: As read.
        point: Where it was measured.
        workload: What ran there; None where that cannot be told.
        reason: Why not.
        graph: SHA-256 of the model's file, or the name of a model that a configuration describes.
        served: What was asked of a server, where that is what was measured.
    """

    row: Row
    point: Point | None
    workload: Workload | None
    reason: str = ""
    graph: str = ""
    served: Served | None = None


@dataclass(slots=True)
class _Lowered:
    """One model with what runtimes make of it, kept while its rows are looked at."""

    graph: Graph
    batch: str | None
    schedules: dict[tuple[object, ...], Schedule] = field(default_factory=dict)
    shapings: dict[Sizes, Shapings] = field(default_factory=dict)
    workloads: dict[tuple[object, ...], Workload | str] = field(default_factory=dict)


def placed_rows(
    rows: Iterable[Row],
    catalog: Catalog,
    folders: Sequence[ModelFolder],
    variants: Sequence[Variant] = (),
) -> Iterator[Placed]:
    """The rows with their workloads, model by model, not in their order.

    Args:
        rows: With the columns ``MODEL_COLUMNS``.
        catalog: GPUs and runtimes.
        folders: Where the graphs are.
        variants: Rows that another export of their model belongs to.

    Raises:
        DataError: A cell that is needed is no number.
    """
    by_file: dict[tuple[int, str], list[tuple[Row, Point]]] = {}
    for row in rows:
        point = point_of(row, catalog)
        found = find(folders, row.cells, variants)
        if row.text("metric") not in (*METRICS, *SERVED_METRICS):
            yield Placed(row, None, None, f"there is no rule for metric {row.text('metric')!r}")
        elif isinstance(point, str):
            yield Placed(row, None, None, point)
        elif found is None:
            yield Placed(row, point, None, f"there is no graph of {row.text('model')!r}")
        else:
            folder, file = found
            by_file.setdefault((folders.index(folder), file), []).append((row, point))
    for (at, file), members in by_file.items():
        yield from _of_one_file(folders[at], file, members, catalog)


def model_outcomes(placed: Iterable[Placed], catalog: Catalog) -> list[Outcome]:
    """What the cost model says of rows with workloads, in the order of the file.

    Args:
        placed: From ``placed_rows``.
        catalog: GPUs and runtimes.
    """
    outcomes: list[Outcome] = []
    groups: dict[tuple[str, str], list[Placed]] = {}
    for each in placed:
        if each.served is not None:
            outcomes += served_outcomes([each.served], catalog)
        elif each.workload is None or each.point is None:
            measured = each.row.number("value")
            outcomes.append(Outcome(each.row, measured, reason=each.reason))
        else:
            key = (each.point.runtime, each.row.text("gpu"))
            groups.setdefault(key, []).append(each)
    for (runtime, gpu), members in groups.items():
        outcomes += _of_one_gpu(members, runtime, gpu, catalog)
    return sorted(outcomes, key=lambda outcome: outcome.row.line)


def _of_one_file(
    folder: ModelFolder, file: str, members: Sequence[tuple[Row, Point]], catalog: Catalog
) -> Iterator[Placed]:
    try:
        source = folder.open(file)
        if is_json(source):
            model = LanguageModel(read_definition(source, name=file))
            yield from (_of_language_model(model, row, point, catalog) for row, point in members)
            return
        graph = read_model(source)
    except PhantomGPUError as error:
        for row, point in members:
            yield Placed(row, point, None, f"{folder.name}/{file}: {error.what}")
        return
    lowered = _Lowered(graph, batch_symbol(graph))
    # A model is mostly measured at one batch or two: a line through three pays from four on.
    few = len({point.batch for _, point in members}) <= MOST_ALONE
    for row, point in members:
        workload = _workload(lowered, row, point, catalog, alone=few and lowered.batch is not None)
        if isinstance(workload, str):
            yield Placed(row, point, None, workload)
        else:
            yield Placed(row, point, workload, graph=graph.sha256)


def _of_language_model(model: LanguageModel, row: Row, point: Point, catalog: Catalog) -> Placed:
    """A row of a model that a configuration describes."""
    runtime, name = catalog.runtime(point.runtime), row.text("model")
    if model.definition.generation is None:
        return Placed(row, point, None, f"{name} generates no tokens")
    if row.text("metric") in SERVED_METRICS:
        asked = served_row(point.precision, row.text("input"))
        if isinstance(asked, str):
            return Placed(row, point, None, asked)
        served = Served(row, point.runtime, point.precision, point.batch, model, asked)
        return Placed(row, point, None, graph=name, served=served)
    said = language_workload(model, runtime, point.precision, row.text("input"))
    if isinstance(said, str):
        return Placed(row, point, None, said)
    return Placed(row, point, said, graph=name)


def _workload(
    model: _Lowered, row: Row, point: Point, catalog: Catalog, *, alone: bool
) -> Workload | str:
    """What ran, or why that cannot be told."""
    dims = dims_of(row, model.graph, model.batch)
    if isinstance(dims, str):
        return dims
    sizes = tuple(sorted(dims.items()))
    key = (point, sizes)
    if key not in model.workloads:
        try:
            model.workloads[key] = _schedule(model, point, sizes, catalog).at(
                point.batch, point.precision, alone=alone
            )
        except (ModelError, RequestError) as error:
            model.workloads[key] = f"the graph cannot be run at this size: {error.what}"
    return model.workloads[key]


def _schedule(model: _Lowered, point: Point, sizes: Sizes, catalog: Catalog) -> Schedule:
    """The model under a runtime, at sizes whose shapes all runtimes share."""
    runtime = catalog.runtime(point.runtime)
    key = (runtime.fusion, point.casts, sizes)
    if key not in model.schedules:
        lowered = lower(
            model.graph,
            fusion=runtime.fusion,
            casts=point.casts,
            runtime=runtime.id,
            dims=dict(sizes),
        )
        lowered.shapings = model.shapings.setdefault(sizes, lowered.shapings)
        model.schedules[key] = lowered
    return model.schedules[key]


def _of_one_gpu(
    members: Sequence[Placed], runtime: str, gpu: str, catalog: Catalog
) -> Iterator[Outcome]:
    """Outcomes of rows that share a runtime and a GPU; equal workloads are predicted once."""
    profile = catalog.gpu(gpu)
    distinct = list({id(each.workload): each.workload for each in members}.values())
    workloads = [workload for workload in distinct if workload is not None]
    estimates = predict(workloads, [profile], catalog.runtime(runtime))
    place = {id(workload): at for at, workload in enumerate(workloads)}
    for each in members:
        at = place[id(each.workload)]
        workload = workloads[at]
        factor = catalog.model_factor(each.graph, runtime)
        factor *= age_slowdown(each.row, catalog.runtime(runtime))
        estimate = estimates[at].scaled(factor)
        measured = each.row.number("value")
        if not estimate.supported[0]:
            reason = f"{gpu} has no peak for {workload.precision}"
            yield Outcome(each.row, measured, reason=reason)
            continue
        unit = METRICS[each.row.text("metric")]
        ends = sorted(
            unit(float(end[0]), workload.batch) for end in (estimate.low_s, estimate.high_s)
        )
        kernels = workload.kernels
        at_peak = float(np.sum(roofline_s(kernels, profile.spec) * kernels.count))
        yield Outcome(
            each.row,
            measured,
            predicted=unit(float(estimate.latency_s[0]), workload.batch),
            low=ends[0],
            high=ends[1],
            roofline=unit(at_peak, workload.batch),
        )
