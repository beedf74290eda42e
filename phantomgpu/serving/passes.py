"""Prompts cut into the passes that a runtime makes over them."""

from dataclasses import dataclass

from phantomgpu.hardware.runtime import Serving


@dataclass(frozen=True, slots=True)
class Passes:
    """The pass that stands for all of a prompt: its size and past are their means.

    Attributes:
        sequences: Prompts in one pass.
        tokens: New tokens of each in it.
        past: Tokens of each before it.
        times: Passes over one prompt, or over all prompts where they go together.
    """

    sequences: int
    tokens: int
    past: int
    times: float


def passes_of(serving: Serving, prompt_tokens: int, concurrency: int) -> Passes:
    """How prompts go through the layers.

    A pass takes at most ``chunk_tokens``; a longer prompt takes several, each of which attends to
    those before it. In flight, each prompt counts by itself. In static batches all prompts go
    together: whole, or as many in a pass as there is room for.

    >>> passes_of(Serving("static", chunk_tokens=512), 1024, 1)
    Passes(sequences=1, tokens=512, past=256, times=2.0)
    >>> passes_of(Serving("static"), 1024, 8)
    Passes(sequences=8, tokens=1024, past=0, times=1.0)
    """
    chunk = serving.chunk_tokens or prompt_tokens * concurrency
    tokens = min(prompt_tokens, chunk)
    past = (prompt_tokens - tokens) // 2
    parts = prompt_tokens / tokens
    if serving.batching == "in-flight":
        return Passes(1, tokens, past, parts)
    sequences = min(concurrency, chunk // tokens) if parts == 1.0 else 1
    return Passes(sequences, tokens, past, parts * concurrency / sequences)


def largest_pass(serving: Serving, prompt_tokens: int, concurrency: int) -> Passes:
    """The largest pass of a run: what activations need room for."""
    chunk = serving.chunk_tokens or prompt_tokens * concurrency
    tokens = min(prompt_tokens, chunk)
    sequences = max(min(concurrency, chunk // tokens), 1)
    return Passes(sequences, tokens, prompt_tokens - tokens, 1.0)
