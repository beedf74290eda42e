"""The header of a safetensors file -> how many numbers of which type it holds, and no weight.

Source:
    safetensors, "Format": 8 bytes with the header's length, little-endian, then that much JSON,
    which gives each tensor's dtype, shape and place.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from phantomgpu.errors import FormatError, LimitError

FIRST_BYTES: Final = 64 * 1024
"""Asked for at first: most headers are no longer."""

MAX_HEADER_BYTES: Final = 64 << 20
"""The format itself allows 100 MB; the largest published ones have a few."""

_LENGTH_BYTES: Final = 8
_BITS: Final[Mapping[str, int]] = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I64": 64, "I32": 32, "I16": 16, "I8": 8,
    "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8, "C64": 64,
}  # fmt: skip
_PACKED: Final = frozenset({"I32", "U32", "I8", "U8", "I16", "U16"})
"""Types whose elements may hold several weights each, or be quantised ones."""

_NO_WEIGHT: Final = ("_scale", "_scale_inv", ".scales", ".qzeros", ".g_idx", ".absmax", "inv_freq",
                     "position_ids", "_amax")  # fmt: skip
"""Ends of names that hold no parameters of the model: scales of a quantisation, and positions."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the files of a model hold.

    Attributes:
        parameters: Numbers that are weights; 0 where packed ones cannot be counted.
        size: Bytes of all tensors.
        elements: Of weights, by dtype as the format names it, most frequent first.
    """

    parameters: int
    size: int
    elements: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """As it stands in a set of configurations."""
        return {"parameters": self.parameters, "bytes": self.size, "elements": dict(self.elements)}


def header_end(first: bytes, *, where: str) -> int:
    """At which byte the header of a file ends, from its first bytes.

    Raises:
        FormatError: It is no safetensors file.
        LimitError: The header is larger than any known.
    """
    length = int.from_bytes(first[:_LENGTH_BYTES], "little")
    if len(first) <= _LENGTH_BYTES or first[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise FormatError(
            "it is no safetensors file: no header of JSON follows the length",
            where=where,
            fix="check that it was downloaded whole, not as a pointer of git-lfs",
        )
    if length > MAX_HEADER_BYTES:
        raise LimitError(
            f"its header says that it has {length:,} bytes",
            where=where,
            fix=f"headers of up to {MAX_HEADER_BYTES:,} bytes are read",
        )
    return _LENGTH_BYTES + length


def read_header(data: bytes, *, where: str) -> Stored:
    """What one file holds, from the bytes up to ``header_end``.

    Raises:
        FormatError: It is no safetensors file, or ends within the header.
        LimitError: As ``header_end``.
    """
    end = header_end(data, where=where)
    try:
        tensors = json.loads(data[_LENGTH_BYTES:end])
        elements: dict[str, int] = {}
        size = packed = 0
        for name, tensor in tensors.items():
            if name == "__metadata__":
                continue
            kind, count = str(tensor["dtype"]), 1
            for dim in tensor["shape"]:
                count *= int(dim)
            size += count * _BITS[kind] // 8
            if not name.endswith(_NO_WEIGHT):
                elements[kind] = elements.get(kind, 0) + count
                packed += count * (kind in _PACKED)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            "its header is damaged, or ends too early",
            where=where,
            fix="fetch the file again, or leave it out: config.json alone will do",
        ) from error
    return Stored(0 if packed else sum(elements.values()), size, _sorted(elements))


def together(files: Iterable[Stored]) -> Stored:
    """What several files hold; the count is 0 where one of them has packed weights."""
    elements: dict[str, int] = {}
    size, parameters, countable = 0, 0, True
    for each in files:
        size += each.size
        parameters += each.parameters
        countable = countable and (each.parameters > 0 or not each.elements)
        for kind, count in each.elements.items():
            elements[kind] = elements.get(kind, 0) + count
    return Stored(parameters if countable else 0, size, _sorted(elements))


def _sorted(elements: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(elements.items(), key=lambda item: (-item[1], item[0])))
