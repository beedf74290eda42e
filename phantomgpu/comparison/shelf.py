"""The models at hand: built-in ones, read when first asked for, and those the user opened."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from phantomgpu.comparison.library import Library
from phantomgpu.comparison.sweep import schedule_for
from phantomgpu.comparison.tables import Table, opened_table
from phantomgpu.families import Definition, is_json, read_definition
from phantomgpu.hardware import Runtime
from phantomgpu.onnx import Source, batch_symbol, read_model
from phantomgpu.onnx.graph import Graph
from phantomgpu.workload import Schedule
from phantomgpu.workload.table import Part, table_schedule

MOST_SCHEDULES: Final = 64
"""Schedules kept; each is a few hundred kilobytes."""


class Shelf:
    """Graphs by name, and what runtimes make of them.

    Args:
        library: The built-in models.
        open_builtin: Gives the ``Source`` of a built-in model, by its file in the index.
    """

    def __init__(self, library: Library, open_builtin: Callable[[str], Source]) -> None:
        self.library = library
        self._open_builtin = open_builtin
        self._opened: dict[str, Graph] = {}
        self._builtin: dict[str, Graph] = {}
        self._described: dict[tuple[str, bool], Definition] = {}
        self._schedules: dict[tuple[object, ...], Schedule] = {}
        self._tables: dict[str, tuple[Table, Graph, tuple[Part, ...]]] = {}

    def lay_out(self, tables: Mapping[str, Table]) -> None:
        """Take the kernel tables of a request as models, and no others."""
        held = self._tables
        self._tables = {
            name: held[name]
            if name in held and held[name][0] == table
            else (table, *opened_table(name, table))
            for name, table in tables.items()
        }

    def open(self, source: Source, *, name: str) -> Graph:
        """Read a model and keep it under a name; one of that name is replaced.

        An ONNX file, or a configuration (``config.json``) of a family that is known.

        Raises:
            ModelError: It is no model, or one that cannot be used.
        """
        graph = self._read(source, (name, False))
        self._opened[name] = graph
        return graph

    def close(self, name: str) -> None:
        """Forget an opened model; nothing happens where there is none of that name."""
        if self._opened.pop(name, None) is not None:
            self._described.pop((name, False), None)

    @property
    def opened(self) -> tuple[str, ...]:
        """Names of the opened models."""
        return tuple(self._opened)

    def id_of(self, name: str) -> str:
        """What a model is called in answers: an opened one's own name, else the built-in id.

        Raises:
            UnknownNameError: There is none of that name or alias; names the nearest three.
        """
        if name in self._tables or name in self._opened:
            return name
        return self.library.get(name).id

    def graph(self, name: str) -> Graph:
        """The graph of that name.

        Raises:
            UnknownNameError: There is none; names the nearest three.
        """
        if name in self._tables:
            return self._tables[name][1]
        if name in self._opened:
            return self._opened[name]
        model = self.library.get(name)
        if model.id not in self._builtin:
            self._builtin[model.id] = self._read(self._open_builtin(model.file), (model.id, True))
        return self._builtin[model.id]

    def definition(self, name: str) -> Definition | None:
        """What the configuration of that model describes; None of a model read from ONNX.

        Raises as ``graph``.
        """
        self.graph(name)
        if name in self._tables:
            return None
        opened = name in self._opened
        return self._described.get((name if opened else self.id_of(name), not opened))

    def definitions(self, names: Sequence[str]) -> dict[str, Definition]:
        """What configurations describe of those models that came as one."""
        found = {name: self.definition(name) for name in names}
        return {name: described for name, described in found.items() if described is not None}

    def _read(self, source: Source, key: tuple[str, bool]) -> Graph:
        """The graph in a source, of a configuration that of its main part."""
        self._described.pop(key, None)
        if not is_json(source):
            return read_model(source)
        self._described[key] = definition = read_definition(source, name=key[0])
        return definition.main.graph

    def graphs(self, names: Sequence[str]) -> dict[str, Graph]:
        """The graphs of those names."""
        return {name: self.graph(name) for name in names}

    def schedule(self, graph: Graph, runtime: Runtime, dims: Mapping[str, int]) -> Schedule:
        """What a runtime launches for a graph; kept, since editing a GPU does not change it.

        Free dimensions of a built-in model that ``dims`` leaves open are those of the index.
        """
        for _, known, parts in self._tables.values():
            if known is graph:
                return table_schedule(
                    parts, graph, runtime=runtime.id, fusion=runtime.fusion, casts=runtime.casts
                )
        dims = {**self.published_dims(graph), **dims}
        key = (
            graph.sha256,
            runtime.id,
            runtime.fusion,
            runtime.casts,
            tuple(sorted(dims.items())),
        )
        if key not in self._schedules:
            if len(self._schedules) >= MOST_SCHEDULES:
                self._schedules.pop(next(iter(self._schedules)))
            self._schedules[key] = schedule_for(graph, runtime, dims)
        return self._schedules[key]

    def published_dims(self, graph: Graph) -> dict[str, int]:
        """The sizes that the index gives a built-in model's free dimensions, batch left out.

        A file of one's own has none, even where it holds the same graph.
        """
        for name, known in self._builtin.items():
            if known is graph:
                batch = batch_symbol(graph)
                dims = self.library.get(name).dims
                return {dim: size for dim, size in dims.items() if dim != batch}
        return {}

    def entries(self) -> list[dict[str, Any]]:
        """What there is to choose from: the built-in models, then the opened ones."""
        builtin = [
            {
                "id": model.id,
                "title": model.title,
                "task": model.task,
                "builtin": True,
                "aliases": list(model.aliases),
                "parameters": model.parameters,
                "macs": model.macs,
                "dims": dict(model.dims),
                "source": model.source,
                "file": model.file,
            }
            for model in self.library
        ]
        return builtin + [
            {"id": name, "title": name, "task": "", "builtin": False} for name in self._opened
        ]
