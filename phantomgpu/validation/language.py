"""Rows of language models to work: what llama.cpp's benchmark times, and what a server is asked.

The models are those that a configuration describes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from phantomgpu.families import Definition
from phantomgpu.hardware import Runtime
from phantomgpu.onnx.graph import Graph
from phantomgpu.serving import Load, ServedRun, run_of
from phantomgpu.workload import Schedule, Workload, lower

SERVED_METRICS: Final = ("ttft_ms", "tpot_ms")
"""Metrics of rows whose batch is the number of requests at once."""

RANDOM_LENGTHS: Final = frozenset({(1024, 1024), (1024, 8192), (8192, 1024)})
"""Prompt and output of the sweeps that draw each request's lengths from 80 to 100 % of these.
Source: InferenceMAX, benchmarks: 1k/1k, 1k/8k and 8k/1k with ``--random-range-ratio 0.8``. Other
rows are taken to hold their lengths, as aiconfigurator's own sweeps do."""

MEAN_LENGTH: Final = 0.9
"""Of what such a row states."""

ROUNDS: Final = 10
"""Requests that a sweep sends for each one that it keeps running; all of the first round at once.
Source: InferenceMAX, benchmarks: ``--num-prompts`` is ten times ``--max-concurrency``."""

_INPUT: Final = re.compile(r"(tg|pp)(\d+)")
_SERVED: Final = re.compile(r"isl(\d+)_osl(\d+)")
_NARROW_CACHE: Final = frozenset({"fp8", "fp4"})
"""Precisions whose published checkpoints ask for a cache in fp8 (hf_quant_config.json of NVIDIA's
``Llama-3.1-70B-Instruct-FP8`` and ``-FP4``: kv_cache_quant_algo)."""


@dataclass(slots=True)
class LanguageModel:
    """One described model, and what runtimes make of it.

    Attributes:
        definition: What its configuration describes.
    """

    definition: Definition
    _schedules: dict[tuple[object, ...], Schedule] = field(default_factory=dict)

    def served(self, runtime: Runtime, load: Load) -> ServedRun:
        """The model under a load."""
        run = run_of(self.definition, runtime, {}, load=load, lowered=self._lowered)
        if not isinstance(run, ServedRun):
            raise ValueError(f"{self.definition.name} generates no tokens")
        return run

    def _lowered(self, graph: Graph, runtime: Runtime, dims: Mapping[str, int]) -> Schedule:
        key = (graph.sha256, runtime.fusion, tuple(sorted(dims.items())))
        if key not in self._schedules:
            self._schedules[key] = lower(
                graph, fusion=runtime.fusion, casts=runtime.casts, runtime=runtime.id, dims=dims
            )
        return self._schedules[key]


def language_workload(
    model: LanguageModel, runtime: Runtime, precision: str, text: str
) -> Workload | str:
    """The work of a ``tgN`` row, one generated token, or of a ``ppN`` row, one prompt.

    A generated token attends to half of those that the row makes: the first to none, the last to
    all. A prompt goes through in the runtime's passes.

    Args:
        model: The row's.
        runtime: The row's.
        precision: A key of ``PRECISIONS``.
        text: The row's input.

    Returns:
        The workload; its batch is the tokens that the row counts. A reason where it has none.
    """
    found = _INPUT.fullmatch(text)
    if found is None:
        return f"input {text!r} is neither tgN nor ppN"
    tokens = int(found[2])
    if found[1] == "tg":
        run = model.served(runtime, Load(prompt_tokens=1, output_tokens=tokens))
        return run.generating.stages.at(1)[-1].at(1, precision)
    stages = model.served(runtime, Load(prompt_tokens=tokens)).generating.stages
    program = replace(stages.program(1), stages=stages.at(1)[:-1])
    return replace(program.at(1, precision), batch=tokens)


@dataclass(frozen=True, slots=True)
class ServedRow:
    """What a serving row asked of the server.

    Attributes:
        load: Mean lengths.
        together: All requests are equally long.
    """

    load: Load
    together: bool


def served_row(precision: str, text: str) -> ServedRow | str:
    """The load of an ``islN_oslN`` row; a reason where it has none.

    >>> served_row("fp8", "isl8192_osl1024").load.prompt_tokens
    7373
    """
    found = _SERVED.fullmatch(text)
    if found is None:
        return f"input {text!r} is not islN_oslN"
    lengths = int(found[1]), int(found[2])
    is_random = lengths in RANDOM_LENGTHS
    mean = MEAN_LENGTH if is_random else 1.0
    cache = "fp8" if precision in _NARROW_CACHE else "fp16"
    load = Load(round(mean * lengths[0]), max(round(mean * lengths[1]), 1), cache)
    return ServedRow(load, not is_random)
