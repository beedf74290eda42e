"""Which of its kernels a library takes: facts about the code, not fitted."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variants:
    """What a runtime's profile says of its kernels. Each [kernel].

    Attributes:
        least_group: Fewest query heads to a KV head that share a block of its decoding kernel.
        most_group: Most of them.
        most_prompt_group: Most query heads to a KV head that share a block of its prompt kernel.
        packs_on: Architecture on which that kernel takes all of a group, or empty.
        prompt_least: Fewest new tokens of a sequence that take its prompt kernel.
        unpacks_on: Architecture on which its kernels turn fp8 into 16 bits themselves, or empty.
        swaps_on: Architectures, between spaces, on which a single query takes FlashAttention-2.
        alone_on: Those on which fewer heads than ``least_group`` have a block each, and a decoding
            block of more has an SM to itself.
        fills_rows_on: Those on which a decoding block has room for 64 queries, used or not.
        narrows_queries_on: Those on which queries over an fp8 cache are made fp8 in a kernel.
        narrow_on: Those on which prompts are multiplied in the format of the cache.
        splits: Whether it splits products along the reduced dimension, by index into ``PEAKS``.
            [kernel, peak]
        unfused_on: Those on which it has no fused attention for prompts.
        whole_most: Queries up to which a block of its prompt kernel holds all of a head's.
        held_most: Elements up to which its normalisations keep a row in registers.
        vector_rows: Rows up to which it leaves int8 products to the vector units.
        transposes_on: Architectures on which its convolutions are channels-first images transposed
            around tensor cores.
    """

    least_group: FloatArray
    most_group: FloatArray
    most_prompt_group: FloatArray
    packs_on: NDArray[np.str_]
    prompt_least: FloatArray
    unpacks_on: NDArray[np.str_]
    swaps_on: NDArray[np.str_]
    alone_on: NDArray[np.str_]
    fills_rows_on: NDArray[np.str_]
    narrows_queries_on: NDArray[np.str_]
    narrow_on: NDArray[np.str_]
    splits: NDArray[np.bool_]
    vector_rows: FloatArray
    transposes_on: NDArray[np.str_]
    unfused_on: NDArray[np.str_]
    whole_most: FloatArray
    held_most: FloatArray

    def at(self, rows: NDArray[np.int64]) -> "Variants":
        """Those of some kernels."""
        return Variants(*(getattr(self, column.name)[rows] for column in fields(self)))


def listed(names: Iterable[str]) -> str:
    """Ids of architectures as ``Variants`` holds them."""
    return f" {' '.join(names)} "


def is_among(architecture: NDArray[np.str_], lists: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Whether each board's architecture is in a list. [gpu, kernel].

    >>> bool(is_among(np.array("ada"), np.array(listed(["ampere", "ada"]))))
    True
    """
    return np.asarray(np.char.find(lists, np.char.add(np.char.add(" ", architecture), " ")) >= 0)


def heads_are_alone(
    *, groups: FloatArray, least: FloatArray, most: FloatArray
) -> NDArray[np.bool_]:
    """Whether each query head has a block of its own, which reads the keys for itself.

    Args:
        groups: Query heads to a KV head. [kernel]
        least: Fewest that share a block. [kernel]
        most: Most of them. [kernel]

    Returns:
        True where the library falls back to a kernel for one head. [kernel]

    Source:
        NVIDIA TensorRT-LLM, ``cpp/tensorrt_llm/kernels/decoderMaskedMultiheadAttention``: XQA
        serves grouped queries of up to 32 heads, the masked multi-head kernel all others.

    >>> one = np.ones(3)
    >>> heads_are_alone(groups=np.array([1.0, 8.0, 64.0]), least=2 * one, most=32 * one).tolist()
    [True, False, True]
    """
    return np.asarray((groups < least) | (groups > most))
