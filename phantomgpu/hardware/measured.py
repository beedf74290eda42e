"""``[measured.*]`` tables of GPU profiles to the factors that hold for a model everywhere."""

from collections.abc import Iterable, Iterator
from math import exp, fsum, log

from phantomgpu.hardware.check import Document
from phantomgpu.hardware.gpu import GpuProfile, MeasuredModel
from phantomgpu.hardware.layers import Layers


def measured_of(document: Document) -> tuple[MeasuredModel, ...]:
    """The measured models of a checked GPU document."""
    return tuple(
        MeasuredModel(
            model=table.get("model", name),
            graph=table.get("graph", ""),
            runtime=table.get("runtime", ""),
            factor=float(table.get("factor", 1.0)),
            rows=table.get("rows", 1),
        )
        for name, table in document.get("measured", {}).items()
    )


def measuring(layers: Layers) -> Iterator[str]:
    """Ids of GPUs whose files hold such tables: the others need not be read for them."""
    for (kind, name), files in layers.items():
        if kind == "gpus" and any("[measured." in file.text for file in files):
            yield name


def factors_of(gpus: Iterable[GpuProfile]) -> dict[tuple[str, str], float]:
    """Factor by graph and runtime: the geometric mean over boards."""
    logs: dict[tuple[str, str], list[float]] = {}
    for gpu in gpus:
        for each in gpu.measured:
            logs.setdefault((each.graph, each.runtime), []).append(log(each.factor))
    return {key: exp(fsum(values) / len(values)) for key, values in logs.items()}
