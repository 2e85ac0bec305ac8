"""PostgreSQL's binary COPY stream, read and written without an object per row: readings, and packed hours.

A packed hour holds the readings of one sensor in one UTC hour, a field per column, little endian. The length
of a field says how its n values are written, so every hour takes the shortest form that loses nothing:

- offset from the hour's start: n x u2 whole seconds, or n x u4 microseconds;
- value: 1 byte decimals d and then n x i2 or n x i4, meaning k / 10^d, or n x f8;
- flag and state: one i2 for all, or n x i2;
- delay (arrival less the time that the reading speaks of): n x i4 or n x i8 microseconds.

The fixed-point form is taken only where k / 10^d gives back the bits of every value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ints = NDArray[np.int64]
    Whole = np.int64 | int

# PostgreSQL counts microseconds from 2000-01-01 UTC.
_POSTGRES_EPOCH_US: Final = 946_684_800_000_000
_HEADER_BYTES: Final = 19  # signature, flags, length of an extension that follows
_HOUR_US: Final = 3_600_000_000
_SECOND_US: Final = 1_000_000
_DECIMALS_MAX: Final = 6
_READING_FIELDS: Final = 6
_PACK_FIELDS: Final = 8
# What encode_packs may need beside the values: counts, lengths, key.
_PACK_FRAME_BYTES: Final = 2 + _PACK_FIELDS * 4 + 4 + 8 + 4 + 1

BAD_STREAM: Final = -1

# Places of the fields in a packed hour's tuple, after the key; and of the columns beside the values.
_N_FIELD: Final = 2
_TIMES, _VALUES, _ARRIVALS = 0, 1, 4
_FLAGS: Final = 2
_STATES: Final = 3
_SHORT: Final = 2  # bytes
_LONG: Final = 4
_SHORT_MAX: Final = 32_767.0
_LONG_MAX: Final = 2_147_483_647.0


@kernel
def _big(stream: Bytes, at: Whole, size: Whole) -> Whole:
    """Return the signed big-endian integer of `size` bytes."""
    found = np.int64(np.int8(stream[at]))
    for i in range(1, size):
        found = (found << 8) | np.int64(stream[at + i])
    return found


@kernel
def _little(stream: Bytes, at: Whole, size: Whole) -> Whole:
    """Return the signed little-endian integer of `size` bytes."""
    found = np.int64(np.int8(stream[at + size - 1]))
    for i in range(size - 2, -1, -1):
        found = (found << 8) | np.int64(stream[at + i])
    return found


@kernel
def _put_big(stream: Bytes, at: Whole, size: Whole, number: Whole) -> Whole:
    """Write a big-endian integer; return the position after it."""
    for i in range(size):
        stream[at + i] = np.uint8((number >> (8 * (size - 1 - i))) & 0xFF)
    return at + size


@kernel
def _put_little(stream: Bytes, at: Whole, size: Whole, number: Whole) -> Whole:
    """Write a little-endian integer; return the position after it."""
    for i in range(size):
        stream[at + i] = np.uint8((number >> (8 * i)) & 0xFF)
    return at + size


@kernel
def _power(decimals: Whole) -> float:
    """Return 10^decimals, exactly."""
    power = 1.0
    for _ in range(decimals):
        power *= 10.0
    return power


@kernel
def _first_tuple(stream: Bytes) -> Whole:
    """Return where the first tuple begins; `BAD_STREAM` when the header is not whole."""
    if len(stream) < _HEADER_BYTES:
        return BAD_STREAM
    return _HEADER_BYTES + _big(stream, 15, 4)


@kernel
def parse_readings(stream: Bytes, columns: Ints) -> Whole:
    """Read tuples (sensor int4, ts, value float8, flag int2, state int2, received) of a COPY stream.

    Args:
        stream: the whole answer, shape (b,).
        columns: written; shape (6, r) with room for every tuple: sensor, ts (microseconds since 1970), bits
            of the value, flag, state, received (microseconds since 1970).

    Returns:
        The number of tuples; `BAD_STREAM` for a NULL, a field of another length or a stream cut short.
    """
    at = _first_tuple(stream)
    if at == BAD_STREAM:
        return BAD_STREAM
    sizes = (4, 8, 8, 2, 2, 8)
    row_bytes = 2 + 4 * _READING_FIELDS + 32
    count = 0
    while at + 2 <= len(stream):
        fields = _big(stream, at, 2)
        if fields == -1:
            return count
        if fields != _READING_FIELDS or at + row_bytes > len(stream) or count >= columns.shape[1]:
            return BAD_STREAM
        at += 2
        for field in range(_READING_FIELDS):
            size = sizes[field]
            if _big(stream, at, 4) != size:
                return BAD_STREAM
            number = _big(stream, at + 4, size)
            if field in (1, 5):
                number += _POSTGRES_EPOCH_US
            columns[field, count] = number
            at += 4 + size
        count += 1
    return BAD_STREAM


@kernel
def count_packs(stream: Bytes) -> tuple[Whole, Whole]:
    """Return how many packed hours a COPY stream holds, and how many readings in all.

    The fields are sensor int4, hour, n int4 and the five of the module's description. Both numbers are
    `BAD_STREAM` when the stream is cut short or has NULLs or other fields.
    """
    at = _first_tuple(stream)
    if at == BAD_STREAM:
        return BAD_STREAM, BAD_STREAM
    packs = 0
    readings: Whole = 0
    while at + 2 <= len(stream):
        fields = _big(stream, at, 2)
        if fields == -1:
            return packs, readings
        if fields != _PACK_FIELDS:
            return BAD_STREAM, BAD_STREAM
        at += 2
        for field in range(_PACK_FIELDS):
            if at + 4 > len(stream):
                return BAD_STREAM, BAD_STREAM
            size = _big(stream, at, 4)
            at += 4
            if size < 0 or at + size > len(stream):
                return BAD_STREAM, BAD_STREAM
            if field == _N_FIELD:
                readings += _big(stream, at, 4)
            at += size
        packs += 1
    return BAD_STREAM, BAD_STREAM


@kernel
def _decode_values(stream: Bytes, at: Whole, size: Whole, n: Whole, value: NDArray[np.float64]) -> bool:
    """Write n values; return whether the field's length has a meaning."""
    if size == 8 * n:
        bits = value.view(np.int64)
        for i in range(n):
            bits[i] = _little(stream, at + 8 * i, 8)
        return True
    width = (size - 1) // n if n > 0 else 0
    if size != 1 + width * n or width not in (_SHORT, _LONG) or stream[at] > _DECIMALS_MAX:
        return False
    power = _power(np.int64(stream[at]))
    if width == _SHORT:
        for i in range(n):
            value[i] = _little(stream, at + 1 + 2 * i, 2) / power
    else:
        for i in range(n):
            value[i] = _little(stream, at + 1 + 4 * i, 4) / power
    return True


