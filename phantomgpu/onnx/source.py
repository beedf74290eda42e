"""Where a model's bytes come from: anything that has a size and can read a range."""

import zlib
from typing import Protocol

from phantomgpu.errors import FormatError, LimitError, TruncatedError
from phantomgpu.onnx.limits import MAX_INFLATED_BYTES

GZIP_MAGIC = b"\x1f\x8b"
_CHUNK_BYTES = 1 << 20


class Source(Protocol):
    """A file, a browser Blob, an address with range requests, or bytes.

    Attributes:
        name: What people call it; errors say it.
        size: Its bytes.
    """

    @property
    def name(self) -> str:
        """What people call it; errors say it."""
        ...

    @property
    def size(self) -> int:
        """Its bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes ``[offset, offset + length)``, fewer only where the source ends."""
        ...


class BytesSource:
    """Bytes in memory; those of a ``.gz`` are unpacked first.

    Args:
        name: What people call it.
        data: The file's content.

    Raises:
        TruncatedError: The gzip stream ends too early.
        FormatError: The gzip stream is damaged.
        LimitError: It is larger than ``MAX_INFLATED_BYTES`` unpacked.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.is_gzip = data[:2] == GZIP_MAGIC
        self.data = inflated(name, data) if self.is_gzip else data
        self.size = len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes ``[offset, offset + length)``."""
        return self.data[offset : offset + length]


def inflated(name: str, data: bytes) -> bytes:
    """The content of the gzip file ``data``, every member of it.

    Raises:
        TruncatedError, FormatError, LimitError: As `BytesSource`.
    """
    out = bytearray()
    rest = data
    while rest[:2] == GZIP_MAGIC:
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            try:
                out += unpacker.decompress(rest, _CHUNK_BYTES)
            except zlib.error as error:
                raise FormatError(
                    f"{name} is a damaged gzip file: {error}",
                    where=f"{name}, after {len(out)} unpacked bytes",
                    fix="fetch or pack the file again",
                ) from None
            rest = unpacker.unconsumed_tail
            if len(out) > MAX_INFLATED_BYTES:
                raise LimitError(
                    f"{name} is over {MAX_INFLATED_BYTES} bytes unpacked",
                    where=name,
                    fix="unpack it first (gunzip): the unpacked file is read in place",
                )
            if not rest and not unpacker.eof:
                tail = unpacker.decompress(b"", _CHUNK_BYTES)
                if not tail:
                    raise TruncatedError(
                        f"{name} is a gzip file that ends too early, at byte {len(data)}",
                        where=f"{name}, byte {len(data)}",
                        fix="fetch the file again; it is cut off",
                    )
                out += tail
        rest = unpacker.unused_data
    return bytes(out)
