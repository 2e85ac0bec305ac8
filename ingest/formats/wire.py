"""The wire form of protobuf, as much of it as a decoder of telemetry needs.

Written by hand instead of generated: three messages are read, the bounds against hostile bytes are ours (the
library parses all of a payload before it can be counted), and the service needs no further package.
Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_SIZES: Final = {FIXED64: 8, FIXED32: 4}
_VARINT_BYTES: Final = 10
_CONTINUES: Final = 0x80
_KEY_MAX: Final = 2**32 - 1
_UINT64: Final = 2**64 - 1

Pairs = list[tuple[int, int | bytes]]


class WireError(Exception):
    """The bytes are no protobuf; never leaves this package."""

    def __init__(self, *, found: str) -> None:
        super().__init__(found)


class TooManyFieldsError(Exception):
    """One payload has more fields than it may cost to read; never leaves this package."""

    def __init__(self, fields_max: int) -> None:
        super().__init__(f"more than {fields_max} fields")


def key(field: int, kind: int) -> int:
    """Return what stands before a field: its number and wire type in one."""
    return field << 3 | kind


class Reader:
    """Reads the messages of one payload, nested ones when asked to, and counts what that costs."""

    def __init__(self, fields_max: int) -> None:
        self._fields_max = fields_max
        self._left = fields_max

    def pairs(self, data: bytes) -> Pairs:
        """Return (key, value) of every field of one message in the order of the bytes.

        Args:
            data: the message.

        Raises:
            WireError: truncated, a field number that is none, or an unknown wire type (groups among them).
            TooManyFieldsError: the payload as a whole has too many.
        """
        left = self._left - 1  # a message costs something even when it is empty
        result: Pairs = []
        at, end = 0, len(data)
        try:
            while at < end:
                head, at = data[at], at + 1
                # Most keys, sizes and types are one byte: no call for those.
                if head >= _CONTINUES:
                    head, at = _long_varint(data, at - 1)
                kind = head & 7
                if kind == VARINT:
                    whole, at = data[at], at + 1
                    if whole >= _CONTINUES:
                        whole, at = _long_varint(data, at - 1)
                    result.append((head, whole))
                else:
                    start, at = _extent(data, at, kind)
                    result.append((head, data[start:at]))
                left -= 1
                if left < 0:
                    raise TooManyFieldsError(self._fields_max)
        except IndexError as error:
            raise WireError(found="a field that does not end") from error
        self._left = left
        return result


def check_kinds(found: dict[int, int | bytes], kinds: dict[int, int]) -> None:
    """Refuse fields whose wire type is not the one of their number; numbers that are not known may be any.

    Raises:
        WireError: another wire type, or the number 0 or beyond all numbers.
    """
    for head in found:
        if not 0 < head >> 3 <= _KEY_MAX >> 3 or kinds.get(head >> 3, head & 7) != head & 7:
            raise WireError(found=f"field {head >> 3} of wire type {head & 7}")


def _extent(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return (start, end) of a value that is not a varint."""
    if kind == BYTES:
        size, at = data[at], at + 1
        if size >= _CONTINUES:
            size, at = _long_varint(data, at - 1)
    elif kind in _SIZES:
        size = _SIZES[kind]
    else:
        raise WireError(found=f"wire type {kind}")
    if size > len(data) - at:
        raise WireError(found=f"a field of {size} bytes where {len(data) - at} are left")
    return at, at + size


def _long_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return (value below 2**64, position behind it)."""
    value = shift = 0
    for byte in data[at : at + _VARINT_BYTES]:
        at += 1
        if byte < _CONTINUES:
            return (value | byte << shift) & _UINT64, at
        value |= (byte & 0x7F) << shift
        shift += 7
    if at == len(data):
        raise WireError(found="a number that does not end")
    raise WireError(found=f"a number of more than {_VARINT_BYTES} bytes")


def encoded_varint(value: int) -> bytes:
    """Return an unsigned number as a varint."""
    result = bytearray()
    while value >= _CONTINUES:
        result.append(value & 0x7F | _CONTINUES)
        value >>= 7
    result.append(value)
    return bytes(result)


def encoded_number(field: int, value: int) -> bytes:
    """Return a field that holds an unsigned number."""
    return encoded_varint(key(field, VARINT)) + encoded_varint(value)


def encoded_bytes(field: int, value: bytes) -> bytes:
    """Return a field that holds bytes, a text or a message."""
    return encoded_varint(key(field, BYTES)) + encoded_varint(len(value)) + value