@kernel
def _decode_times(stream: Bytes, at: Whole, size: Whole, n: Whole, hour: Whole, ts: Ints) -> bool:
    if size == 2 * n:
        for i in range(n):
            ts[i] = hour + (_little(stream, at + 2 * i, 2) & 0xFFFF) * _SECOND_US
        return True
    if size == 4 * n:
        for i in range(n):
            ts[i] = hour + (_little(stream, at + 4 * i, 4) & 0xFFFFFFFF)
        return True
    return False


@kernel
def _decode_marks(stream: Bytes, at: Whole, size: Whole, n: Whole, marks: Ints) -> bool:
    if size == _SHORT:
        marks[:n] = _little(stream, at, 2)
        return True
    if size != 2 * n:
        return False
    for i in range(n):
        marks[i] = _little(stream, at + 2 * i, 2)
    return True


@kernel
def _decode_arrivals(stream: Bytes, at: Whole, size: Whole, ts: Ints, received: Ints) -> bool:
    n = len(ts)
    if size == 4 * n:
        for i in range(n):
            received[i] = ts[i] + _little(stream, at + 4 * i, 4)
        return True
    if size == 8 * n:
        for i in range(n):
            received[i] = ts[i] + _little(stream, at + 8 * i, 8)
        return True
    return False


@kernel
def decode_packs(stream: Bytes, columns: Ints, value: NDArray[np.float64], keys: Ints) -> Whole:
    """Unpack the hours of a COPY stream that `count_packs` has looked through.

    Args:
        stream: the whole answer, shape (b,).
        columns: written; shape (5, r): sensor, ts, flag, state, received.
        value: written; shape (r,).
        keys: written; shape (3, p): sensor, hour, number of readings of each pack.

    Returns:
        The number of readings; `BAD_STREAM` for a field whose length has no meaning.
    """
    at = _first_tuple(stream)
    position: Whole = 0
    pack = 0
    while _big(stream, at, 2) != -1:
        at += 2
        sensor = _big(stream, at + 4, 4)
        hour = _big(stream, at + 12, 8) + _POSTGRES_EPOCH_US
        n = _big(stream, at + 24, 4)
        at += 28
        end = position + n
        if n < 1 or end > columns.shape[1]:
            return BAD_STREAM
        keys[0, pack], keys[1, pack], keys[2, pack] = sensor, hour, n
        columns[0, position:end] = sensor
        good = True
        for field in range(5):
            size = _big(stream, at, 4)
            at += 4
            if field == _TIMES:
                good &= _decode_times(stream, at, size, n, hour, columns[1, position:end])
            elif field == _VALUES:
                good &= _decode_values(stream, at, size, n, value[position:end])
            elif field == _ARRIVALS:
                ts = columns[1, position:end]
                good &= _decode_arrivals(stream, at, size, ts, columns[4, position:end])
            else:
                good &= _decode_marks(stream, at, size, n, columns[field, position:end])
            at += size
        if not good:
            return BAD_STREAM
        position = end
        pack += 1
    return position


