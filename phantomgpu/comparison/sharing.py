"""A request as it leaves this machine: models of one's own as their kernel tables, unnamed."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from phantomgpu.comparison.dims import dims_of_models
from phantomgpu.comparison.request import Request
from phantomgpu.hardware import Catalog
from phantomgpu.onnx.graph import Graph
from phantomgpu.serving import Lowered
from phantomgpu.workload.tabulate import tabulated

NAME: Final = "kernel-table"
"""What a model is called that came without its name."""


def tabled(
    request: Request,
    names: Collection[str],
    models: Mapping[str, Graph],
    catalog: Catalog,
    *,
    lowered: Lowered,
) -> Request:
    """A request in which some models travel as their kernel tables, without their names.

    The tables serve the request's runtimes, precisions and free dimensions. What they say of
    the model is what its kernels compute and move, and how often each is launched.

    Args:
        request: Whose models they are.
        names: Of the models to replace; those that are not in the request are left out.
        models: Graphs by the names that the request uses.
        catalog: Has the runtimes.
        lowered: As for ``sweep.compare``.

    Raises:
        BatchError: A model cannot take one of the batches.
        ModelError: Its kernels cannot be worked out.
    """
    chosen = [name for name in request.models if name in names]
    if not chosen:
        return request
    runtimes = [catalog.runtime(name) for name in request.runtimes]
    dims = dims_of_models(request, models)
    tables = dict(request.tables)
    renamed: dict[str, str] = {}
    for name in chosen:
        schedules = [lowered(models[name], runtime, dims[name]) for runtime in runtimes]
        table: dict[str, Any] = {"parts": tabulated(schedules, request.precisions, request.batches)}
        known = models[name].sha256
        if any(catalog.model_factor(known, runtime.id) != 1.0 for runtime in runtimes):
            table["graph"] = known
        renamed[name] = _free_name({*request.models, *tables, *renamed.values()})
        tables[renamed[name]] = table
    left = [name for name in request.models if name not in chosen]
    kept = {dim for name in left for dim in dims[name]}
    return replace(
        request,
        models=tuple(renamed.get(name, name) for name in request.models),
        dims={dim: size for dim, size in request.dims.items() if dim in kept},
        tables=tables,
    )


def _free_name(taken: Collection[str]) -> str:
    found, number = NAME, 1
    while found in taken:
        number += 1
        found = f"{NAME}-{number}"
    return found
