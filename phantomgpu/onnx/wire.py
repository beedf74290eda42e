"""Protobuf wire format to fields, through a window that skips what nobody asks for.

The window is small where it lands behind a large skipped payload (one read per huge tensor) and
grows to megabytes where reads follow each other closely (one read per many medium tensors): a
browser pays 2-3 ms for a read, whatever its length.
"""

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from phantomgpu.errors import FormatError, LimitError, TruncatedError
from phantomgpu.onnx.limits import (
    MAX_ELEMENTS_LISTED,
    MAX_FIELDS,
    MAX_NAME_BYTES,
    MAX_TEXT_BYTES,
)
from phantomgpu.onnx.source import Source

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

_SMALL_BYTES = 16 * 1024
_LARGE_BYTES = 4 * 1024 * 1024
_NEAR_BYTES = 1024 * 1024
_VARINT_BYTES = 10
_HEADER_BYTES = 20  # a tag and a length, both as long as a varint can be

Field = tuple[int, int, int, int]
"""``(number, wire type, value or first byte, byte behind)``; numbers have their value third."""


class Walker:
    """Fields of the messages in a source, by byte range.

    Args:
        source: What is read.

    Attributes:
        bytes_read: How much was read of it.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.size = source.size
        self.bytes_read = 0
        self._data = b""
        self._start = 0
        self._window = _SMALL_BYTES
        self._fields = 0
        self._kept = 0
        self._elements = 0

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Each field of the message in bytes ``[start, stop)``.

        Raises:
            FormatError: Not protobuf, or a field that is longer than its message.
            TruncatedError: The source ends within the message.
        """
        if stop > self.size:
            raise self.truncated(stop)
        position = start
        while position < stop:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise self.too_much(f"over {MAX_FIELDS} protobuf fields", position)
            data = self._data
            here = at = position - self._start
            if at < 0 or at + _HEADER_BYTES > len(data):
                data, at = self._near(position, min(_HEADER_BYTES, stop - position))
                here = at
            # A varint inline: this loop is what reading a model costs.
            tag = data[at]
            at += 1
            if tag > 127:
                tag, at = _varint(data, at - 1)
            wire = tag & 7
            if wire in (BYTES, VARINT):
                value = data[at] if at < len(data) else -1
                if value > 127:
                    value, at = _varint(data, at)
                else:
                    at += 1
                if value < 0 or tag < 8:
                    raise self.damaged(position)
                position += at - here
                if wire == VARINT:
                    if position > stop:
                        raise self.damaged(position)
                    yield tag >> 3, wire, value, position
                    continue
                begin = position
                position += value
            else:
                width = 8 if wire == FIXED64 else 4
                if wire not in (FIXED64, FIXED32) or tag < 8:
                    raise self.damaged(position)
                begin = position + at - here
                position = begin + width
            if position > stop:
                raise self.truncated(position) if position > self.size else self.damaged(begin)
            yield tag >> 3, wire, begin, position

    def raw(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, counted against the limit for kept text."""
        self._kept += stop - start
        if self._kept > MAX_TEXT_BYTES:
            raise self.too_much(f"over {MAX_TEXT_BYTES} bytes of names and small constants", start)
        data, at = self._near(start, stop - start)
        return data[at : at + stop - start]

    def text(self, start: int, stop: int) -> str:
        """The string in bytes ``[start, stop)``; what is not UTF-8 is kept as escapes."""
        if stop - start > MAX_NAME_BYTES:
            raise self.too_much(f"a name of {stop - start} bytes", start)
        return self.raw(start, stop).decode("utf-8", "backslashreplace")

    def varints(self, start: int, stop: int) -> list[int]:
        """The packed numbers in bytes ``[start, stop)``, signed."""
        data = np.frombuffer(self.raw(start, stop), np.uint8)
        ends = np.flatnonzero(data < 128)
        self.count_elements(len(ends), start)
        if len(data) and (not len(ends) or ends[-1] != len(data) - 1):
            raise self.damaged(stop)
        begins = np.concatenate((ends[:0], [0], ends[:-1] + 1)) if len(ends) else ends
        widths = ends - begins + 1
        if len(ends) and widths.max() > _VARINT_BYTES:
            raise self.damaged(start)
        found = np.zeros(len(ends), np.uint64)
        for place in range(int(widths.max()) if len(ends) else 0):
            reaches = widths > place
            seven = (data[begins[reaches] + place] & 127).astype(np.uint64)
            found[reaches] |= seven << np.uint64(7 * place)
        return [int(value) for value in found.view(np.int64)]

    def count_elements(self, count: int, start: int) -> None:
        """Add to the numbers in lists, which are limited over the whole file.

        Raises:
            LimitError: They are more than the limit.
        """
        self._elements += count
        if self._elements > MAX_ELEMENTS_LISTED:
            raise self.too_much(f"over {MAX_ELEMENTS_LISTED} numbers in lists", start)

    def float32(self, start: int) -> float:
        """The 4-byte float at ``start``."""
        value: float = struct.unpack("<f", self.raw(start, start + 4))[0]
        return value

    def truncated(self, wanted: int) -> TruncatedError:
        """The error for a source that ends before byte ``wanted``."""
        return TruncatedError(
            f"{self.source.name} ends at byte {self.size}, its content goes on to byte {wanted}",
            where=f"{self.source.name}, byte {self.size}",
            fix="fetch or export the file again; it is cut off or damaged",
        )

    def damaged(self, position: int) -> FormatError:
        """The error for bytes that are no protobuf message."""
        return FormatError(
            f"{self.source.name} is no readable ONNX model: byte {position} is no protobuf field",
            where=f"{self.source.name}, byte {position}",
            fix="export the model again, as ONNX; the file is damaged or of another format",
        )

    def too_much(self, what: str, position: int) -> LimitError:
        """The error for content beyond the limits."""
        return LimitError(
            f"{self.source.name} has {what}",
            where=f"{self.source.name}, byte {position}",
            fix="the limits are in docs/reading-onnx.md; no exporter is known to reach them",
        )

    def _near(self, start: int, length: int) -> tuple[bytes, int]:
        """A buffer and where ``start`` is in it, with ``length`` bytes behind."""
        at = start - self._start
        if at >= 0 and at + length <= len(self._data):
            return self._data, at
        end = self._start + len(self._data)
        if start < self._start and self._data:  # a look back leaves the window where it is
            return self._read(start, length), 0
        near = start - end < _NEAR_BYTES
        self._window = min(self._window * 4, _LARGE_BYTES) if near and end else _SMALL_BYTES
        self._data = b""
        self._data = self._read(start, max(self._window, length), needed=length)
        self._start = start
        return self._data, 0

    def _read(self, start: int, length: int, *, needed: int = 0) -> bytes:
        length = min(length, self.size - start)
        data = self.source.read(start, length)
        if len(data) < min(length, needed or length):
            raise TruncatedError(
                f"{self.source.name} gave {len(data)} bytes at byte {start}, {length} were there",
                where=f"{self.source.name}, byte {start + len(data)}",
                fix="the file changed or the connection was cut while reading; try again",
            )
        self.bytes_read += len(data)
        return data


def signed(value: int) -> int:
    """A protobuf int64 or int32 as Python's int."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at ``at`` and the place behind it; -1 where there is none."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    return -1, at