@kernel
def _decimals(value: NDArray[np.float64], start: Whole, end: Whole) -> tuple[Whole, Whole]:
    """Return (decimals, bytes a value) of the shortest lossless fixed-point form; (-1, 8) for none."""
    bits = value.view(np.int64)
    again = np.empty(1)
    again_bits = again.view(np.int64)
    for decimals in range(_DECIMALS_MAX + 1):
        power = _power(decimals)
        width: Whole = _SHORT
        fits = True
        for i in range(start, end):
            k = np.rint(value[i] * power)
            if not abs(k) <= _LONG_MAX:
                return -1, 8
            again[0] = np.int64(k) / power
            if again_bits[0] != bits[i]:
                fits = False
                break
            if abs(k) > _SHORT_MAX:
                width = _LONG
        if fits:
            return decimals, width
    return -1, 8


@kernel
def pack_bytes_max(readings: Whole, packs: Whole) -> Whole:
    """Return how long a stream of so many readings in so many hours is at most."""
    return _HEADER_BYTES + packs * _PACK_FRAME_BYTES + readings * (4 + 8 + 2 + 2 + 8) + 2


@kernel
def encode_packs(columns: Ints, value: NDArray[np.float64], starts: Ints, stream: Bytes) -> Whole:
    """Write readings as a COPY stream of packed hours.

    Args:
        columns: shape (5, r): sensor, ts, flag, state, received; by sensor and time.
        value: shape (r,).
        starts: shape (p + 1,); readings starts[k]:starts[k + 1] are one sensor's in one hour, none is empty.
        stream: written; shape (`pack_bytes_max`,).

    Returns:
        The number of bytes.
    """
    signature = (80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0)
    for i in range(len(signature)):
        stream[i] = signature[i]
    stream[len(signature) : _HEADER_BYTES] = 0
    at: Whole = _HEADER_BYTES
    bits = value.view(np.int64)
    for pack in range(len(starts) - 1):
        start, end = starts[pack], starts[pack + 1]
        n = end - start
        hour = columns[1, start] - columns[1, start] % _HOUR_US
        whole_seconds = True
        short_delay = True
        one_flag = True
        one_state = True
        for i in range(start, end):
            whole_seconds &= (columns[1, i] - hour) % _SECOND_US == 0
            delay = columns[4, i] - columns[1, i]
            short_delay &= -(1 << 31) <= delay < (1 << 31)
            one_flag &= columns[2, i] == columns[2, start]
            one_state &= columns[3, i] == columns[3, start]
        at = _put_big(stream, at, 2, _PACK_FIELDS)
        at = _put_big(stream, at, 4, 4)
        at = _put_big(stream, at, 4, columns[0, start])
        at = _put_big(stream, at, 4, 8)
        at = _put_big(stream, at, 8, hour - _POSTGRES_EPOCH_US)
        at = _put_big(stream, at, 4, 4)
        at = _put_big(stream, at, 4, n)
        width: Whole = _SHORT if whole_seconds else _LONG
        unit = _SECOND_US if whole_seconds else 1
        at = _put_big(stream, at, 4, width * n)
        for i in range(start, end):
            at = _put_little(stream, at, width, (columns[1, i] - hour) // unit)
        decimals, width = _decimals(value, start, end)
        if decimals < 0:
            at = _put_big(stream, at, 4, 8 * n)
            for i in range(start, end):
                at = _put_little(stream, at, 8, bits[i])
        else:
            at = _put_big(stream, at, 4, 1 + width * n)
            at = _put_little(stream, at, 1, decimals)
            power = _power(decimals)
            for i in range(start, end):
                at = _put_little(stream, at, width, np.int64(np.rint(value[i] * power)))
        for column in (_FLAGS, _STATES):
            same = one_flag if column == _FLAGS else one_state
            count = 1 if same else n
            at = _put_big(stream, at, 4, 2 * count)
            for i in range(start, start + count):
                at = _put_little(stream, at, 2, columns[column, i])
        width = 4 if short_delay else 8
        at = _put_big(stream, at, 4, width * n)
        for i in range(start, end):
            at = _put_little(stream, at, width, columns[4, i] - columns[1, i])
    return _put_big(stream, at, 2, -1)
