"""Memory of the keys and values that generated tokens attend to."""

from collections.abc import Mapping
from typing import Final

from phantomgpu.families.definition import Generation

KV_PRECISIONS: Final[Mapping[str, float]] = {"fp16": 2.0, "fp8": 1.0, "int8": 1.0}
"""Bytes of a cached element by the name of what it is stored in; ``fp16`` stands for bf16 too."""


def cache_bytes(
    generation: Generation,
    *,
    tokens: int,
    sequences: int,
    element_bytes: float,
    source_tokens: int = 0,
) -> int:
    """Bytes of the cache of some sequences.

    Layers with full attention keep every token, those with a sliding window the last
    ``window_tokens`` of them, cross-attention every token of the encoder's output.

    Args:
        generation: What the model keeps for a token.
        tokens: Of each sequence, prompt and output together.
        sequences: At once.
        element_bytes: See ``KV_PRECISIONS``.
        source_tokens: Of the encoder's output.

    Returns:
        ``sequences · (c·tokens + w·min(tokens, window) + x·source) · element_bytes``.

    Source:
        Kwon et al., "Efficient Memory Management for Large Language Model Serving with
        PagedAttention", SOSP 2023, section 3: ``2 · layers · kv heads · head width`` elements
        a token.

    >>> one = Generation(layers=32, cache_elements_per_token=2 * 32 * 8 * 128)
    >>> cache_bytes(one, tokens=1, sequences=1, element_bytes=2.0)
    131072
    """
    kept = generation.cache_elements_per_token * tokens
    kept += generation.window_elements_per_token * min(tokens, generation.window_tokens)
    kept += generation.source_elements_per_token * source_tokens
    return round(sequences * kept * element_bytes)


def cache_bytes_per_token(generation: Generation, *, element_bytes: float) -> int:
    """Bytes that one more token of a short sequence adds to the cache."""
    kept = generation.cache_elements_per_token + generation.window_elements_per_token
    return round(kept * element_bytes)


def longest_sequence(
    generation: Generation,
    free_bytes: int,
    *,
    sequences: int,
    element_bytes: float,
    source_tokens: int = 0,
) -> int:
    """Most tokens of each sequence whose cache fits; 0 where not even one does."""

    def needed(tokens: int) -> int:
        return cache_bytes(
            generation,
            tokens=tokens,
            sequences=sequences,
            element_bytes=element_bytes,
            source_tokens=source_tokens,
        )

    fits, does_not = 0, 2**31
    while does_not - fits > 1:
        middle = (fits + does_not) // 2
        if needed(middle) <= free_bytes:
            fits = middle
        else:
            does_not = middle
    return fits
