"""One method per user action, in values that JSON can hold; what cli/ and web/worker.py call.

``App(catalog, library, open_builtin)`` knows the profiles and the built-in
models, and keeps the models that were opened. It does no I/O: shells read
files, addresses and blobs, and hand over a ``Source``. Mistakes raise
``PhantomGPUError``, whose ``as_dict()`` has code, what, where and fix.

====================  ==================================================================
``open_model``        Source -> summary: id, inputs, free dims with guesses, bytes read
``models``            built-in and opened models
``gpus``, ``gpu``     the catalogue, one entry in full (TOML text, values, sources)
``runtimes``          the runtime profiles
``check_profile``     TOML text -> problems with line and column, else the GPU it describes
``complete_profile``  TOML text and a place -> what may be written there, with unit and range
``new_variant``       GPU -> id and first lines of a profile that stands on it
``compare``           request -> the document of ``compare --json``
``compare_streaming`` request -> its cells, one after the other
``answer``            request -> that document, the winner sentence, charts, CSV, Markdown
``inspect``           model -> the document of ``inspect --json``
``explain``           one cell -> its kernels with their times, layers, memory, roofs, charts
``explain_kernel``    one of its kernels -> the terms of its time, with formulas and sources
``differences``       two models -> where their times differ, by kind of work and layer
``netron``            one cell -> the attachment that shows its figures inside Netron
``encode_link``       request -> share link and its length
``decode_link``       share link -> request, and what its sender saw
``save_request``      request -> text of a ``.phantom.toml``
``open_request``      that text -> request
====================  ==================================================================

A request is a mapping with the fields of ``comparison.Request``: ``models``,
``gpus``, ``runtimes``, ``precisions``, ``batches``, ``dims``, ``profiles``
(TOML text of custom GPUs by id), ``prompt_tokens``, ``output_tokens``, ``kv_precision``,
``steps``; all but the first two may be left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from phantomgpu.comparison import (
    Comparison,
    Request,
    compare,
    compare_streaming,
    request_as_dict,
    request_from,
)
from phantomgpu.comparison.dims import batch_among, dims_of_models
from phantomgpu.comparison.library import read_library
from phantomgpu.comparison.point import Point, point_of
from phantomgpu.comparison.sharing import tabled
from phantomgpu.comparison.shelf import Shelf
from phantomgpu.comparison.sweep import refuse_if_nothing_can_run
from phantomgpu.errors import RequestError
from phantomgpu.onnx import Source, batch_symbol, infer_shapes
from phantomgpu.report.anatomy import anatomy_json
from phantomgpu.report.charts import against_batch, latency_by_gpu
from phantomgpu.report.differences import differences_json
from phantomgpu.report.explanation import explanation_json
from phantomgpu.report.inspection import (
    definition_json,
    generation_json,
    inputs_json,
    inspection_json,
    model_json,
)
from phantomgpu.report.json import cell_json, comparison_json
from phantomgpu.report.link import decode_link, encode_link
from phantomgpu.report.netron import netron_attachment
from phantomgpu.report.profiles import Profiles
from phantomgpu.report.saved import request_of_text, request_text
from phantomgpu.report.sentence import winner_sentences
from phantomgpu.report.served_charts import served_charts
from phantomgpu.report.table import csv_text, markdown_text

Json = dict[str, Any]
Answer = TypeVar("Answer")

INDEX = "models/index.toml"
"""Where the index of built-in models lies among the profiles."""


class App(Profiles):
    """The engine with its profiles, its built-in models, and the models that were opened.

    Args:
        files: TOML text of the built-in profiles by path: ``gpus/…``, ``architectures/…``,
            ``runtimes/…`` and ``models/index.toml``.
        open_builtin: Gives the ``Source`` of a built-in model, by the file name in the index.
        custom: TOML text of the user's own profiles by path; they win.
        looked_in: Folders that the profiles come from, for messages.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        open_builtin: Callable[[str], Source],
        *,
        custom: Mapping[str, str] | None = None,
        looked_in: tuple[str, ...] = (),
    ) -> None:
        profiles = {path: text for path, text in files.items() if not path.endswith(INDEX)}
        index = next((text for path, text in files.items() if path.endswith(INDEX)), "")
        super().__init__(profiles, custom=custom, looked_in=looked_in)
        self._shelf = Shelf(read_library(index), open_builtin)

    # Models

    def open_model(self, source: Source, *, name: str = "") -> Json:
        """Read a model, keep its graph under ``name``, and say what it is.

        Returns:
            id, model, inputs (with the free dimensions, what each was set to, and why),
            batch (the symbol of the batch dimension, or null).

        Raises:
            ModelError: It is no model, or one that cannot be used.
        """
        name = name or source.name
        graph = self._shelf.open(source, name=name)
        return {
            "id": name,
            "model": model_json(graph, name=name),
            "inputs": inputs_json(graph, infer_shapes(graph, {})),
            "weight_bytes": graph.weight_bytes,
            "batch": batch_symbol(graph),
        }

    def close_model(self, name: str) -> None:
        """Forget an opened model; nothing happens where there is none of that name."""
        self._shelf.close(name)

    def models(self, search: str = "") -> list[Json]:
        """The built-in models as the index lists them, then the opened ones.

        Args:
            search: Only the built-in models that it may mean, in any usual spelling, best first.
        """
        entries = self._shelf.entries()
        if not search:
            return entries
        builtin = {entry["id"]: entry for entry in entries if entry["builtin"]}
        return [builtin[model.id] for model in self._shelf.library.matching(search)]

    # Comparing

    def compare(self, request: Mapping[str, Any]) -> Json:
        """The document of ``compare --json``.

        Raises:
            PhantomGPUError: A mistake in the request, a model or a profile.
        """
        return comparison_json(self.comparison(request))

    def compare_streaming(self, request: Mapping[str, Any]) -> Iterator[Json]:
        """The cells of that document as they are worked out; not in its order."""
        checked = self.request(request)
        refuse_if_nothing_can_run(checked, self._catalog)
        for cell in self._by(compare_streaming, checked):
            yield cell_json(cell)

    def answer(self, request: Mapping[str, Any]) -> Json:
        """That document and what people read.

        Returns:
            ``comparison`` (the document), ``sentences`` (one for each model: the winner and
            why), ``charts`` (Vega-Lite specs by name: latency, latency_by_batch,
            throughput_by_batch; of a model that generates tokens also tokens_by_concurrency,
            tpot_by_concurrency, ttft_by_concurrency), ``csv``, ``markdown``.
        """
        comparison = self.comparison(request)
        return {
            "comparison": comparison_json(comparison),
            "sentences": winner_sentences(comparison, self.titles()),
            "charts": {
                "latency": latency_by_gpu(comparison),
                "latency_by_batch": against_batch(comparison, "latency"),
                "throughput_by_batch": against_batch(comparison, "throughput"),
                **served_charts(comparison),
            },
            "csv": csv_text(comparison),
            "markdown": markdown_text(comparison),
        }

    def comparison(
        self, request: Mapping[str, Any], *, called: Mapping[str, str] | None = None
    ) -> Comparison:
        """The comparison itself, for shells that make their own tables of it."""
        checked = self.request(request, called=called)
        refuse_if_nothing_can_run(checked, self._catalog)
        return self._by(compare, checked)

    def request(
        self,
        document: Mapping[str, Any],
        *,
        called: Mapping[str, str] | None = None,
        needed: tuple[str, ...] = ("models", "gpus"),
    ) -> Request:
        """A checked request, the aliases of built-in models replaced by their ids.

        Arguments and errors as for ``comparison.request_from``.
        """
        checked = request_from(document, called=called, needed=needed)
        self._shelf.lay_out(checked.tables)
        ids = dict.fromkeys(self._shelf.id_of(name) for name in checked.models)
        return replace(checked, models=tuple(ids))

    def titles(self) -> dict[str, str]:
        """What people call each built-in model, by id."""
        return {model.id: model.title for model in self._shelf.library}

    # Looking inside

    def inspect(
        self,
        model: str,
        *,
        dims: Mapping[str, int] | None = None,
        runtime: str = "tensorrt",
        precision: str = "fp16",
        batch: int | None = None,
        gpu: str = "",
        tables: Mapping[str, Any] | None = None,
        beside: Sequence[str] = (),
    ) -> Json:
        """The document of ``inspect --json``: what a model is, and what a runtime makes of it.

        Args:
            model: As in a request.
            dims: Free dimensions to set; the batch may be among them.
            runtime: Whose fusion.
            precision: What it runs as.
            batch: Samples per run; 1 where neither this nor ``dims`` says.
            tables: As in a request.
            beside: Other models of the comparison, whose free dimensions ``dims`` may name too.
            gpu: Adds ``cell``, ``layers``, ``roofs`` and times of the kernels, as ``explain``.

        Raises:
            PhantomGPUError: A mistake in the arguments, or the model.
        """
        held = dict(tables or {})
        compared = {"models": [model, *beside], "tables": held}
        name, *others = self.request(compared, needed=("models",)).models
        graph = self._shelf.graph(name)
        batch, sizes = batch_among(dims or {}, graph, batch=batch)
        asked = {
            "models": [name, *others],
            "runtimes": [runtime],
            "precisions": [precision],
            "batches": [1 if batch is None else batch],
            "dims": sizes,
            "tables": held,
        }
        checked = self.request(asked, needed=("models",))
        chosen = dims_of_models(checked, self._shelf.graphs(checked.models))[name]
        schedule = self._shelf.schedule(graph, self._catalog.runtime(runtime), chosen)
        workload = schedule.at(checked.batches[0], precision)
        timeline = schedule.memory_timeline(checked.batches[0], precision)
        why = dict.fromkeys(self._shelf.published_dims(graph), "as published")
        why |= dict.fromkeys(chosen, "given")
        if batch is None:
            why |= {symbol: "guess: batch 1" for symbol in [batch_symbol(graph)] if symbol}
        document = inspection_json(
            graph, schedule.shaped, workload, name=name, timeline=timeline, why=why
        )
        described = self._shelf.definition(name)
        document["generation"] = generation_json(described) if described else None
        document["definition"] = definition_json(described) if described else None
        if not gpu:
            return document
        told = self.explain({**asked, "gpus": [gpu]})
        return document | {part: told[part] for part in ("cell", "kernels", "layers", "roofs")}

    def explain(self, request: Mapping[str, Any]) -> Json:
        """Why one cell takes the time it takes.

        Args:
            request: As for ``compare``; its first model, GPU, runtime, precision and batch
                name the cell.

        Returns:
            As ``report.explanation.explanation_json``: kernels, layers, memory, roofs, charts.
        """
        return explanation_json(self._point(request))

    def explain_kernel(self, request: Mapping[str, Any], kernel: int) -> Json:
        """The terms of one kernel's time, by its place in ``explain``: formulas, inputs, sources.

        Raises:
            RequestError: There are not so many kernels.
        """
        return anatomy_json(self._point(request), kernel)

    def differences(self, request: Mapping[str, Any]) -> Json:
        """Where the times of a request's first two models differ, by kind of work and layer.

        Args:
            request: As for ``compare``; its first GPU, runtime, precision and batch count.

        Returns:
            As ``report.differences.differences_json``.

        Raises:
            RequestError: There is but one model.
        """
        asked = self.request(request)
        if len(asked.models) < 2:
            raise RequestError(
                "there is but one model", where="models", fix="give the one to hold it against"
            )
        first, second = asked.models[:2]
        points = [
            self._by(point_of, replace(asked, models=(name, other)))
            for name, other in ((first, second), (second, first))
        ]
        return differences_json(points[0], points[1], self.titles())

    def netron(self, request: Mapping[str, Any]) -> Json:
        """The cell of ``explain`` as an attachment that Netron shows beside each node."""
        return netron_attachment(self.explain(request))

    def _point(self, request: Mapping[str, Any]) -> Point:
        return self._by(point_of, self.request(request))

    def _by(self, work_out: Callable[..., Answer], asked: Request) -> Answer:
        """What a function of ``comparison`` makes of a request and of what stands ready here."""
        return work_out(
            asked,
            self._shelf.graphs(asked.models),
            self._catalog,
            lowered=self._shelf.schedule,
            definitions=self._shelf.definitions(asked.models),
        )

    # Sharing

    def encode_link(
        self,
        request: Mapping[str, Any],
        *,
        saw: Mapping[str, str | int | float] | None = None,
        called: Mapping[str, str] | None = None,
        with_tables: bool = False,
    ) -> Json:
        """The share link of a request.

        Args:
            request: As for ``compare``. The user's own profiles among its GPUs travel along.
            saw: Figures to be held against what the receiver's engine says.
            called: As for ``comparison.request_from``.
            with_tables: The opened models travel as their kernel tables, without their names.

        Returns:
            ``link`` and its ``length``; ``request``, which the link holds.
        """
        document = dict(request)
        chosen = document.get("gpus", ())
        own = {name: text for name, text in self._own_texts.items() if name in chosen}
        if own:
            document["profiles"] = {**own, **document.get("profiles", {})}
        shared = self._shared(self.request(document, called=called), with_tables)
        link = encode_link(shared, self._texts, saw=saw)
        return {"link": link, "length": len(link), "request": request_as_dict(shared)}

    def save_request(self, request: Mapping[str, Any], *, with_tables: bool = False) -> Json:
        """The ``text`` of a ``.phantom.toml`` that holds a request; as ``encode_link``."""
        return {"text": request_text(self._shared(self.request(request), with_tables))}

    def open_request(self, text: str, *, origin: str = "the file") -> Json:
        """The ``request`` that the text of a ``.phantom.toml`` holds.

        Raises:
            RequestError: It holds none; where has line and column.
        """
        return {"request": request_as_dict(request_of_text(text, origin=origin)), "saw": {}}

    def decode_link(self, link: str) -> Json:
        """What a share link holds: ``request`` and ``saw``.

        Raises:
            LinkError: It is damaged, foreign, or from a newer version.
        """
        from_link = decode_link(link, self._texts)
        return {"request": request_as_dict(from_link.request), "saw": dict(from_link.saw)}

    def _shared(self, request: Request, with_tables: bool) -> Request:
        """A request as it leaves this machine."""
        if not with_tables:
            return request
        shelf = self._shelf
        graphs = shelf.graphs(request.models)
        return tabled(request, shelf.opened, graphs, self._catalog, lowered=shelf.schedule)
