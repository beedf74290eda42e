"""Request to Comparison: every point of the grid, as it is worked out or all at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from phantomgpu.comparison.cell import Cell, Comparison, ModelFacts, Problem
from phantomgpu.comparison.dims import dims_of_models
from phantomgpu.comparison.problems import (
    memory_problem,
    offer_problem,
    served_ways,
    unsupported_problem,
)
from phantomgpu.comparison.request import Request
from phantomgpu.errors import RequestError, UnknownNameError, nearest
from phantomgpu.families import Definition
from phantomgpu.hardware import Catalog, GpuProfile, Runtime
from phantomgpu.onnx.graph import Graph
from phantomgpu.serving import Lowered, Outcome, Run, Served, run_of
from phantomgpu.workload import Schedule, lower


def schedule_for(graph: Graph, runtime: Runtime, dims: Mapping[str, int]) -> Schedule:
    """What the runtime would launch for this model, at any batch and precision."""
    return lower(graph, fusion=runtime.fusion, casts=runtime.casts, runtime=runtime.id, dims=dims)


def compare(
    request: Request,
    models: Mapping[str, Graph],
    catalog: Catalog,
    *,
    lowered: Lowered = schedule_for,
    definitions: Mapping[str, Definition] | None = None,
) -> Comparison:
    """The grid that was asked for.

    Args:
        request: What was asked.
        models: Graphs by the names that the request uses.
        catalog: The profiles to choose from; ``request.profiles`` win over it.
        lowered: Gives the schedules; a caller that keeps them saves the work.
        definitions: Of the models that came as a configuration, by the same names; ``models``
            has their main graphs.

    Raises:
        UnknownNameError: No such model, GPU or runtime; names the nearest three.
        BatchError: A batch for a model that has no batch dimension.
        RequestError: A free dimension that no model has.
        ModelError: A model cannot be worked out.
    """
    catalog = with_custom_profiles(request, catalog)
    cells = list(
        compare_streaming(request, models, catalog, lowered=lowered, definitions=definitions)
    )
    rank = {
        axis: {name: at for at, name in enumerate(names)}
        for axis, names in (
            ("model", request.models),
            ("gpu", request.gpus),
            ("runtime", request.runtimes),
            ("precision", request.precisions),
            ("batch", request.batches),
        )
    }
    cells.sort(key=lambda cell: [rank[axis][getattr(cell, axis)] for axis in rank])
    return Comparison(
        request=request,
        models=tuple(
            _facts(request, name, models[name], (definitions or {}).get(name))
            for name in request.models
        ),
        cells=tuple(cells),
        gpus={name: catalog.gpu(name) for name in request.gpus},
        runtimes={name: catalog.runtime(name) for name in request.runtimes},
    )


def compare_streaming(
    request: Request,
    models: Mapping[str, Graph],
    catalog: Catalog,
    *,
    lowered: Lowered = schedule_for,
    definitions: Mapping[str, Definition] | None = None,
) -> Iterator[Cell]:
    """The points of the grid as they are worked out: model by model, runtime by runtime.

    Everything the request may have wrong is found before the first point.
    Arguments and errors as for ``compare``.
    """
    catalog = with_custom_profiles(request, catalog)
    gpus = [catalog.gpu(name) for name in request.gpus]
    runtimes = [catalog.runtime(name) for name in request.runtimes]
    runtimes_of = _runtimes_by_vendor(gpus, catalog)
    _check_models(request, models)
    dims_by_model = dims_of_models(request, models)
    described = definitions or {}
    for model in request.models:
        for runtime in runtimes:
            run = run_of(
                described.get(model, models[model]),
                runtime,
                dims_by_model[model],
                load=request.load,
                lowered=lowered,
                factor=catalog.model_factor(models[model].sha256, runtime.id),
            )
            for precision in request.precisions:
                outcomes = run.at(precision, request.batches, gpus)
                for batch, outcome in zip(request.batches, outcomes, strict=True):
                    for at, gpu in enumerate(gpus):
                        point = _Point(
                            model, gpu, runtime, precision, batch, runtimes_of[gpu.spec.vendor]
                        )
                        yield point.cell(outcome, at, run)


def refuse_if_nothing_can_run(request: Request, catalog: Catalog) -> None:
    """A grid of which no point is on offer for any board is a mistake, not an answer.

    Raises:
        RequestError: The first reason, with what would run.
        UnknownNameError: No such GPU or runtime.
    """
    catalog = with_custom_profiles(request, catalog)
    gpus = [catalog.gpu(name) for name in request.gpus]
    runtimes_of = _runtimes_by_vendor(gpus, catalog)
    problems = [
        offer_problem(gpu, catalog.runtime(runtime), precision, runtimes_of[gpu.spec.vendor])
        for gpu in gpus
        for runtime in request.runtimes
        for precision in request.precisions
    ]
    first = problems[0]
    if first is not None and all(problems):
        raise RequestError(first.what, where=first.where, fix=first.fix)


def with_custom_profiles(request: Request, catalog: Catalog) -> Catalog:
    """The catalogue in which the request's own profiles win.

    Raises:
        ProfileError: One of them cannot be used.
    """
    for name, text in request.profiles.items():
        catalog = catalog.with_profile(name, text, f"custom profile {name}")
    return catalog


@dataclass(frozen=True, slots=True)
class _Point:
    """One place of the grid, before its figures are known."""

    model: str
    gpu: GpuProfile
    runtime: Runtime
    precision: str
    batch: int
    vendor_runtimes: Sequence[str]

    def cell(self, outcome: Outcome, at: int, run: Run) -> Cell:
        """Its figures, or why there are none; the GPU is number ``at`` of the outcome."""
        estimate = outcome.estimate
        served = outcome.served[at] if outcome.served else None
        problem = self._problem(bool(estimate.supported[at]), run, served)
        latency_s = None if problem else float(estimate.latency_s[at])
        return Cell(
            model=self.model,
            gpu=self.gpu.id,
            runtime=self.runtime.id,
            precision=self.precision,
            batch=self.batch,
            latency_s=latency_s,
            low_s=None if problem else float(estimate.low_s[at]),
            high_s=None if problem else float(estimate.high_s[at]),
            throughput_per_s=self.batch / latency_s if latency_s else None,
            memory_bytes=run.needed_bytes(self.batch, self.precision),
            memory_limit_bytes=run.usable_bytes(
                self.gpu.spec.memory_bytes, self.batch, self.precision
            ),
            bound="" if problem else estimate.bound[at],
            basis=self.gpu.calibration.basis,
            mfu=None if problem else float(estimate.mfu[at]),
            problem=problem,
            serving=served.without_times() if served and problem else served,
        )

    def _problem(self, supported: bool, run: Run, served: Served | None) -> Problem | None:
        gpu, runtime, precision = self.gpu, self.runtime, self.precision
        problem = offer_problem(gpu, runtime, precision, self.vendor_runtimes) or memory_problem(
            gpu,
            runtime,
            precision,
            self.batch,
            run,
            others=lambda: served_ways(run, self.batch, precision, gpu),
            noun="batch" if served is None else "concurrency",
        )
        if problem is None and not supported:
            return unsupported_problem(gpu, runtime, precision)
        return problem


def _facts(request: Request, name: str, graph: Graph, definition: Definition | None) -> ModelFacts:
    """What identifies a model, and what its configuration says of a run."""
    steps = context = 0
    sound_s = 0.0
    if definition is not None and definition.generation:
        sound_s = definition.generation.sound_s
    if definition is not None and definition.steps:
        steps = request.steps or definition.steps
    # Behind an encoder the prompt is none of the decoder's tokens.
    if definition is not None and definition.generation and len(definition.parts) == 1:
        context = definition.generation.context_tokens
    return ModelFacts(name, graph.sha256, len(graph.nodes), steps, context, sound_s)


def _runtimes_by_vendor(gpus: Sequence[GpuProfile], catalog: Catalog) -> dict[str, list[str]]:
    """Ids of the runtimes that run on the boards of each vendor."""
    runtimes = [catalog.runtime(name) for name in catalog.runtime_ids]
    return {
        vendor: [runtime.id for runtime in runtimes if vendor in runtime.vendors]
        for vendor in {gpu.spec.vendor for gpu in gpus}
    }


def _check_models(request: Request, models: Mapping[str, Graph]) -> None:
    for at, name in enumerate(request.models, start=1):
        if name not in models:
            raise UnknownNameError(
                f"there is no model {name!r}",
                where=f"models, value {at}",
                fix=f"did you mean {' or '.join(nearest(name, models)) or 'a file'}?",
            )
